//! `docs/metrics.md` is made of the code.

use std::fmt::Write as _;
use std::path::Path;

use aisix_telemetry::{Metric, names};

/// What stands before the table.
const HEAD: &str = "\
# Metrics

`/metrics` of the listener for monitoring, in the text format of Prometheus (0.0.4). How to read \
them is in [operations](operations.md). This page is made of the code: `cargo test -p \
aisix-telemetry` says where the two differ, and with `UPDATE_GOLDEN=1` in the environment writes it \
anew.

A summary has the quantiles 0.5, 0.9, 0.95 and 0.99 of the last five to ten minutes, within 7 %, \
and sum and count since the start. A metric that nothing was counted for is absent.

| Name | Type | Labels | Meaning |
|---|---|---|---|
";

/// What stands after it.
const TAIL: &str = "
## Labels

| Label | Value |
|---|---|
| `endpoint` | The path of the endpoint; `unknown` where nothing answers a path. |
| `inbound_protocol` | What the caller speaks, such as `openai`. |
| `provider` | The vendor of the model that was called last. |
| `model` | The name of the model that the caller addressed, a pattern as it is configured; \
`unresolved` where no model has the name that was sent. For `aisix_deployment_*`, the target's; for \
`aisix_routing_*`, the group's. |
| `upstream_model` | The upstream's name for the model that was called last, as it is configured. |
| `provider_key_id`, `provider_key_name` | The provider key of the model that was called last. |
| `api_key_id`, `team_id`, `user_id`, `user_name` | The caller's key, and whom it belongs to. |
| `stream`, `streaming` | `true` where a streamed answer was asked for, else `false`. |
| `is_fallback` | `true` where another target of a group was called after one had failed. |
| `status` | What the caller saw; 499 where it left before the answer began. A stream has that of \
its head. |
| `status_class` | `2xx` and so on. |
| `outcome` | `success` (200 to 399), `rate_limited` (429), `client_error` (other 4xx), \
`upstream_error` (anything else). Of bodies that were refused for their size: `completed` where all \
of the body was read, else `incomplete`. |
| `env_id` | `etcd.env_id`. |
| `client_type` | The program that asked, by its `User-Agent`: `observability.metrics.\
client_type_rules`, then a table of known ones; `other` where it is in neither, `unknown` without \
one. |
| `token_type` | `input`, `output`, or `total` for both together. |
| `fallback_model` | The target that was called after another had failed. |
| `direction` | `request` where it was left out on the way to the upstream, `answer` on the way \
back. |
| `method`, `result`, `reason` | Of credentials: `api_key` or `none`; `allowed` or `denied`; `none`, \
`missing_credentials`, `unknown_key`, `key_disabled` or `key_expired`. Of reloads that failed, \
`reason` is `fetch`, `parse` or `validate`. |
| `kind` | A kind of resource; `unknown` for documents whose key names none. |
| `hash` | SHA-256 of a configuration. |

What is not known is `unknown`. Every value is one of these words or stands in the configuration: \
what a caller sends never becomes a label. No more than 10,000 label sets of a kind are told apart; \
what is seen beyond is counted with `overflow` for everything that comes from the configuration.
";

fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for Metric { name, r#type, labels, help } in names::ALL {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let (labels, kind) = (labels.join(", "), r#type.as_str());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind} | {labels} | {help} |");
    }
    text + TAIL
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the one who runs the tests says what they do")]
fn the_page_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let expected = markdown();
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/metrics.md differs from the code: run the tests with UPDATE_GOLDEN=1 and review it"
    );
}

#[test]
fn every_label_is_explained() {
    for metric in names::ALL {
        for label in metric.labels {
            let rows = TAIL.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
            let explained = rows.filter(|cell| cell.contains(&format!("`{label}`"))).count();
            assert_eq!(explained, 1, "{label}");
        }
    }
}
