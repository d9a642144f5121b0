use std::time::Duration;

use aisix_core::resource::{Document, Resource as _, Strictness};
use aisix_core::{ErrorCode, Model};
use serde_json::json;

use super::{Timeouts, timed_out};
use crate::settings::UpstreamSettings;

fn model(timeout: Option<u64>, stream_timeout: Option<u64>) -> Model {
    let document = json!({
        "display_name": "m", "provider": "p", "model_name": "u", "provider_key_id": "k",
    });
    let document = Document::parse(document.to_string().as_bytes()).expect("JSON");
    let checked = Model::decode(&document, Strictness::Strict).expect("a model");
    Model { timeout, stream_timeout, ..checked.resource }
}

fn process(timeout: Option<u64>, stream_timeout: Option<u64>) -> UpstreamSettings {
    UpstreamSettings {
        timeout: timeout.map(Duration::from_millis),
        stream_timeout: stream_timeout.map(Duration::from_millis),
        ..UpstreamSettings::default()
    }
}

type Level = (Option<u64>, Option<u64>);

/// `target`, `group` and the process say (timeout, stream timeout); `total` and `gap` come of it.
#[track_caller]
fn check(target: Level, group: Option<Level>, upstream: Level, expected: (Level, bool)) {
    let group = group.map(|(timeout, stream_timeout)| model(timeout, stream_timeout));
    let upstream = process(upstream.0, upstream.1);
    let timeouts = Timeouts::resolve(&model(target.0, target.1), group.as_ref(), &upstream);
    let millis = |deadline: Option<Duration>| deadline.map(|deadline| deadline.as_millis() as u64);
    let total_and_gap = (millis(timeouts.total), millis(timeouts.gap));
    assert_eq!((total_and_gap, timeouts.awaits_first_event), expected);
}

const NOTHING: Level = (None, None);

#[test]
fn the_process_decides_where_no_model_says_anything() {
    check(NOTHING, None, (Some(9), Some(7)), ((Some(9), Some(7)), false));
    check(NOTHING, Some(NOTHING), (Some(9), None), ((Some(9), Some(9)), false));
    check(NOTHING, None, (None, Some(7)), ((None, Some(7)), false));
    check(NOTHING, None, NOTHING, (NOTHING, false));
}

#[test]
fn the_target_goes_before_its_group_and_the_group_before_the_process() {
    let upstream = (Some(9), Some(7));
    check((Some(1), None), Some((Some(2), None)), upstream, ((Some(1), Some(1)), true));
    check(NOTHING, Some((Some(2), None)), upstream, ((Some(2), Some(2)), true));
    check((None, Some(3)), Some((Some(2), Some(4))), upstream, ((Some(2), Some(3)), true));
    check((Some(1), None), Some((None, Some(4))), upstream, ((Some(1), Some(4)), true));
}

#[test]
fn a_timeout_of_zero_means_none_and_ends_the_search() {
    let upstream = (Some(9), Some(7));
    check((Some(0), None), Some((Some(2), None)), upstream, (NOTHING, true));
    check((Some(0), Some(5)), None, upstream, ((None, Some(5)), true));
}

#[test]
fn a_stream_timeout_of_zero_says_nothing() {
    let upstream = (Some(9), Some(7));
    check((None, Some(0)), None, upstream, ((Some(9), Some(7)), false));
    check((None, Some(0)), Some((None, Some(4))), upstream, ((Some(9), Some(4)), true));
    check((Some(1), Some(0)), None, upstream, ((Some(1), Some(1)), true));
}

#[test]
fn a_deadline_that_passed_says_how_long_was_waited_and_no_more() {
    let error = timed_out(Duration::from_micros(300_900));
    assert_eq!(error.code(), ErrorCode::UpstreamTimeout);
    assert_eq!(error.message(), "upstream request timed out after 300ms");
}
