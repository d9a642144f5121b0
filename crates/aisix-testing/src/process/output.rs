//! What a process prints, read line by line on a thread for each stream.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Where a line was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// The lines so far, and the threads that read more.
#[derive(Debug)]
pub(super) struct Output {
    lines: Arc<Mutex<Vec<(Stream, String)>>>,
    readers: [JoinHandle<()>; 2],
}

impl Output {
    /// Starts to read from a child whose streams are pipes.
    pub(super) fn of(child: &mut Child) -> Self {
        let lines = Arc::default();
        let stdout = child.stdout.take().expect("a piped standard output");
        let stderr = child.stderr.take().expect("a piped standard error");
        let readers = [
            read(stdout, Stream::Stdout, Arc::clone(&lines)),
            read(stderr, Stream::Stderr, Arc::clone(&lines)),
        ];
        Self { lines, readers }
    }

    /// The lines so far of the wanted streams.
    pub(super) fn lines(&self, wanted: impl Fn(Stream) -> bool) -> Vec<String> {
        let lines = lock(&self.lines);
        lines.iter().filter(|(stream, _)| wanted(*stream)).map(|(_, line)| line.clone()).collect()
    }

    /// Everything so far, one line a line.
    pub(super) fn text(&self) -> String {
        self.lines(|_| true).join("\n")
    }

    /// Whether both streams have ended.
    pub(super) fn is_complete(&self) -> bool {
        self.readers.iter().all(JoinHandle::is_finished)
    }
}

fn read(
    from: impl Read + Send + 'static,
    stream: Stream,
    lines: Arc<Mutex<Vec<(Stream, String)>>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(length) if length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            lock(&lines).push((stream, text));
            line.clear();
        }
    })
}

/// A panic while the lock was held cannot have left a line half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
