//! What the quickstart prints, on standard output.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Stdout, Write as _};

use serde_json::Value;

/// Standard output, with emphasis where a person reads it.
#[derive(Debug)]
pub(super) struct Page {
    out: Stdout,
    colours: bool,
}

impl Page {
    pub(super) fn new() -> Self {
        let out = io::stdout();
        let colours = out.is_terminal() && std::env::vars_os().all(|(name, _)| name != "NO_COLOR");
        Self { out, colours }
    }

    /// The first line.
    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        let text = self.bold(text);
        writeln!(self.out, "{text}\n")
    }

    /// A name and what is said of it.
    pub(super) fn fact(&mut self, name: &str, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "  {name:<9} {text}")
    }

    /// The beginning of a step.
    pub(super) fn step(&mut self, number: u8, name: &str, text: &str) -> io::Result<()> {
        let name = self.bold(&format!("{number}  {name}"));
        writeln!(self.out, "\n{name}: {text}")
    }

    /// What was called.
    pub(super) fn call(&mut self, call: &str) -> io::Result<()> {
        let call = self.cyan(call);
        writeln!(self.out, "   {call}")
    }

    /// A short JSON text, on one line.
    pub(super) fn line(&mut self, json: &Value) -> io::Result<()> {
        let json = self.dim(&json.to_string());
        writeln!(self.out, "   {json}")
    }

    /// A JSON text, indented.
    pub(super) fn block(&mut self, json: &Value) -> io::Result<()> {
        for line in format!("{json:#}").lines() {
            writeln!(self.out, "   {line}")?;
        }
        Ok(())
    }

    /// Leaves a line free, and indents what is said next.
    pub(super) fn begin_words(&mut self) -> io::Result<()> {
        write!(self.out, "\n   ")?;
        self.out.flush()
    }

    /// Words as they arrive.
    pub(super) fn words(&mut self, words: &str) -> io::Result<()> {
        write!(self.out, "{}", words.replace('\n', "\n   "))?;
        self.out.flush()
    }

    /// The end of words.
    pub(super) fn end_words(&mut self) -> io::Result<()> {
        writeln!(self.out, "\n")
    }

    /// A remark.
    pub(super) fn note(&mut self, text: &str) -> io::Result<()> {
        let text = self.dim(text);
        writeln!(self.out, "   {text}")
    }

    /// A heading without a number.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.bold(text);
        writeln!(self.out, "\n{text}\n")
    }

    /// A command to copy, with what it does.
    pub(super) fn command(&mut self, about: &str, command: &str) -> io::Result<()> {
        if !about.is_empty() {
            let about = self.dim(&format!("# {about}"));
            writeln!(self.out, "{about}")?;
        }
        writeln!(self.out, "{command}\n")
    }

    /// The last line, or one in between.
    pub(super) fn plain(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    fn bold(&self, text: &str) -> String {
        self.styled("1", text)
    }

    fn cyan(&self, text: &str) -> String {
        self.styled("36", text)
    }

    fn dim(&self, text: &str) -> String {
        self.styled("2", text)
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
