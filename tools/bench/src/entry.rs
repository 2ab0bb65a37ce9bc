//! What was measured, as a person and as a program reads it.

use std::fs;
use std::path::Path;

use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// One figure. Where there is a floor, the target is of the ratio; else it is of the value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// `deploy.10_replicas`.
    pub name: String,
    /// What was measured.
    pub value: f64,
    /// Of value and floor.
    pub unit: &'static str,
    /// The same done without Gantry, in this run.
    pub floor: Option<f64>,
    /// Value over floor.
    pub ratio: Option<f64>,
    /// What ratio or value should be.
    pub target: Option<f64>,
    /// Which side of the target is the right one.
    #[serde(skip)]
    pub better: Better,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The target is the most.
    Less,
    /// The target is the least.
    More,
}

impl Entry {
    /// A figure without a floor, which should be `target` at most where there is one.
    pub fn plain(name: &str, value: f64, unit: &'static str, target: Option<f64>) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit,
            floor: None,
            ratio: None,
            target,
            better: Better::Less,
        }
    }

    /// The same beside its floor, to which the target now applies.
    pub fn beside(self, floor: f64) -> Self {
        Self {
            floor: Some(floor),
            ratio: Some(self.value / floor),
            ..self
        }
    }

    /// The same, better when greater.
    pub fn more_is_better(self) -> Self {
        Self {
            better: Better::More,
            ..self
        }
    }

    /// By which part of the target it is missed; none where it is met, or there is none.
    pub fn missed_by(&self) -> Option<f64> {
        let target = self.target?;
        let reached = self.ratio.unwrap_or(self.value);
        let beyond = match self.better {
            Better::Less => reached - target,
            Better::More => target - reached,
        };
        (beyond > 0.0).then_some(beyond / target)
    }

    fn verdict(&self) -> String {
        match (self.target, self.missed_by()) {
            (None, _) => String::new(),
            (Some(_), None) => "met".to_owned(),
            (Some(_), Some(by)) => format!("missed by {:.1} %", by * 100.0),
        }
    }

    fn row(&self) -> [String; 7] {
        let sign = match self.better {
            Better::Less => "<=",
            Better::More => ">=",
        };
        [
            self.name.clone(),
            number(self.value),
            self.unit.to_owned(),
            self.floor.map(number).unwrap_or_default(),
            self.ratio.map(|it| format!("{it:.2}")).unwrap_or_default(),
            self.target
                .map(|it| format!("{sign} {it}"))
                .unwrap_or_default(),
            self.verdict(),
        ]
    }
}

/// Three digits that count are more than such measurements carry.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Prints all, a line each.
pub fn print(entries: &[Entry]) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["measure", "value", "unit", "floor", "ratio", "aim", ""]);
    table.add_rows(entries.iter().map(Entry::row));
    for column in [1, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
}

/// Writes all as a JSON list.
pub fn write(entries: &[Entry], file: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(entries)?;
    fs::write(file, text + "\n").with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_of_the_ratio_where_there_is_a_floor_and_may_be_missed_on_either_side() {
        let slow = Entry::plain("deploy", 1.2, "s", Some(1.1)).beside(1.0);
        assert_eq!(slow.verdict(), "missed by 9.1 %");
        assert_eq!(
            Entry::plain("deploy", 1.2, "s", Some(1.1))
                .beside(2.0)
                .verdict(),
            "met"
        );
        let few = Entry::plain("requests", 60.0, "1/s", Some(0.8))
            .more_is_better()
            .beside(100.0);
        assert_eq!(few.verdict(), "missed by 25.0 %");
        assert_eq!(
            Entry::plain("memory", 60.0, "MB", Some(60.0)).verdict(),
            "met"
        );
        assert_eq!(Entry::plain("memory", 60.0, "MB", None).verdict(), "");
    }

    #[test]
    fn the_json_has_just_the_fields_that_others_read() {
        let entry = Entry::plain("memory", 60.0, "MB", Some(60.0));
        let json = serde_json::to_value([entry]).unwrap();
        assert_eq!(
            json.to_string(),
            r#"[{"floor":null,"name":"memory","ratio":null,"target":60.0,"unit":"MB","value":60.0}]"#
        );
    }
}
