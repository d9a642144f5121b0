//! What the gateway logged.

use std::borrow::Cow;
use std::io;
use std::sync::{Mutex, Once, PoisonError};

use aisix_testing::wait;
use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static INSTALLED: Once = Once::new();

/// Starts to keep every line, at every level and of all threads.
pub fn keep() {
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("trace"))
            .with_ansi(false)
            .with_thread_names(true)
            .with_writer(|| Writer)
            .init();
    });
}

/// The access log's line about a request.
pub async fn access_line(request_id: &str) -> String {
    let id = format!("request_id=\"{request_id}\"");
    wait::some("a line in the access log", || {
        // From the end: other tests log a lot at the same time.
        let log = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = log.rsplit(|byte| *byte == b'\n').map(String::from_utf8_lossy);
        let of_access = |line: &Cow<'_, str>| line.contains("aisix::access") && line.contains(&id);
        lines.into_iter().find(of_access).map(Cow::into_owned)
    })
    .await
}

/// Everything so far of the threads that serve sockets.
pub fn of_workers() -> String {
    text().lines().filter(|line| line.contains("proxy-")).map(|line| format!("{line}\n")).collect()
}

/// Everything so far.
pub fn text() -> String {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8(lines.clone()).expect("log lines are UTF-8")
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
