use super::*;

fn page(documents: usize, bytes: usize) -> Vec<KeyValue> {
    let document = KeyValue { value: vec![b'x'; bytes].into(), ..KeyValue::default() };
    vec![document; documents]
}

#[test]
fn pages_of_large_documents_are_short_and_none_is_empty_or_endless() {
    for (documents, bytes, expected) in [
        (100, 0, PAGE),
        (100, 100, PAGE),
        (100, 8 << 10, 1024),
        (100, 5 << 20, 1),
        (1, 64 << 20, 1),
        (3, 4 << 20, 2),
    ] {
        assert_eq!(next_page(&page(documents, bytes)), expected, "{documents} of {bytes}");
    }
}
