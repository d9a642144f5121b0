//! What `/livez` and `/readyz` answer, on whichever listener they are asked.
//!
//! Plain text, `Content-Type: text/plain; charset=utf-8`. A failing probe always says which check
//! failed; one that passes says more than `ok` only when asked (`?verbose`).

#[cfg(test)]
mod tests;

use http::StatusCode;

use crate::handle::Readiness;

/// The content type of every answer.
pub const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// One line of an answer: its name, and why it failed if it did.
struct Check {
    name: &'static str,
    failure: Option<&'static str>,
}

/// `/livez`: fails from the beginning of shutdown on.
#[must_use]
pub fn livez(readiness: Readiness, verbose: bool) -> (StatusCode, String) {
    let ping = check("ping", true, "");
    let shutdown = check("shutdown", !readiness.draining, "reason withheld");
    report("livez", &[ping, shutdown], verbose)
}

/// `/readyz`: fails from the beginning of shutdown on, and before the first configuration.
#[must_use]
pub fn readyz(readiness: Readiness, verbose: bool) -> (StatusCode, String) {
    let shutdown = check("shutdown", !readiness.draining, "draining");
    let config = check("config", readiness.configured, "not ready");
    report("readyz", &[shutdown, config], verbose)
}

/// Whether the query string asks for every line: the key `verbose` is enough.
#[must_use]
pub fn is_verbose(query: Option<&str>) -> bool {
    let mut pairs = query.unwrap_or_default().split('&');
    pairs.any(|pair| pair.split('=').next() == Some("verbose"))
}

fn check(name: &'static str, passes: bool, failure: &'static str) -> Check {
    let failure = (!passes).then_some(failure);
    Check { name, failure }
}

fn report(probe: &str, checks: &[Check], verbose: bool) -> (StatusCode, String) {
    let passes = checks.iter().all(|check| check.failure.is_none());
    if passes && !verbose {
        return (StatusCode::OK, "ok".to_owned());
    }
    let mut text = String::new();
    for Check { name, failure } in checks {
        match failure {
            None => text.push_str(&format!("[+]{name} ok\n")),
            Some(why) => text.push_str(&format!("[-]{name} failed: {why}\n")),
        }
    }
    if passes {
        text.push_str(&format!("{probe} check passed\n"));
        (StatusCode::OK, text)
    } else {
        text.push_str(&format!("{probe} check failed"));
        (StatusCode::SERVICE_UNAVAILABLE, text)
    }
}
