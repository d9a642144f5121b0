use super::*;

#[test]
fn an_id_follows_from_the_name_alone() {
    let id = id_of(Kind::Models, "gpt-4o");
    assert_eq!(id.as_str(), "6efd592d-a73b-573d-8e2c-e9e103692f92");
    assert_ne!(id_of(Kind::ApiKeys, "gpt-4o"), id);
    assert_ne!(id_of(Kind::Models, "gpt-4O"), id);
}

#[test]
fn a_file_holds_every_kind_but_attachments_and_policies_of_tools() {
    let missing: Vec<_> =
        Kind::ALL.into_iter().filter(|kind| !COLLECTIONS.contains(kind)).collect();
    assert_eq!(missing, [Kind::GuardrailAttachments, Kind::McpPolicies]);
}

#[test]
fn a_file_refers_only_to_what_it_can_hold() {
    for kind in COLLECTIONS {
        for reference in references(kind) {
            assert!(COLLECTIONS.contains(&reference.to), "{kind} {reference:?}");
            assert_ne!(reference.by_name, reference.by_id);
        }
    }
}
