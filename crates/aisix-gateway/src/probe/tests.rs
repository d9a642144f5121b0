use super::{is_verbose, livez, readyz};
use crate::handle::Readiness;

const SERVING: Readiness = Readiness { draining: false, configured: true };
const STARTING: Readiness = Readiness { draining: false, configured: false };
const DRAINING: Readiness = Readiness { draining: true, configured: true };

fn check((status, text): (http::StatusCode, String), expected: u16, lines: &str) {
    assert_eq!((status.as_u16(), text.as_str()), (expected, lines));
}

#[test]
fn a_serving_gateway_says_ok_and_more_only_when_asked() {
    check(livez(SERVING, false), 200, "ok");
    check(readyz(SERVING, false), 200, "ok");
    check(livez(SERVING, true), 200, "[+]ping ok\n[+]shutdown ok\nlivez check passed\n");
    check(readyz(SERVING, true), 200, "[+]shutdown ok\n[+]config ok\nreadyz check passed\n");
}

#[test]
fn a_gateway_without_configuration_lives_but_is_not_ready() {
    check(livez(STARTING, false), 200, "ok");
    check(
        readyz(STARTING, false),
        503,
        "[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed",
    );
}

#[test]
fn a_draining_gateway_fails_both_probes_and_says_why() {
    check(
        livez(DRAINING, false),
        503,
        "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed",
    );
    check(
        readyz(DRAINING, true),
        503,
        "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed",
    );
}

#[test]
fn the_key_verbose_suffices() {
    for query in ["verbose", "verbose=", "verbose=0", "a=b&verbose"] {
        assert!(is_verbose(Some(query)), "{query}");
    }
    for query in ["", "verbosely", "a=verbose"] {
        assert!(!is_verbose(Some(query)), "{query}");
    }
    assert!(!is_verbose(None));
}
