//! Counters and gauges of a process, in the text form Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

/// Counters and gauges by name and labels. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    series: Arc<Mutex<BTreeMap<String, BTreeMap<String, u64>>>>,
}

impl Metrics {
    /// Adds to a counter, whose name ends in `_total`.
    pub fn count(&self, name: &str, labels: &[(&str, &str)], by: u64) {
        self.change(name, labels, |value| value.saturating_add(by));
    }

    /// Sets a gauge.
    pub fn set(&self, name: &str, labels: &[(&str, &str)], to: u64) {
        self.change(name, labels, |_| to);
    }

    /// The value of a series; none when it was never touched.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<u64> {
        let all = self
            .series
            .lock()
            .expect("nobody panics while holding the metrics");
        all.get(name)?.get(&label_text(labels)).copied()
    }

    /// All series as text (Prometheus exposition format 0.0.4).
    pub fn text(&self) -> String {
        let all = self
            .series
            .lock()
            .expect("nobody panics while holding the metrics");
        let mut text = String::new();
        for (name, series) in all.iter() {
            let kind = if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for (labels, value) in series {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }

    fn change(&self, name: &str, labels: &[(&str, &str)], to: impl FnOnce(u64) -> u64) {
        let mut all = self
            .series
            .lock()
            .expect("nobody panics while holding the metrics");
        let value = all
            .entry(name.to_owned())
            .or_default()
            .entry(label_text(labels))
            .or_default();
        *value = to(*value);
    }
}

fn label_text(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    format!("{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_written_by_name_and_label() {
        let metrics = Metrics::default();
        metrics.count("void_total", &[("subject", "evt.\"x\"")], 2);
        metrics.count("void_total", &[("subject", "evt.\"x\"")], 1);
        metrics.set("seq", &[], 7);
        let text = "# TYPE seq gauge\nseq 7\n# TYPE void_total counter\nvoid_total{subject=\"evt.\\\"x\\\"\"} 3\n";
        assert_eq!(metrics.text(), text);
    }
}
