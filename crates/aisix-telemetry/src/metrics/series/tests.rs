use std::collections::BTreeMap;

use super::{MOST, Series};

fn values(series: &Series<2, u64>) -> BTreeMap<[String; 2], u64> {
    let rows = series.rows();
    rows.iter().map(|row| (row.labels.clone().map(String::from), *row.value())).collect()
}

#[test]
fn label_sets_are_told_apart_by_each_label() {
    let series = Series::new([true, true]);
    for labels in [["a", "b"], ["ab", ""], ["a", "b"], ["", "ab"]] {
        series.update(labels, |value| *value += 1);
    }
    let expected = [(["a", "b"], 2), (["ab", ""], 1), (["", "ab"], 1)];
    let expected = expected.map(|(labels, count)| (labels.map(String::from), count));
    assert_eq!(values(&series), BTreeMap::from(expected));
}

#[test]
fn beyond_the_limit_what_comes_from_the_configuration_is_counted_together() {
    let series = Series::new([true, false]);
    let names: Vec<_> = (0..MOST + 3).map(|number| number.to_string()).collect();
    for name in &names {
        series.update([name, "200"], |value| *value += 1);
    }
    series.update(["another", "404"], |value| *value += 1);
    series.update([&names[0], "200"], |value| *value += 1);
    let values = values(&series);
    let at = |name: &str, status: &str| values.get(&[name.into(), status.into()]).copied();
    assert_eq!(values.len(), MOST + 2);
    assert_eq!((at("overflow", "200"), at("overflow", "404")), (Some(3), Some(1)));
    assert_eq!((at("0", "200"), at(&names[MOST], "200")), (Some(2), None));
    assert_eq!(values.values().sum::<u64>(), MOST as u64 + 5);
}

#[test]
fn threads_that_meet_a_new_label_set_share_it() {
    let series = Series::new([true, true]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..1000 {
                    let name = (number % 10).to_string();
                    series.update([&name, ""], |value: &mut u64| *value += 1);
                }
            });
        }
    });
    assert!(values(&series).values().all(|count| *count == 400));
    assert_eq!(values(&series).len(), 10);
}
