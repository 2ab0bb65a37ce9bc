//! `cargo xtask`: what the project asks of its own code. `laws` are kept or CI fails; `beauty` is measured and shown.
//!
//! Both read the work tree as it stands and change nothing. What each law says is in `laws`, what each measure means
//! in `beauty`; this file takes the words from the command line and prints.
#![expect(clippy::print_stdout, reason = "printing is what a tool is for")]

mod beauty;
mod graph;
mod laws;
mod lexer;
mod paths;
mod project;
mod source;

use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::beauty::Row;
use crate::laws::{LAWS, Law};
use crate::project::Project;

const WORDS: &str = "cargo xtask laws [NUMBER…]      check the laws of the code, all or these; fails when one is broken
cargo xtask beauty [--strict]   print the measures of the code; with --strict fails when one is not met";

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            println!("{WORDS}");
            Ok(ExitCode::SUCCESS)
        }
        ["laws", numbers @ ..] => laws(numbers),
        ["beauty"] => beauty().map(|_| ExitCode::SUCCESS),
        ["beauty", "--strict"] => Ok(verdict(beauty()?.iter().all(Row::is_met))),
        _ => bail!(
            "there is no `cargo xtask {}`; there is\n{WORDS}",
            words.join(" ")
        ),
    }
}

fn laws(numbers: &[&str]) -> anyhow::Result<ExitCode> {
    let asked = asked(numbers)?;
    let project = Project::read()?;
    let mut kept = true;
    for law in asked {
        let breaches = law.breaches(&project);
        let verdict = match breaches.len() {
            0 => String::from("kept"),
            places => format!("broken, see {places} below"),
        };
        print!(
            "law {}, {}: {verdict}\n{}",
            law.number,
            law.name,
            laws::told(&breaches)
        );
        kept &= breaches.is_empty();
    }
    Ok(verdict(kept))
}

/// The laws of these numbers, or all where none is named.
fn asked(numbers: &[&str]) -> anyhow::Result<Vec<Law>> {
    if numbers.is_empty() {
        return Ok(LAWS.into());
    }
    let find = |number: &&str| {
        LAWS.into_iter()
            .find(|law| law.number.to_string() == *number)
    };
    let found = numbers
        .iter()
        .map(|number| find(number).with_context(|| format!("there is no law {number}")));
    found.collect()
}

fn beauty() -> anyhow::Result<Vec<Row>> {
    let rows = beauty::rows(&Project::read()?);
    println!("{}", beauty::table(&rows));
    Ok(rows)
}

fn verdict(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
