//! Real providers that the quickstart can call instead of the stand-in.

use aisix_core::Secret;
use anyhow::bail;

/// A provider whose API is OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Vendor {
    /// OpenAI; the key is in OPENAI_API_KEY.
    Openai,
    /// DeepSeek; the key is in DEEPSEEK_API_KEY.
    Deepseek,
    /// Google Gemini; the key is in GEMINI_API_KEY.
    Gemini,
    /// Groq; the key is in GROQ_API_KEY.
    Groq,
    /// Mistral; the key is in MISTRAL_API_KEY.
    Mistral,
    /// OpenRouter; the key is in OPENROUTER_API_KEY.
    Openrouter,
}

/// What is known of a vendor. Bases and variables are those of its own documentation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) variable: &'static str,
    pub(super) api_base: &'static str,
    /// A small model, which `--model` replaces.
    pub(super) model: &'static str,
}

impl Vendor {
    /// What is known of it.
    pub(super) const fn facts(self) -> Facts {
        let (name, variable, api_base, model) = match self {
            Self::Openai => {
                ("openai", "OPENAI_API_KEY", "https://api.openai.com/v1", "gpt-4o-mini")
            }
            Self::Deepseek => {
                ("deepseek", "DEEPSEEK_API_KEY", "https://api.deepseek.com", "deepseek-chat")
            }
            Self::Gemini => (
                "gemini",
                "GEMINI_API_KEY",
                "https://generativelanguage.googleapis.com/v1beta/openai",
                "gemini-2.5-flash",
            ),
            Self::Groq => {
                ("groq", "GROQ_API_KEY", "https://api.groq.com/openai/v1", "llama-3.1-8b-instant")
            }
            Self::Mistral => {
                ("mistral", "MISTRAL_API_KEY", "https://api.mistral.ai/v1", "mistral-small-latest")
            }
            Self::Openrouter => (
                "openrouter",
                "OPENROUTER_API_KEY",
                "https://openrouter.ai/api/v1",
                "openai/gpt-4o-mini",
            ),
        };
        Facts { name, variable, api_base, model }
    }

    /// The credential, from the usual variable.
    ///
    /// # Errors
    /// Where the variable is missing or blank.
    pub(super) fn credential(self) -> anyhow::Result<Secret> {
        let Facts { name, variable, .. } = self.facts();
        #[expect(clippy::disallowed_methods, reason = "the program is what reads the environment")]
        let value = std::env::var(variable).unwrap_or_default();
        if value.trim().is_empty() {
            bail!("--provider {name} needs its API key in the variable {variable}");
        }
        Ok(Secret::new(value.trim()))
    }
}
