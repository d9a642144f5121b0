//! The thread that owns the connection.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::sqlite::Sqlite;
use crate::engine::Engine;
use crate::source::StoreError;

type Job = Box<dyn FnOnce(&mut Engine<Sqlite>) + Send>;

/// A thread with an engine, and the queue of what it is asked to do.
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

enum Request {
    Run(Job),
    /// Whoever asked learns that it is done when this is dropped.
    Close {
        closed: oneshot::Sender<()>,
    },
}

impl Writer {
    /// Starts the thread; returns once it has opened its engine.
    pub(super) async fn start(
        path: &Path,
        open: impl FnOnce() -> Result<Engine<Sqlite>, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (requests, queue) = mpsc::channel();
        let (opened, outcome) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("aisix-store".to_owned())
            .spawn(move || match open() {
                Ok(engine) => {
                    if opened.send(Ok(())).is_ok() {
                        work(engine, &queue);
                    }
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            })
            .map_err(|error| StoreError::unavailable("cannot start the store's thread", error))?;
        let writer = Self { requests, thread: Some(thread), path: path.to_owned() };
        outcome.await.map_err(|_| writer.closed())??;
        Ok(writer)
    }

    /// Runs a job after all that were sent before it. It runs also where nobody awaits it any more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine<Sqlite>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |engine: &mut Engine<Sqlite>| {
            // Whoever asked may have left.
            let _ = answer.send(job(engine));
        });
        self.requests.send(Request::Run(job)).map_err(|_| self.closed())?;
        answered.await.map_err(|_| self.closed())?
    }

    /// Ends the thread's work after all that was sent before, and waits for its end.
    pub(super) async fn close(&self) {
        let (closed, waiting) = oneshot::channel();
        if self.requests.send(Request::Close { closed }).is_ok() {
            let _ = waiting.await;
        }
    }

    fn closed(&self) -> StoreError {
        let context = format!("the store {} is closed", self.path.display());
        StoreError::unavailable(context, std::io::Error::from(std::io::ErrorKind::NotConnected))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (closed, _) = oneshot::channel();
        // An error means that the thread ended before, and a panic of it was reported then.
        let _ = self.requests.send(Request::Close { closed });
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(mut engine: Engine<Sqlite>, queue: &mpsc::Receiver<Request>) {
    while let Ok(request) = queue.recv() {
        match request {
            Request::Run(job) => job(&mut engine),
            Request::Close { closed } => {
                drop(engine);
                drop(closed);
                return;
            }
        }
    }
}
