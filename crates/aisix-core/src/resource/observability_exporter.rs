//! Observability exporters.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::kept::{Variant, read_variant};
use super::validity::{Findings, Problem};
use super::{Checked, Document, Invalid, Kind, Shape, Strictness};
use crate::secret::Secret;

/// Where traces and events are sent.
///
/// Which of the fields below `enabled` an exporter has follows from its `kind`; those of kinds that
/// are not described here are kept as they are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObservabilityExporter {
    /// A unique label of 1 to 120 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = 120))]
    pub name: Arc<str>,
    /// What it speaks.
    pub kind: ExporterKind,
    /// Whether it sends; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
    /// `otlp_http`: the whole URL of traces, such as `https://host/v1/traces`; `http` only for
    /// `localhost`, `127.0.0.1`, `otel-collector` and `mock-otlp`.
    pub endpoint: Option<String>,
    /// `otlp_http`: sent with every request; values are shown as `***`.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// `otlp_http`: the share of requests, 0 to 1; 1 unless set.
    #[serde(default = "whole")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1))]
    pub sample_rate: f64,
    /// `otlp_http`: whether texts are sent; `metadata_only` unless set.
    #[serde(default)]
    pub content_mode: ContentMode,
    /// `otlp_http`: the most bytes of a text, 1 to 1048576; 131072 unless set.
    #[serde(default = "eighth_mebibyte")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_048_576))]
    pub content_max_bytes: u64,
}

/// What an exporter speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExporterKind {
    /// OpenTelemetry's protocol over HTTP.
    OtlpHttp,
    /// Alibaba Cloud's log service.
    AliyunSls,
    /// Files in an object store.
    ObjectStore,
    /// Datadog's logs.
    Datadog,
}

/// Whether texts of requests and answers are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContentMode {
    /// They are not.
    #[default]
    MetadataOnly,
    /// They are.
    Full,
}

fn whole() -> f64 {
    1.0
}

fn eighth_mebibyte() -> u64 {
    131_072
}

const BY_KIND: [Variant; 4] = [
    Variant {
        name: "otlp_http",
        required: &["endpoint"],
        optional: Some(&["headers", "sample_rate", "content_mode", "content_max_bytes"]),
    },
    Variant { name: "aliyun_sls", required: &["endpoint", "project", "logstore"], optional: None },
    Variant { name: "object_store", required: &["provider", "bucket"], optional: None },
    Variant { name: "datadog", required: &["site"], optional: None },
];

/// Hosts that are reached without TLS.
const PLAIN_HOSTS: [&str; 4] = ["localhost", "127.0.0.1", "otel-collector", "mock-otlp"];

impl Shape for ObservabilityExporter {
    const KIND: Kind = Kind::ObservabilityExporters;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn read(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        read_variant(document, strictness, &BY_KIND)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        findings.at_most(&self.name, 120, "name");
        if let (ExporterKind::OtlpHttp, Some(endpoint)) = (self.kind, &self.endpoint) {
            findings.require(
                may_be_sent_to(endpoint),
                "endpoint",
                "must be an https:// URL; http:// is for localhost, 127.0.0.1, otel-collector and \
                 mock-otlp only",
            );
        }
        findings.share(self.sample_rate, "sample_rate");
        findings.within(self.content_max_bytes, 1..=1_048_576, "content_max_bytes");
        findings.into_problems()
    }
}

fn may_be_sent_to(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty() && !rest.starts_with('/');
    }
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|authority| {
        let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
        PLAIN_HOSTS.contains(&host) && port.parse::<u16>().is_ok()
    })
}
