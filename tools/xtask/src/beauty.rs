//! The measures of the code, with what Gantry asks of each and where to look first when it is missed.
//!
//! A number is a place to look, never the goal. Tests are left out where a row does not say otherwise; a file's length
//! is what its reader meets, tests in it included.

mod documented;
mod functions;
mod repeats;

use std::fmt;

use crate::project::Project;
use crate::source::Source;

/// One measure.
#[derive(Debug)]
pub struct Row {
    /// What is measured, with its unit.
    pub name: &'static str,
    /// What Gantry asks.
    pub asks: Bound,
    /// What it is.
    pub today: f64,
    /// The worst first; empty where one place is as good as another.
    pub places: Vec<String>,
}

/// How far a measure may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// How many places are shown for a measure that is missed.
const SHOWN: usize = 5;
/// A function up to this length needs no reason.
const LONG: usize = 40;

impl Row {
    /// Whether today's number is within what is asked.
    pub fn is_met(&self) -> bool {
        match self.asks {
            Bound::AtMost(most) => self.today <= most,
            Bound::AtLeast(least) => self.today >= least,
        }
    }
}

/// All measures of the project.
pub fn rows(project: &Project) -> Vec<Row> {
    let ships: Vec<&Source> = project.rust().filter(|file| !file.is_test).collect();
    let lines = ships
        .iter()
        .map(|file| file.text.lines().count())
        .sum::<usize>()
        .max(1) as f64;
    let rows = [lengths(&ships), function_rows(&ships), words(&ships)]
        .into_iter()
        .flatten();
    rows.chain([
        tests(project, lines),
        repeated(&ships),
        unwraps(&ships, lines),
    ])
    .collect()
}

fn lengths(ships: &[&Source]) -> Vec<Row> {
    let sizes = sorted(
        ships
            .iter()
            .map(|file| (file.text.lines().count(), file.path.clone())),
    );
    let row = |name, share, most| {
        row(
            name,
            Bound::AtMost(most),
            percentile(&sizes, share),
            worst(&sizes, 0),
        )
    };
    vec![
        row("lines a file, median", 0.5, 120.0),
        row("lines a file, 90th percentile", 0.9, 300.0),
    ]
}

fn function_rows(ships: &[&Source]) -> Vec<Row> {
    let sizes = sorted(ships.iter().flat_map(|file| functions::lengths(file)));
    let short = sizes.iter().filter(|(size, _)| *size <= LONG).count();
    vec![
        row(
            "lines a function, 90th percentile",
            Bound::AtMost(25.0),
            percentile(&sizes, 0.9),
            worst(&sizes, 0),
        ),
        row(
            "functions up to 40 lines, %",
            Bound::AtLeast(98.0),
            share(short, sizes.len()),
            worst(&sizes, LONG),
        ),
    ]
}

fn words(ships: &[&Source]) -> Vec<Row> {
    let items: Vec<_> = ships
        .iter()
        .flat_map(|file| documented::public_items(file))
        .collect();
    let bare: Vec<String> = items
        .iter()
        .filter(|item| !item.documented)
        .map(|item| item.place.clone())
        .collect();
    let mute = ships
        .iter()
        .filter(|file| !file.text.trim_start().starts_with("//!"));
    let mute: Vec<String> = mute.map(|file| file.path.clone()).collect();
    let all = Bound::AtLeast(100.0);
    vec![
        row(
            "documented public items, %",
            all,
            share(items.len() - bare.len(), items.len()),
            bare,
        ),
        row(
            "files that open with a sentence, %",
            all,
            share(ships.len() - mute.len(), ships.len()),
            mute,
        ),
    ]
}

fn tests(project: &Project, lines: f64) -> Row {
    let tests: usize = project.rust().map(|file| tests_in(&file.code)).sum();
    row(
        "tests for 1,000 lines",
        Bound::AtLeast(20.0),
        1000.0 * tests as f64 / lines,
        Vec::new(),
    )
}

/// Attributes whose last word is `test`: the language's own, or a runtime's.
fn tests_in(code: &str) -> usize {
    let attributes = code
        .split("#[")
        .skip(1)
        .filter_map(|rest| rest.split([']', '(']).next());
    attributes
        .filter(|path| path.rsplit("::").next() == Some("test"))
        .count()
}

fn repeated(ships: &[&Source]) -> Row {
    let repeats = repeats::repeats(ships);
    row(
        "repeated six-line windows, %",
        Bound::AtMost(1.0),
        repeats.percent,
        repeats.places,
    )
}

fn unwraps(ships: &[&Source], lines: f64) -> Row {
    let places = ships.iter().flat_map(|file| {
        let calls = file.shipped.match_indices(".unwrap()");
        calls.map(|(at, _)| format!("{}:{}", file.path, file.line(at)))
    });
    let places: Vec<String> = places.collect();
    row(
        "unwrap outside tests for 1,000 lines",
        Bound::AtMost(0.0),
        1000.0 * places.len() as f64 / lines,
        places,
    )
}

fn row(name: &'static str, asks: Bound, today: f64, places: Vec<String>) -> Row {
    Row {
        name,
        asks,
        today,
        places,
    }
}

fn sorted(sizes: impl Iterator<Item = (usize, String)>) -> Vec<(usize, String)> {
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort();
    sizes
}

/// The value that this share of the sorted sizes does not exceed, by nearest rank; 0 of none.
fn percentile(sizes: &[(usize, String)], share: f64) -> f64 {
    let rank = ((sizes.len() as f64 * share).round() as usize).clamp(1, sizes.len().max(1));
    sizes.get(rank - 1).map_or(0.0, |(size, _)| *size as f64)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        100.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}

/// The largest that exceed `above`, with their size.
fn worst(sizes: &[(usize, String)], above: usize) -> Vec<String> {
    let over = sizes.iter().rev().filter(|(size, _)| *size > above);
    over.map(|(size, place)| format!("{place}, {size} lines"))
        .collect()
}

/// The rows as a table, and below it where to look first.
pub fn table(rows: &[Row]) -> String {
    let head = format!("{:<38} {:>10} {:>8}\n", "measure", "asked", "today");
    let lines = rows.iter().map(|row| {
        let verdict = if row.is_met() { "met" } else { "not met" };
        format!(
            "{:<38} {:>10} {:>8.1}  {verdict}\n",
            row.name,
            row.asks.to_string(),
            row.today
        )
    });
    let missed = rows
        .iter()
        .filter(|row| !row.is_met() && !row.places.is_empty());
    let look = missed.map(|row| {
        let places = row
            .places
            .iter()
            .take(SHOWN)
            .map(|place| format!("  {place}\n"));
        format!(
            "\n{}, first of {}:\n{}",
            row.name,
            row.places.len(),
            places.collect::<String>()
        )
    });
    head + &lines.chain(look).collect::<String>()
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today(files: &[(&str, &str)], name: &str) -> f64 {
        let rows = rows(&Project::of(files));
        rows.iter()
            .find(|row| row.name.starts_with(name))
            .map(|row| row.today)
            .expect("there is such a row")
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sizes: Vec<_> = (1..=10).map(|size| (size, String::new())).collect();
        assert_eq!(
            (
                percentile(&sizes, 0.5),
                percentile(&sizes, 0.9),
                percentile(&[], 0.9)
            ),
            (5.0, 9.0, 0.0)
        );
    }

    #[test]
    fn tests_count_for_what_ships_and_not_as_lines() {
        let ships = (
            "libs/a/src/lib.rs",
            "//! A.\nfn b() {}\n#[cfg(test)]\nmod t {\n#[test]\nfn u() {}\n}\n\n\n\n",
        );
        let proves = (
            "libs/a/tests/a.rs",
            "#[tokio::test]\nasync fn c() { d.unwrap() }\n",
        );
        assert_eq!(today(&[ships, proves], "tests for"), 200.0);
        assert_eq!(today(&[ships, proves], "unwrap"), 0.0);
        assert_eq!(today(&[ships, proves], "lines a file, median"), 10.0);
    }

    #[test]
    fn a_missed_measure_names_its_worst_places() {
        let rows = rows(&Project::of(&[(
            "libs/a/src/lib.rs",
            "fn a() { b.unwrap() }\n",
        )]));
        let table = table(&rows);
        assert!(table.contains("≤ 0   1000.0  not met"), "{table}");
        assert!(
            table.contains(
                "unwrap outside tests for 1,000 lines, first of 1:\n  libs/a/src/lib.rs:1\n"
            ),
            "{table}"
        );
    }
}
