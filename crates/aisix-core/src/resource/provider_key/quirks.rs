//! How a vendor differs from its family: data, not code.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::super::Strictness;
use super::super::validity::Findings;
use super::header_name::{self, HeaderPattern};
use super::header_template::{HeaderTemplate, HeaderVariable};
use crate::secret::{MASK, Secret};

/// How requests to a vendor differ from its family's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RequestQuirks {
    /// Top-level body fields to rename, each with its new name; a field that has the new name
    /// already gives way.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub param_renames: BTreeMap<String, String>,
    /// Bounds that numbers are brought within.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param_constraints: Option<TemperatureRange>,
    /// Headers added where the gateway sets none; values may hold `${variables}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub default_headers: BTreeMap<String, HeaderTemplate>,
    /// Headers of the caller's that are copied upstream where nobody else sets them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forward_client_headers: Vec<HeaderPattern>,
    /// Top-level body fields added where absent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub default_body_fields: BTreeMap<String, BodyField>,
    /// Whether the vendor has OpenAI's `/responses`; where it does not, such requests are
    /// translated to chat completions. Absent: what is known of the vendor in `provider` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responses_endpoint: Option<bool>,
}

/// A default body field: a text may be a credential and is shown masked, anything else in clear.
#[derive(Clone, PartialEq)]
pub struct BodyField {
    json: Secret,
    text: Option<Secret>,
}

impl BodyField {
    /// The field's value as JSON text, for the upstream body.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.expose()
    }

    /// The value where it is a text: it may be a credential.
    #[must_use]
    pub fn text(&self) -> Option<&Secret> {
        self.text.as_ref()
    }
}

impl Serialize for BodyField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.text {
            Some(_) => serializer.serialize_str(MASK),
            None => serde_json::from_str::<&RawValue>(self.json())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for BodyField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let json = Secret::new(value.to_string());
        let text = match value {
            serde_json::Value::String(text) => Some(Secret::new(text)),
            _ => None,
        };
        Ok(Self { json, text })
    }
}

impl fmt::Debug for BodyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyField(..)")
    }
}

/// Bounds of the sampling temperature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TemperatureRange {
    /// Lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_min: Option<f64>,
    /// Upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_max: Option<f64>,
}

impl TemperatureRange {
    /// The temperature within the bounds: the upper one is applied first, so that the lower one
    /// wins where they contradict each other.
    #[must_use]
    pub fn clamp(self, temperature: f64) -> f64 {
        let lowered = self.temperature_max.map_or(temperature, |most| temperature.min(most));
        self.temperature_min.map_or(lowered, |least| lowered.max(least))
    }
}

/// How answers of a vendor differ from its family's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ResponseQuirks {
    /// Whether streams end with `data: [DONE]`; a stream that does otherwise is noted in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_done_marker: Option<DoneMarker>,
    /// Whether lists of text parts are flattened before they are sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub content_list_to_string: bool,
    /// Path of the reasoning text within a chunk, such as `delta.thinking.text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_field: Option<String>,
    /// Path of the error object; stored, without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_envelope: Option<String>,
}

/// What to expect of `data: [DONE]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DoneMarker {
    /// Its absence is noted.
    Required,
    /// It may come or not.
    Optional,
    /// Its presence is noted.
    None,
}

impl ResponseQuirks {
    /// What stands before the path of the reasoning text, which is looked for in chunks.
    const OF_CHUNK: &str = "delta.";

    /// The steps to the reasoning text, below a chunk's `delta` and an answer's `message`.
    pub fn reasoning_path(&self) -> Option<impl Iterator<Item = &str>> {
        let path = self.reasoning_field.as_deref()?.strip_prefix(Self::OF_CHUNK)?;
        Some(path.split('.'))
    }
}

/// Judges how requests differ: what cannot take effect is a problem for whoever writes it, and is
/// left out and named in `ignored` where another version wrote it.
pub(super) fn judge_request(
    quirks: &mut RequestQuirks,
    strictness: Strictness,
    findings: &mut Findings,
    ignored: &mut Vec<String>,
) {
    quirks.default_headers.retain(|name, template| {
        let Some(problem) = problem_of_header(name, template) else {
            return true;
        };
        let field = format!("request.default_headers.{name}");
        match strictness {
            Strictness::Strict => findings.require(false, &field, problem),
            Strictness::Lenient => ignored.push(field),
        }
        false
    });
    if strictness == Strictness::Strict
        && let Some(TemperatureRange { temperature_min: Some(least), temperature_max: Some(most) }) =
            quirks.param_constraints
    {
        let field = "request.param_constraints.temperature_min";
        findings.require(least <= most, field, "must not be above temperature_max");
    }
}

/// The same of answers.
pub(super) fn judge_response(
    quirks: &mut ResponseQuirks,
    strictness: Strictness,
    findings: &mut Findings,
    ignored: &mut Vec<String>,
) {
    let leads_somewhere = match (&quirks.reasoning_field, quirks.reasoning_path()) {
        (None, _) => true,
        (Some(_), path) => path.is_some_and(|mut steps| steps.all(|step| !step.is_empty())),
    };
    if leads_somewhere {
        return;
    }
    let field = "response.reasoning_field";
    match strictness {
        Strictness::Strict => {
            let message = "must be a path below a chunk's delta, such as delta.reasoning";
            findings.require(false, field, message);
        }
        Strictness::Lenient => {
            quirks.reasoning_field = None;
            ignored.push(field.to_owned());
        }
    }
}

fn problem_of_header(name: &str, template: &HeaderTemplate) -> Option<String> {
    if !header_name::is_name(name) {
        return Some("is not the name of a header".to_owned());
    }
    if header_name::is_barred(name) {
        return Some("is a header that only the gateway sets".to_owned());
    }
    if !template.is_known() {
        let names: Vec<_> =
            HeaderVariable::ALL.iter().map(|(name, _)| format!("${{{name}}}")).collect();
        return Some(format!("holds an unknown variable: there are {}", names.join(", ")));
    }
    let unsendable = |text: &str| text.contains(|character: char| character.is_ascii_control());
    template
        .literals()
        .any(unsendable)
        .then(|| "must hold no line breaks and no other control characters".to_owned())
}
