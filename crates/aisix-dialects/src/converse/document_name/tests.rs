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
