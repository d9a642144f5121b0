//! The reviewed files of the dialects, as what callers send.

use std::fs;
use std::path::{Path, PathBuf};

use aisix_dialects::{
    ANTHROPIC_MESSAGES, CallerDialect, Dialect, OPENAI_CHAT, OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::Bytes;

/// The reviewed files of a dialect whose names end so.
pub fn golden(dialect: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aisix-dialects/golden");
    let files = fs::read_dir(folder.join(dialect)).expect("the folder is readable");
    let files = files.map(|file| file.expect("the folder is readable").path());
    let found: Vec<_> = files.filter(|file| file.to_string_lossy().ends_with(end)).collect();
    assert!(!found.is_empty(), "there are golden files of {dialect}");
    found
}

/// What an upstream received for a request.
#[derive(Debug)]
pub struct Written {
    /// Where the request stands.
    pub of: PathBuf,
    pub model: &'static str,
    pub body: Bytes,
}

/// What upstreams of this dialect receive for every reviewed request of every format that callers
/// speak, for each of these models.
pub fn received(dialect: &dyn Dialect, models: &[&'static str]) -> Vec<Written> {
    let callers: [&dyn CallerDialect; 3] = [&OPENAI_CHAT, &ANTHROPIC_MESSAGES, &OPENAI_RESPONSES];
    let mut all = Vec::new();
    for caller in callers {
        for of in golden(caller.id().0, ".request.json") {
            let body = Bytes::from(fs::read(&of).expect("the file is readable"));
            for model in models {
                let one = written(dialect, caller, body.clone(), model);
                all.extend(one.map(|one| Written { of: of.clone(), ..one }));
            }
        }
    }
    assert!(all.len() > 40, "{} requests", all.len());
    all
}

/// What an upstream of this dialect receives for a request; nothing where the format cannot say it,
/// and it is refused.
pub fn written(
    dialect: &dyn Dialect,
    caller: &dyn CallerDialect,
    request: Bytes,
    model: &'static str,
) -> Option<Written> {
    let mut request = caller.decode_request(request).expect("a request");
    let upstream = UpstreamRequest { model, stream: false };
    let body = dialect.encode_request(&mut request, &upstream).ok()?.body;
    Some(Written { of: PathBuf::new(), model, body })
}
