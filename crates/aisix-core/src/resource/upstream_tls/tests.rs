use super::*;

/// A self-signed authority without any key that anybody kept.
const AUTHORITY: &str = include_str!("authority.pem");

#[test]
fn authorities_are_what_the_pem_holds() {
    let count = |pem: &str| CaCert::new(pem).authorities().map(|found| found.len());
    assert_eq!(count(AUTHORITY), Ok(1));
    assert_eq!(count(&format!("a comment\n{AUTHORITY}\n{AUTHORITY}")), Ok(2));
    for nothing in ["", "nonsense", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"]
    {
        assert_eq!(count(nothing), Err(NotACaCert::NotPem), "{nothing}");
    }
    let key = AUTHORITY.replace("CERTIFICATE", "PRIVATE KEY");
    assert_eq!(count(&key), Err(NotACaCert::NotPem));
    let garbage = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
    assert_eq!(count(garbage), Err(NotACaCert::NotX509));
    assert_eq!(count(&format!("{AUTHORITY}{garbage}")), Err(NotACaCert::NotX509));
}

#[test]
fn two_are_equal_if_their_texts_are() {
    assert_eq!(CaCert::new("a"), CaCert::new("a"));
    assert_ne!(CaCert::new("a"), CaCert::new("b"));
    assert_ne!(CaCert::new("a").digest(), CaCert::new("b").digest());
}
