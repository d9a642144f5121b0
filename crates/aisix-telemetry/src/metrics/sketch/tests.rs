use super::{Pooled, Sketch, WINDOW};

fn quantiles(sketch: &mut Sketch, now: u64) -> Vec<f64> {
    let mut pooled = Pooled::default();
    sketch.pool(now, &mut pooled);
    pooled.quantiles().into_iter().map(|(_, value)| value).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: [f64; 4]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found / expected - 1.0).abs() <= 0.0625, "{found} is not {expected}");
    }
}

#[test]
fn a_quantile_is_what_its_share_does_not_exceed() {
    let mut sketch = Sketch::default();
    (1..=1000).for_each(|n| sketch.observe(f64::from(n) / 1000.0, 0));
    assert_close(&quantiles(&mut sketch, 0), [0.5, 0.9, 0.95, 0.99]);
}

#[test]
fn what_is_out_of_range_counts_as_the_nearest() {
    let mut sketch = Sketch::default();
    for seconds in [-1.0, 0.0, 1e-9] {
        sketch.observe(seconds, 0);
    }
    assert_close(&quantiles(&mut sketch, 0), [1.0 / 8192.0; 4]);
    let mut sketch = Sketch::default();
    for seconds in [8191.0, 1e9, f64::INFINITY] {
        sketch.observe(seconds, 0);
    }
    assert_close(&quantiles(&mut sketch, 0), [8192.0; 4]);
}

#[test]
fn what_is_past_is_forgotten_after_two_windows() {
    let mut sketch = Sketch::default();
    sketch.observe(1.0, 0);
    sketch.observe(4.0, WINDOW);
    assert_close(&quantiles(&mut sketch, WINDOW), [1.0, 4.0, 4.0, 4.0]);
    assert_close(&quantiles(&mut sketch, 2 * WINDOW), [4.0; 4]);
    assert!(quantiles(&mut sketch, 3 * WINDOW).iter().all(|value| value.is_nan()));
    sketch.observe(2.0, 9 * WINDOW);
    assert_close(&quantiles(&mut sketch, 9 * WINDOW), [2.0; 4]);
    assert!(quantiles(&mut sketch, 11 * WINDOW).iter().all(|value| value.is_nan()));
}

#[test]
fn without_observations_there_is_no_number() {
    assert!(quantiles(&mut Sketch::default(), 0).iter().all(|value| value.is_nan()));
}
