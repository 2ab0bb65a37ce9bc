//! What each fact says, in a sentence about its subject. Which facts a person who waits is told, and what
//! is counted beside, is left to the tale.

mod cluster;
mod project;
mod replica;

pub use project::unfit_on;

use gantry_events::{Fact, Kind, Time};

use super::Line;
use crate::output::{Tone, clock};

type Said = (Tone, String);

/// The fact as a line: its subject, and what became of it.
pub fn line(fact: &Fact) -> Line {
    let said = cluster::sentence(fact)
        .or_else(|| project::sentence(fact))
        .or_else(|| replica::sentence(fact));
    let (tone, what) = said.unwrap_or_else(|| (Tone::Dim, fact.type_name().to_owned()));
    Line {
        tone,
        about: about(fact),
        what,
    }
}

/// Ids say what they are but those of operations and releases, and nobody reads a whole operation id.
fn about(fact: &Fact) -> String {
    let subject = fact.subject();
    match subject.kind {
        Kind::Operation => "operation".to_owned(),
        Kind::Log => "log".to_owned(),
        Kind::Release => format!("release {}", subject.id),
        Kind::Project
        | Kind::Service
        | Kind::Rollout
        | Kind::Replica
        | Kind::Node
        | Kind::Pool
        | Kind::Machine
        | Kind::Balancer => subject.id,
    }
}

fn said(tone: Tone, what: impl Into<String>) -> Said {
    (tone, what.into())
}

fn overdue(waiting_for: &str, until: Time) -> String {
    format!("still waits for {waiting_for}, until {}", clock(until))
}

fn count(number: u32, what: &str) -> String {
    crate::failure::count(number as usize, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of the log's golden files, as they are kept for ever.
    fn golden() -> Vec<Fact> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../libs/events/tests/golden");
        let files = std::fs::read_dir(folder).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts
            .filter_map(|text| serde_json::from_str(&text).ok())
            .collect()
    }

    #[test]
    fn every_fact_is_told_in_words() {
        let facts = golden();
        assert!(facts.len() >= Fact::TYPES.len(), "{}", facts.len());
        let mut told: Vec<_> = facts
            .iter()
            .map(|fact| {
                let line = line(fact);
                assert_ne!(line.what, fact.type_name());
                format!("{:<24} {}: {}", fact.type_name(), line.about, line.what)
            })
            .collect();
        told.sort();
        insta::assert_snapshot!(told.join("\n"));
    }
}
