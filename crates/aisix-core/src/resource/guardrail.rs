//! Guardrails, and what they apply to.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::instant;
use super::kept::{Variant, read_variant};
use super::validity::{Findings, Problem};
use super::{Checked, Document, Invalid, Kind, Shape, Strictness};
use crate::id::Id;
use crate::secret::Secret;

/// What must not pass in requests and answers.
///
/// Which of the fields below `direction` a guardrail has follows from its `kind`; those of kinds
/// that are not described here are kept as they are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guardrail {
    /// A unique label; callers see it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub name: Arc<str>,
    /// How it judges.
    pub kind: GuardrailKind,
    /// Whether it applies; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
    /// What it judges; `both` unless set.
    #[serde(default)]
    pub hook_point: HookPoint,
    /// What it does; `block` unless set.
    #[serde(default)]
    pub enforcement_mode: EnforcementMode,
    /// Whether requests pass where its service cannot be reached; true unless set.
    #[serde(default = "super::yes")]
    pub fail_open: bool,
    /// Whether a failure of its service blocks, whatever `fail_open` says.
    #[serde(default)]
    pub mandatory: bool,
    /// Its place in the order, oldest first; those without one come last.
    #[serde(default, deserialize_with = "instant::optional")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub created_at: Option<Timestamp>,
    /// Without effect.
    pub direction: Option<String>,
    /// `keyword`: what must not occur; an empty list finds nothing.
    #[serde(default)]
    pub patterns: Vec<KeywordPattern>,
    /// `pii`: what is looked for.
    #[serde(default)]
    pub detectors: Vec<Detector>,
    /// `pii`: what else is looked for, after the detectors.
    #[serde(default)]
    pub custom_patterns: Vec<CustomPattern>,
    /// `pii`: what is done with a finding; `mask` unless set.
    #[serde(default)]
    pub default_action: PiiAction,
    /// `pii`: the most bytes of a stream that are held back, at least 1; 262144 unless set.
    #[serde(default = "quarter_mebibyte")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub max_buffer_bytes: u64,
    /// `pii`: what happens where that is not enough; `fail_closed` unless set.
    #[serde(default)]
    pub on_buffer_exceeded: OnBufferExceeded,
    /// `openai_moderation`: the credential; shown as `***`.
    pub api_key: Option<Secret>,
    /// `openai_moderation`: base URL; `https://api.openai.com/v1` unless set.
    pub endpoint: Option<String>,
    /// `openai_moderation`: the model; `omni-moderation-latest` unless set.
    pub model: Option<String>,
    /// `openai_moderation`: from which score on a category blocks; where there is none, the
    /// service decides.
    #[serde(default)]
    pub category_thresholds: BTreeMap<String, f64>,
    /// `openai_moderation`: deadline in milliseconds; 5000 unless set.
    #[serde(default = "five_seconds")]
    pub timeout_ms: u64,
    /// `openai_moderation`: whether answers pass where the service cannot be reached.
    #[serde(default)]
    pub output_fail_open: bool,
}

/// How a guardrail judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GuardrailKind {
    /// By words and regular expressions.
    Keyword,
    /// By personal data.
    Pii,
    /// Asks OpenAI's moderation endpoint.
    OpenaiModeration,
    /// Asks Amazon Bedrock.
    Bedrock,
    /// Asks Azure's prompt shield.
    AzureContentSafety,
    /// Asks Azure's text moderation.
    AzureContentSafetyTextModeration,
    /// Asks Alibaba Cloud's text moderation.
    AliyunTextModeration,
    /// Asks Alibaba Cloud's AI guardrail.
    AliyunAiGuardrail,
    /// Asks Lakera.
    Lakera,
    /// Asks Presidio.
    Presidio,
    /// By likeness to examples.
    Semantic,
}

/// What a guardrail judges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HookPoint {
    /// Requests.
    Input,
    /// Answers.
    Output,
    /// Both.
    #[default]
    Both,
}

/// What a guardrail does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EnforcementMode {
    /// It blocks or masks.
    #[default]
    Block,
    /// It records what it would have done.
    Monitor,
}

/// Something that must not occur.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeywordPattern {
    /// How it is written.
    pub kind: PatternKind,
    /// What it is.
    pub value: String,
}

/// How a pattern is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// A text that occurs anywhere, in any case.
    Literal,
    /// A regular expression.
    Regex,
}

/// Personal data to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Detector {
    /// Which.
    #[serde(rename = "type")]
    pub detector: DetectorType,
    /// What is done with a finding; `default_action` unless set.
    pub action: Option<PiiAction>,
}

/// Personal data that can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DetectorType {
    /// Mail addresses.
    Email,
    /// Chinese mobile numbers.
    ChinaMobile,
    /// Chinese identity numbers.
    ChinaIdCard,
    /// Numbers of bank cards.
    BankCard,
    /// Social security numbers of the United States.
    UsSsn,
    /// IPv4 addresses.
    IpAddress,
    /// Tokens of common vendors.
    ApiKey,
    /// JSON web tokens.
    Jwt,
    /// PEM blocks of private keys.
    PrivateKey,
}

/// A regular expression to look for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomPattern {
    /// What a finding is called, 1 to 64 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    pub name: String,
    /// The expression; of one with a group, only the first group is masked.
    pub regex: String,
    /// What is done with a finding; `default_action` unless set.
    pub action: Option<PiiAction>,
    /// What a mask writes in its place, at most 256 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub replacement: Option<String>,
}

/// What is done with personal data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PiiAction {
    /// It is replaced.
    #[default]
    Mask,
    /// The request or answer is refused.
    Block,
}

/// What happens to a stream of which too much would have to be held back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnBufferExceeded {
    /// It is refused.
    #[default]
    FailClosed,
    /// It passes.
    FailOpen,
}

/// What a guardrail applies to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GuardrailAttachment {
    /// The id of the guardrail.
    pub guardrail_id: Id,
    /// What `scope_id` names.
    pub scope_type: AttachmentScope,
    /// The id of the resource that the guardrail applies to; none for `env`.
    pub scope_id: Option<String>,
    /// Higher goes first; 0 unless set.
    #[serde(default)]
    pub priority: i64,
    /// Whether it counts; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
    /// Without effect.
    pub env_id: Option<String>,
}

/// What a guardrail can be attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentScope {
    /// Everything.
    Env,
    /// A model.
    Model,
    /// A server of tools.
    McpServer,
    /// An API key.
    ApiKey,
    /// A team.
    Team,
    /// A passthrough route.
    PassthroughRoute,
}

fn quarter_mebibyte() -> u64 {
    262_144
}

fn five_seconds() -> u64 {
    5000
}

/// A form of which this version knows no more than what must be there.
const fn open(name: &'static str, required: &'static [&'static str]) -> Variant {
    Variant { name, required, optional: None }
}

const BY_KIND: [Variant; 11] = [
    Variant { name: "keyword", required: &["patterns"], optional: Some(&[]) },
    Variant {
        name: "pii",
        required: &[],
        optional: Some(&[
            "detectors",
            "custom_patterns",
            "default_action",
            "max_buffer_bytes",
            "on_buffer_exceeded",
        ]),
    },
    Variant {
        name: "openai_moderation",
        required: &["api_key"],
        optional: Some(&[
            "endpoint",
            "model",
            "category_thresholds",
            "timeout_ms",
            "output_fail_open",
        ]),
    },
    open(
        "bedrock",
        &["guardrail_id", "guardrail_version", "region", "aws_credentials", "latency_mode"],
    ),
    open("azure_content_safety", &["endpoint", "api_key"]),
    open("azure_content_safety_text_moderation", &["endpoint", "api_key"]),
    open("aliyun_text_moderation", &["region", "access_key_id", "access_key_secret"]),
    open("aliyun_ai_guardrail", &["region", "access_key_id", "access_key_secret"]),
    open("lakera", &["api_key"]),
    open("presidio", &["analyzer_url", "anonymizer_url"]),
    open("semantic", &["categories"]),
];

impl Shape for Guardrail {
    const KIND: Kind = Kind::Guardrails;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn read(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        read_variant(document, strictness, &BY_KIND)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        if let Some(key) = &self.api_key {
            findings.not_empty(key.expose(), "api_key");
        }
        findings.require(self.max_buffer_bytes > 0, "max_buffer_bytes", "must be 1 or more");
        for (index, pattern) in self.custom_patterns.iter().enumerate() {
            let at = |field| format!("custom_patterns[{index}].{field}");
            findings.not_empty(&pattern.name, &at("name"));
            findings.at_most(&pattern.name, 64, &at("name"));
            let replacement = pattern.replacement.as_deref().unwrap_or_default();
            findings.at_most(replacement, 256, &at("replacement"));
        }
        findings.into_problems()
    }
}

impl Shape for GuardrailAttachment {
    const KIND: Kind = Kind::GuardrailAttachments;

    fn name(&self) -> Option<&Arc<str>> {
        None
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        findings.not_empty(self.guardrail_id.as_str(), "guardrail_id");
        let env = self.scope_type == AttachmentScope::Env;
        findings.require(
            env || self.scope_id.as_deref().is_some_and(|id| !id.is_empty()),
            "scope_id",
            "is required, unless scope_type is env",
        );
        findings.into_problems()
    }
}
