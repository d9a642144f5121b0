//! What the metrics of a request cost: `cargo bench -p aisix-telemetry --bench metrics`.
//!
//! Prints processor time for everything that one request records, and for a scrape, for tables of
//! several sizes.
#![expect(clippy::expect_used, reason = "a benchmark that cannot measure ends there")]
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::hint::black_box;
use std::time::Duration;

use aisix_telemetry::{
    AuthDecision, Exposition, Finished, Metrics, MetricsSettings, RequestLabels, TokenUsage,
};

const REQUESTS: u32 = 200_000;
const ENDPOINT: &str = "/v1/chat/completions";
const KEY: &str = "7f7a3c0e-52a5-4c0e-9a53-3a1c6a1b9d10";

fn request(metrics: &Metrics, api_key_id: &str) {
    metrics.arrived(ENDPOINT, "openai");
    metrics.authenticated(AuthDecision::Allowed);
    let client = metrics.client_type(Some(b"OpenAI/Python 1.99.0"));
    metrics.finished(&Finished {
        labels: RequestLabels {
            endpoint: ENDPOINT,
            inbound_protocol: "openai",
            provider: "openai",
            model: "my-gpt-4o-mini",
            upstream_model: "gpt-4o-mini-2024-07-18",
            provider_key_id: KEY,
            provider_key_name: "openai-production",
            api_key_id,
            ..RequestLabels::default()
        },
        to_model: true,
        duration: Duration::from_micros(1500),
        usage: Some(TokenUsage { input: 12, output: 34, micro_usd: Some(1.25) }),
        client,
        ..Finished::default()
    });
    metrics.gone(ENDPOINT, "openai");
}

/// How long this thread has had a processor, as Linux says: a busy machine does not change it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// What one request costs each of these threads.
fn measure(metrics: &Metrics, keys: &[String], threads: u32) -> Duration {
    let work = || {
        let before = processor_time();
        let keys = keys.iter().cycle().take(REQUESTS as usize);
        keys.for_each(|key| request(black_box(metrics), black_box(key)));
        processor_time() - before
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let took = running.into_iter().map(|thread| thread.join().expect("a result"));
        took.sum::<Duration>() / threads / REQUESTS
    })
}

fn main() {
    for (keys, threads) in [(1, 1), (1, 2), (1000, 1), (10_000, 1)] {
        let metrics = Metrics::new(&MetricsSettings::default());
        let keys: Vec<_> = (0..keys).map(|number| format!("{KEY}-{number}")).collect();
        keys.iter().for_each(|key| request(&metrics, key));
        let each = measure(&metrics, &keys, threads);
        let before = processor_time();
        let mut text = Exposition::default();
        metrics.write(&mut text);
        println!(
            "{:>6} label sets, {threads} thread(s): {:>5} ns a request; {:>4} ms a scrape of {} KiB",
            keys.len(),
            each.as_nanos(),
            (processor_time() - before).as_millis(),
            text.into_text().len() >> 10
        );
    }
}
