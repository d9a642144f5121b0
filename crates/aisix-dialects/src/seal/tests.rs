use super::may_be_foreign;

#[test]
fn a_mark_is_found_wherever_it_stands() {
    for body in ["aisix-seal:", "-aisix-seal:x", "aisix-aisix-seal:", "a-b--{\"aisix-seal:m:s\"}"] {
        assert!(may_be_foreign(body.as_bytes()), "{body}");
    }
}

#[test]
fn what_is_no_whole_mark_is_none() {
    for body in ["", "-", "-seal:", "aisix-seal", "aisix_seal:", "aisix-real:", "aisix--seal:"] {
        assert!(!may_be_foreign(body.as_bytes()), "{body}");
    }
}
