//! Which program asks, by its `User-Agent`.
//!
//! The table is ours: what callers send is looked up in it, and never becomes a label itself.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use regex::{Regex, RegexBuilder};

/// Programs, by what their lower-cased `User-Agent` contains; the first that fits.
const KNOWN: &[(&str, &[&str])] = &[
    ("claude-code", &["claude-cli", "claude-code"]),
    ("codex", &["codex"]),
    ("cline", &["cline"]),
    ("roo-code", &["roo-code", "roocode"]),
    ("kilocode", &["kilo-code", "kilocode"]),
    ("zoo-code", &["zoo-code", "zoocode"]),
    ("github-copilot", &["githubcopilot"]),
    ("cursor", &["cursor"]),
    ("opencode", &["opencode"]),
    ("qwen-code", &["qwencode"]),
    ("gemini-cli", &["geminicli"]),
    ("crush", &["charm-crush"]),
    ("zed", &["zed/"]),
    ("aider", &["aider"]),
    ("openai-python", &["openai-python", "openai/python"]),
    ("openai-node", &["openai-node", "openai/js"]),
    ("anthropic-python", &["anthropic-sdk-python", "anthropic/python"]),
    ("anthropic-typescript", &["anthropic-sdk-typescript", "anthropic/js"]),
    ("langchain", &["langchain"]),
    ("llamaindex", &["llama-index", "llama_index", "llamaindex"]),
    ("litellm", &["litellm"]),
    ("vercel-ai-sdk", &["ai-sdk/provider-utils"]),
    ("curl", &["curl"]),
    ("python-requests", &["python-requests"]),
    ("httpx", &["python-httpx", "httpx"]),
    ("aiohttp", &["aiohttp"]),
    ("okhttp", &["okhttp"]),
    ("go-http-client", &["go-http-client"]),
    ("node", &["node-fetch", "undici", "axios"]),
    ("postman", &["postmanruntime"]),
    ("browser", &["mozilla"]),
];

/// What asks without saying what it is.
const UNKNOWN: &str = "unknown";
/// What says something else.
const OTHER: &str = "other";

/// The most rules.
const MOST_RULES: usize = 64;
/// The longest pattern of a rule, in bytes.
const LONGEST_PATTERN: usize = 512;
/// The longest name that a rule gives, in bytes.
const LONGEST_NAME: usize = 64;
/// How much of a `User-Agent` is looked at, in bytes.
const LOOKED_AT: usize = 1024;
/// The most answers that are remembered.
const REMEMBERED: usize = 256;

/// What an operator calls programs, before the table that everybody has.
#[derive(Debug, Clone, Default)]
pub struct ClientRules(Vec<ClientRule>);

/// One rule.
#[derive(Debug, Clone)]
pub struct ClientRule {
    pattern: Regex,
    client: String,
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientRuleError {
    /// There are too many.
    #[error("there are {0}: no more than {MOST_RULES} are allowed")]
    TooMany(usize),
    /// The pattern is too long.
    #[error("pattern is longer than {LONGEST_PATTERN} bytes")]
    LongPattern,
    /// The pattern is none.
    #[error("pattern is not a regular expression: {0}")]
    Pattern(String),
    /// The name would not be a good label.
    #[error(
        "client must be at most {LONGEST_NAME} of a-z, 0-9 and ._-, and begin with a letter or digit"
    )]
    Client,
}

/// A program, as one of the names that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientType(u16);

/// The names that exist, and which `User-Agent` gets which.
pub(super) struct ClientTypes {
    rules: ClientRules,
    /// The names of the rules, then those that everybody has.
    names: Vec<Box<str>>,
    remembered: RwLock<HashMap<Box<[u8]>, ClientType>>,
}

impl ClientRule {
    /// A regular expression that is searched in the `User-Agent` whatever its case, and the name of
    /// what it finds.
    ///
    /// # Errors
    /// [`ClientRuleError`] says what is wrong with either.
    pub fn new(pattern: &str, client: &str) -> Result<Self, ClientRuleError> {
        if pattern.len() > LONGEST_PATTERN {
            return Err(ClientRuleError::LongPattern);
        }
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let named = client.bytes().next().is_some_and(good)
            && client.bytes().all(|byte| good(byte) || b"._-".contains(&byte));
        if !named || client.len() > LONGEST_NAME {
            return Err(ClientRuleError::Client);
        }
        let built = RegexBuilder::new(pattern).case_insensitive(true).build();
        let pattern = built.map_err(|wrong| {
            let text = wrong.to_string();
            let last = text.lines().next_back().unwrap_or_default().trim();
            ClientRuleError::Pattern(last.trim_start_matches("error: ").to_owned())
        })?;
        Ok(Self { pattern, client: client.to_owned() })
    }
}

impl ClientRules {
    /// Rules, of which the first that fits counts.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn new(rules: Vec<ClientRule>) -> Result<Self, ClientRuleError> {
        if rules.len() > MOST_RULES {
            return Err(ClientRuleError::TooMany(rules.len()));
        }
        Ok(Self(rules))
    }
}

impl ClientTypes {
    pub(super) fn new(rules: ClientRules) -> Self {
        let named = rules.0.iter().map(|rule| &*rule.client);
        let known = KNOWN.iter().map(|(name, _)| *name);
        let names = [UNKNOWN, OTHER].into_iter().chain(named).chain(known);
        let names = names.map(Into::into).collect();
        Self { rules, names, remembered: RwLock::default() }
    }

    pub(super) fn name(&self, client: ClientType) -> &str {
        self.names.get(usize::from(client.0)).map_or(UNKNOWN, |name| name)
    }

    /// Who sends this `User-Agent`.
    pub(super) fn of(&self, user_agent: Option<&[u8]>) -> ClientType {
        let Some(sent) = user_agent else {
            return self.named(UNKNOWN);
        };
        let sent = &sent[..sent.len().min(LOOKED_AT)];
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = remembered.get(sent) {
            return *client;
        }
        drop(remembered);
        let client = self.found(&String::from_utf8_lossy(sent));
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(sent.into(), client);
        client
    }

    fn found(&self, sent: &str) -> ClientType {
        if let Some(rule) = self.rules.0.iter().find(|rule| rule.pattern.is_match(sent)) {
            return self.named(&rule.client);
        }
        let sent = sent.to_lowercase();
        let known = KNOWN.iter().find(|(_, parts)| parts.iter().any(|part| sent.contains(part)));
        self.named(known.map_or(OTHER, |(name, _)| name))
    }

    fn named(&self, name: &str) -> ClientType {
        let place = self.names.iter().position(|known| **known == *name);
        ClientType(place.and_then(|place| place.try_into().ok()).unwrap_or_default())
    }
}

impl std::fmt::Debug for ClientTypes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientTypes").field("rules", &self.rules).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
