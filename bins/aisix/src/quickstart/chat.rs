//! The two requests that the quickstart sends as a caller.

use anyhow::Context as _;
use http::Method;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::client::Client;
use super::page::Page;
use super::setup::ALIAS;

const PATH: &str = "/v1/chat/completions";

/// One request, one answer.
pub(super) async fn whole(caller: &Client, page: &mut Page) -> anyhow::Result<()> {
    let request = json!({
        "model": ALIAS,
        "messages": [{"role": "user", "content": "Hello from AISIX."}],
    });
    page.call(&format!("POST {PATH}"))?;
    page.line(&request)?;
    let answer = caller.call(Method::POST, PATH, Some(&request)).await?;
    page.call("200 OK")?;
    page.block(&answer)?;
    Ok(())
}

/// One request, the answer word by word as it arrives.
pub(super) async fn streamed(caller: &Client, page: &mut Page) -> anyhow::Result<()> {
    let request = json!({
        "model": ALIAS,
        "messages": [{"role": "user", "content": "Hello again, word by word."}],
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    page.call(&format!("POST {PATH}"))?;
    page.line(&request)?;
    let mut body = caller.open(Method::POST, PATH, Some(&request)).await?.into_body();
    page.call("200 OK")?;
    page.begin_words()?;
    let mut stream = Stream::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the stream broke off")?;
        if let Some(bytes) = frame.data_ref() {
            stream.push(bytes, |words| page.words(words))?;
        }
    }
    page.end_words()?;
    page.note(&stream.summary()?)?;
    Ok(())
}

/// The events of a stream so far.
#[derive(Debug, Default)]
struct Stream {
    unread: Vec<u8>,
    chunks: usize,
    usage: Value,
    done: bool,
}

impl Stream {
    fn push(
        &mut self,
        bytes: &[u8],
        mut say: impl FnMut(&str) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let Some(data) = line.trim_end().strip_prefix("data: ") else { continue };
            if data == "[DONE]" {
                self.done = true;
                continue;
            }
            let chunk: Value = serde_json::from_str(data).context("an event that is no JSON")?;
            self.chunks += 1;
            if let Some(words) = chunk["choices"][0]["delta"]["content"].as_str() {
                say(words)?;
            }
            if chunk["usage"].is_object() {
                self.usage = chunk["usage"].clone();
            }
        }
        Ok(())
    }

    fn summary(&self) -> anyhow::Result<String> {
        anyhow::ensure!(self.done, "the stream ended without [DONE]");
        let tokens = |name: &str| self.usage[name].as_u64().unwrap_or_default();
        Ok(format!(
            "{} events, then [DONE]; {} tokens in, {} out",
            self.chunks,
            tokens("prompt_tokens"),
            tokens("completion_tokens")
        ))
    }
}
