//! Running a program in a directory of its own, as a user would.
//!
//! ```no_run
//! use aisix_testing::Program;
//!
//! # async fn example() {
//! let program = Program::aisix().arg("--config").arg("config.yaml");
//! program.write("config.yaml", "proxy: {addr: '127.0.0.1:0'}\n");
//! let mut gateway = program.start();
//! gateway.line_with("listening").await;
//! gateway.kill();
//! gateway.exited().await;
//! let mut again = program.start(); // the same directory, with what the first run left in it
//! # again.terminate();
//! # }
//! ```

mod output;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use self::output::Output;
use crate::wait;

/// The variable that holds the path of the gateway's binary.
const BINARY: &str = "AISIX_TEST_BIN";

/// A program with its arguments, environment and working directory. It may be started again and
/// again: the directory, temporary and empty at first, is the same each time and is removed with
/// the last clone and the last process.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    directory: Arc<TempDir>,
}

/// A program that runs. Dropping it kills it; if the test is failing, its output is printed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: Output,
    /// Kept, so that the directory outlives the process.
    program: Program,
}

impl Program {
    /// The gateway's binary, the one that `cargo xtask test` has built.
    ///
    /// # Panics
    ///
    /// When `AISIX_TEST_BIN` is not set.
    #[must_use]
    pub fn aisix() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
        let path = std::env::var_os(BINARY);
        Self::gateway(path)
    }

    fn gateway(path: Option<OsString>) -> Self {
        Self::at(path.unwrap_or_else(|| {
            panic!("{BINARY} is not set, so there is no gateway to test: run `cargo xtask test`")
        }))
    }

    /// Any program.
    ///
    /// # Panics
    ///
    /// When no temporary directory can be made.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let directory = TempDir::with_prefix("aisix-test-").expect("a temporary directory");
        Self {
            path: path.into(),
            args: Vec::new(),
            variables: Vec::new(),
            directory: Arc::new(directory),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Sets an environment variable. The rest of the environment is inherited, but for `AISIX_*`
    /// and the variables of proxies.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The working directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file into the working directory and returns its path.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory().join(name);
        std::fs::write(&path, contents).expect("a file in a temporary directory");
        path
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use = "dropping a process kills it"]
    pub fn start(&self) -> Process {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            let proxy = name.as_encoded_bytes().to_ascii_lowercase().ends_with(b"_proxy");
            if proxy || name.as_encoded_bytes().starts_with(b"AISIX_") {
                command.env_remove(name);
            }
        }
        command.args(&self.args).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.directory()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.path.display()));
        let output = Output::of(&mut child);
        Process { child, output, program: self.clone() }
    }
}

impl Process {
    /// Its working directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.program.directory()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The lines printed so far to either stream, in order of arrival.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.output.lines(|_| true)
    }

    /// The lines printed so far to standard output.
    #[must_use]
    pub fn stdout(&self) -> Vec<String> {
        self.output.lines(|stream| stream == output::Stream::Stdout)
    }

    /// The lines printed so far to standard error.
    #[must_use]
    pub fn stderr(&self) -> Vec<String> {
        self.output.lines(|stream| stream == output::Stream::Stderr)
    }

    /// Waits for the first line, on either stream, that contains `part`.
    ///
    /// # Panics
    ///
    /// When the process ends without such a line, or none comes within [`wait::DEADLINE`]; the
    /// message shows what it printed.
    pub async fn line_with(&mut self, part: &str) -> String {
        self.line_where(part, |line| line.contains(part)).await
    }

    /// Waits for the first line, on either stream, that `matches`; `what` describes it.
    ///
    /// # Panics
    ///
    /// As [`line_with`](Self::line_with).
    pub async fn line_where(&mut self, what: &str, matches: impl Fn(&str) -> bool) -> String {
        let searching = || {
            // Asked first: when nothing more can come, the look at the lines is the last one.
            let over = self.output.is_complete();
            let found = self.output.lines(|_| true).into_iter().find(|line| matches(line));
            assert!(
                found.is_some() || !over,
                "the process ended without printing \"{what}\", but:\n{}",
                self.output.text()
            );
            found
        };
        wait::some(&format!("the process to print \"{what}\""), searching).await
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Interrupts it, as Ctrl-C does (SIGINT).
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Asks it to read its files again (SIGHUP).
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Kills it on the spot (SIGKILL).
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Stops it where it is, until [`resume`](Self::resume) (SIGSTOP).
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether it still runs.
    ///
    /// # Panics
    ///
    /// When the system does not say.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of this process").is_none()
    }

    /// Waits until it has ended and all that it printed has been read.
    ///
    /// # Panics
    ///
    /// When it still runs after [`wait::DEADLINE`].
    pub async fn exited(&mut self) -> ExitStatus {
        let Self { child, output, .. } = self;
        wait::some("the process to end", || {
            let status = child.try_wait().expect("a child of this process")?;
            output.is_complete().then_some(status)
        })
        .await
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.child);
        // Fails only where the process has ended already, which the caller learns from its status.
        let _ = kill_process(id, signal);
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "a failing test shows what its process said")]
    fn drop(&mut self) {
        // Both fail only where the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{} printed:\n{}", self.program.path.display(), self.output.text());
        }
    }
}

/// A loopback port that was free just now, for a program that must be told its port. Where the
/// program can listen on port 0, that is better, because nobody else can take the port in between.
///
/// # Panics
///
/// When the system has no port.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
    listener.local_addr().expect("a bound socket has an address").port()
}
