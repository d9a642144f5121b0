//! A strict reader of Prometheus' text format, version 0.0.4.
//!
//! Real scrapers forgive a lot; this one does not, so that a text that passes is one that every
//! scraper reads. It panics where something is wrong, and says in which line.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

/// A text that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exposition {
    /// The type of each metric, by its name.
    pub types: BTreeMap<String, String>,
    /// Samples in the order of the text.
    pub samples: Vec<Sample>,
}

/// One line with a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The name, with the suffix of a sum, a count or a bucket.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The number.
    pub value: f64,
}

impl Exposition {
    /// Reads a text.
    #[must_use]
    #[track_caller]
    pub fn read(text: &str) -> Self {
        assert!(text.is_empty() || text.ends_with('\n'), "the last line has no end");
        let (mut read, mut helped) = (Self::default(), BTreeSet::new());
        let mut current = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help");
                assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
                name.clone_into(&mut current);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                let known = ["counter", "gauge", "histogram", "summary"].contains(&kind);
                assert!(known && name == current, "{line}");
                assert!(read.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            } else {
                let sample = Sample::read(line);
                assert!(read.belongs(&sample, &current), "{line} is not below the head of its own");
                read.samples.push(sample);
            }
        }
        read.check();
        read
    }

    /// The value of a sample with exactly these labels, in any order.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let same = |sample: &&Sample| sample.name == name && sample.labels == labels;
        self.samples.iter().find(same).map(|sample| sample.value)
    }

    /// The samples of this name.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| sample.name == name)
    }

    fn belongs(&self, sample: &Sample, metric: &str) -> bool {
        let Some(suffix) = sample.name.strip_prefix(metric) else {
            return false;
        };
        let has = |label: &str| sample.labels.contains_key(label);
        match (self.types.get(metric).map(String::as_str), suffix) {
            (Some("counter" | "gauge"), "") => !has("quantile") && !has("le"),
            (Some("summary"), "") => has("quantile"),
            (Some("histogram"), "_bucket") => has("le"),
            (Some("summary" | "histogram"), "_sum" | "_count") => !has("quantile") && !has("le"),
            _ => false,
        }
    }

    /// What a line alone does not show.
    fn check(&self) {
        let mut seen = BTreeSet::new();
        for Sample { name, labels, value } in &self.samples {
            assert!(seen.insert((name, labels)), "{name} twice with {labels:?}");
            let counter = self.types.get(name).is_some_and(|kind| kind == "counter");
            assert!(!counter || *value >= 0.0, "{name} is {value}");
        }
        let histograms = self.types.iter().filter(|(_, kind)| *kind == "histogram");
        for (name, _) in histograms {
            for count in self.of(&format!("{name}_count")) {
                self.check_buckets(name, count);
            }
        }
    }

    fn check_buckets(&self, name: &str, count: &Sample) {
        let buckets = self.samples.iter().filter(|sample| sample.name == format!("{name}_bucket"));
        let of_these = buckets.filter(|sample| {
            let mut labels = sample.labels.clone();
            labels.remove("le");
            labels == count.labels
        });
        let edges: Vec<_> = of_these.map(|s| (number(&s.labels["le"]), s.value)).collect();
        let ascend = edges.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        let whole = edges.last().is_some_and(|last| *last == (f64::INFINITY, count.value));
        assert!(ascend && whole, "the buckets of {name} with {:?}: {edges:?}", count.labels);
    }
}

impl Sample {
    #[track_caller]
    fn read(line: &str) -> Self {
        let name_ends = line.find(|c: char| !is_word(c)).expect(line);
        let (name, mut rest) = line.split_at(name_ends);
        assert!(!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()), "{line}");
        let mut labels = BTreeMap::new();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            loop {
                let (label, value, after) = one_label(rest);
                assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
                if let Some(after) = after.strip_prefix("} ") {
                    rest = after;
                    break;
                }
                rest = after.strip_prefix(',').expect(line);
            }
        } else {
            rest = rest.strip_prefix(' ').expect(line);
        }
        Self { name: name.to_owned(), labels, value: number(rest) }
    }
}

/// A label, its value, and what comes after it.
fn one_label(text: &str) -> (&str, String, &str) {
    let (label, rest) = text.split_once("=\"").expect(text);
    assert!(!label.is_empty() && label.chars().all(is_word), "{text}");
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (label, value, &rest[at + 1..]),
            '\\' => value.push(match chars.next().expect(text).1 {
                'n' => '\n',
                same @ ('\\' | '"') => same,
                other => panic!("\\{other} in {text}"),
            }),
            c => value.push(c),
        }
    }
    panic!("no end of a label in {text}");
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[track_caller]
fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        "NaN" => f64::NAN,
        text => {
            let plain = text.bytes().all(|byte| b"0123456789.-e+".contains(&byte));
            text.parse().ok().filter(|_| plain).expect(text)
        }
    }
}
