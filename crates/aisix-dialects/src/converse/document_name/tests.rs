use super::Names;

#[track_caller]
fn check(wanted: &str, given: &str) {
    assert_eq!(Names::default().give(Some(wanted)), given);
}

#[test]
fn a_name_keeps_what_the_format_permits() {
    check("report.pdf", "report");
    check("Q3 report (final) [v2].docx", "Q3 report (final) [v2]");
    check("a_b/c\u{fc}.txt", "a-b-c-");
    check("two  blanks\tand a tab", "two blanks and a tab");
    check("version 1.2345 of it", "version 1-2345 of it");
    check(".pdf", "-pdf");
    check(&"x".repeat(300), &"x".repeat(190));
}

#[test]
fn a_document_without_a_usable_name_is_called_a_document() {
    for wanted in [None, Some(""), Some(" "), Some("???")] {
        assert_eq!(Names::default().give(wanted), "document");
    }
}

#[test]
fn no_two_documents_have_one_name() {
    let mut names = Names::default();
    let given = [Some("a.pdf"), Some("a.txt"), None, Some("a"), None].map(|name| names.give(name));
    assert_eq!(given, ["a", "a 2", "document", "a 3", "document 2"]);
}

#[test]
fn a_name_that_looks_numbered_is_told_from_one_that_is() {
    let mut names = Names::default();
    let given = ["a 2", "a", "a", "a 2"].map(|name| names.give(Some(name)));
    assert_eq!(given, ["a 2", "a", "a 3", "a 2 2"]);
}

#[test]
fn a_hundred_thousand_documents_of_one_name_are_told_apart_at_once() {
    let mut names = Names::default();
    let last = (0..100_000).map(|_| names.give(Some("a.pdf"))).last();
    assert_eq!(last.as_deref(), Some("a 100000"));
}
