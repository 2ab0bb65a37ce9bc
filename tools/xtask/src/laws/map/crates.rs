//! The table of crates in ARCHITECTURE.md against the graph: every crate has its row, and the last cell of a row names
//! exactly the crates of ours that it depends on.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Package;
use crate::laws::Breach;
use crate::project::Project;
use crate::source::Source;

const PAGE: &str = "ARCHITECTURE.md";
const WAY_OUT: &str =
    "a row is | `path` | what it holds | names of our crates it needs, or nothing |";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let Some(page) = project.file(PAGE) else {
        return vec![Breach::of(PAGE, String::from("is missing"), WAY_OUT)];
    };
    let land: BTreeMap<&str, &Package> = project.graph.ours().collect();
    let rows = rows(page);
    let unmapped = land
        .keys()
        .filter(|folder| !rows.iter().any(|row| row.folder == **folder));
    let unmapped =
        unmapped.map(|folder| Breach::of(PAGE, format!("has no row for `{folder}`"), WAY_OUT));
    let wrong = rows.iter().filter_map(|row| {
        let what = match land.get(row.folder) {
            Some(package) => difference(row, &needs(project, package))?,
            None => format!("`{}` is no crate", row.folder),
        };
        Some(Breach {
            line: Some(row.line),
            ..Breach::of(PAGE, what, WAY_OUT)
        })
    });
    unmapped.chain(wrong).collect()
}

struct Row<'a> {
    folder: &'a str,
    needs: BTreeSet<&'a str>,
    line: usize,
}

/// Rows whose first cell is the folder of a crate, and nothing else.
fn rows(page: &Source) -> Vec<Row<'_>> {
    let lines = page.text.lines().zip(1..);
    lines.filter_map(|(text, line)| row(text, line)).collect()
}

fn row(text: &str, line: usize) -> Option<Row<'_>> {
    let cells: Vec<&str> = text
        .trim()
        .strip_prefix('|')?
        .strip_suffix('|')?
        .split('|')
        .map(str::trim)
        .collect();
    let folder = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
    let room = ["libs/", "services/", "tools/", "tests/", "examples/"]
        .iter()
        .any(|room| folder.starts_with(room));
    let needs = cells
        .last()?
        .split(',')
        .map(|name| name.trim().trim_matches('`'));
    let needs = needs
        .filter(|name| !matches!(*name, "" | "-" | "–" | "—" | "nothing"))
        .collect();
    let is_crate =
        (room || folder == "cli") && !folder.contains(['.', '*', ' ']) && cells.len() > 1;
    is_crate.then_some(Row {
        folder,
        needs,
        line,
    })
}

/// Our crates that this one needs, by the names the page uses: without the product's.
fn needs<'a>(project: &'a Project, package: &'a Package) -> BTreeSet<&'a str> {
    let ours = project
        .graph
        .needs(package)
        .filter(|need| need.folder.is_some());
    ours.map(|need| need.name.strip_prefix("gantry-").unwrap_or(&need.name))
        .collect()
}

fn difference(row: &Row<'_>, land: &BTreeSet<&str>) -> Option<String> {
    let list = |names: Vec<&&str>| names.into_iter().copied().collect::<Vec<_>>().join(", ");
    let (unsaid, untrue) = (
        list(land.difference(&row.needs).collect()),
        list(row.needs.difference(land).collect()),
    );
    match (unsaid.as_str(), untrue.as_str()) {
        ("", "") => None,
        (unsaid, "") => Some(format!("`{}` also needs {unsaid}", row.folder)),
        ("", untrue) => Some(format!("`{}` does not need {untrue}", row.folder)),
        (unsaid, untrue) => Some(format!("`{}` needs {unsaid}, not {untrue}", row.folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<String> {
        let mut project = Project::of_crates(&[
            (
                "gantry-bus",
                "libs/bus",
                &["gantry-events", "gantry-decider", "tokio"],
            ),
            ("gantry-decider", "libs/decider", &["gantry-events"]),
            ("gantry-events", "libs/events", &["serde"]),
            ("serde", "", &[]),
            ("tokio", "", &[]),
        ]);
        project.files.push(Source::new(PAGE, page));
        check(&project)
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn the_table_equals_the_graph() {
        let events = "| `libs/events` | the words | nothing |\n| `libs/events/src/a.rs` | a file of another table |\n";
        let decider = "| `libs/decider` | the kernel | events |\n";
        let bus = "| `libs/bus` | the log | `events`, decider |\n";
        assert_eq!(found(&[events, decider, bus].concat()), [""; 0]);
        assert_eq!(
            found(&[events, decider].concat()),
            ["has no row for `libs/bus`"]
        );
        assert_eq!(
            found(&[events, decider, "| `libs/bus` | the log | events, spec |"].concat()),
            ["`libs/bus` needs decider, not spec"]
        );
        assert_eq!(
            found(&[events, decider, bus, "| `libs/old` | gone | — |"].concat()),
            ["`libs/old` is no crate"]
        );
    }

    #[test]
    fn without_a_page_there_is_no_map() {
        assert_eq!(check(&Project::default())[0].what, "is missing");
    }
}
