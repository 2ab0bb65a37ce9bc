//! `Audit`: reads the log as an honest auditor does, beside all services, and checks each commit by what
//! the log said before it.

mod hosts;
mod nodes;
mod places;
mod pools;
mod services;
mod slots;

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::{Ledger, MemoryLog, Message, Stored};
use gantry_events::{
    Commit, Digest, Event, Fact, OperationId, ProjectName, ReleaseNumber, Seq, Writer,
};

use crate::checks::Broken;
use hosts::Hosts;
use nodes::Nodes;
use places::Places;
use pools::Pools;
use services::Services;
use slots::Slots;
pub use slots::Stage;

/// One fact with what its commit knew.
struct Word<'a> {
    seq: Seq,
    writer: &'a Writer,
    commit: &'a Commit,
    fact: &'a Fact,
}

/// Reads the log beside all services.
#[derive(Debug)]
pub struct Audit {
    ledger: Ledger,
    read: Seq,
    /// Replicas by what was said of them.
    pub slots: Slots,
    nodes: Nodes,
    /// Machines by what was said of them.
    pub pools: Pools,
    services: Services,
    places: Places,
    hosts: Hosts,
    ended: BTreeMap<OperationId, Seq>,
    /// What each release was made of.
    pub releases: BTreeMap<(ProjectName, ReleaseNumber), (Digest, BTreeMap<String, String>)>,
    /// How often each kind of fact was said.
    pub said: BTreeMap<&'static str, u64>,
    /// Lines for people: what each valid message said.
    pub lines: Vec<String>,
}

impl Audit {
    /// An auditor at the log's beginning.
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            read: Seq(0),
            slots: Slots::default(),
            nodes: Nodes::default(),
            pools: Pools::default(),
            services: Services::default(),
            places: Places::default(),
            hosts: Hosts::default(),
            ended: BTreeMap::new(),
            releases: BTreeMap::new(),
            said: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// The last valid payload's digest of a subject, as anybody can see it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The last sequence it knows.
    pub fn read_to(&self) -> Seq {
        self.read
    }

    /// Reads what is new. Whether anything was.
    pub fn read(&mut self, log: &MemoryLog) -> Result<bool, Broken> {
        let before = self.read;
        while let Some(stored) = log.get(self.read.next()) {
            self.read = stored.seq;
            self.take(&stored)?;
        }
        Ok(self.read > before)
    }

    /// Every accepted operation has ended, once.
    pub fn check_outcomes(&self, accepted: &BTreeSet<OperationId>) -> Result<(), Broken> {
        let open = |operation: &&OperationId| !self.ended.contains_key(operation);
        match accepted.iter().find(open) {
            Some(operation) => Err(Broken(format!(
                "operation {operation} was accepted and never ended"
            ))),
            None => Ok(()),
        }
    }

    fn take(&mut self, stored: &Stored) -> Result<(), Broken> {
        let line = match self.ledger.check(stored) {
            Ok(Message::Commit(writer, commit)) => {
                self.lines.push(told(stored.seq, &writer, &commit));
                return self.take_commit(stored.seq, &writer, &commit);
            }
            Ok(Message::Commands(_, batch)) => {
                let intents = batch.commands.iter().map(|one| one.intent.type_name());
                let intents: Vec<&str> = intents.collect();
                format!("{} asks {}", stored.seq, intents.join(", "))
            }
            Err(why) => format!("{} void on {}: {why}", stored.seq, stored.subject),
        };
        self.lines.push(line);
        Ok(())
    }

    fn take_commit(&mut self, seq: Seq, writer: &Writer, commit: &Commit) -> Result<(), Broken> {
        self.nodes.hear_first(commit);
        for event in &commit.events {
            *self.said.entry(event.fact.type_name()).or_default() += 1;
            let word = Word {
                seq,
                writer,
                commit,
                fact: &event.fact,
            };
            self.nodes.take(&word)?;
            self.pools.take(&word, &self.slots)?;
            self.services.take(&word, &self.slots)?;
            self.places.take(&word, &self.slots)?;
            self.hosts.take(&word);
            self.slots.take(&word)?;
            self.take_end(&word)?;
        }
        self.pools.check_sizes(writer)?;
        self.hosts.check()?;
        let ground = (&self.nodes, &self.places);
        self.services.check_commit(commit, &self.slots, ground)
    }

    fn take_end(&mut self, word: &Word<'_>) -> Result<(), Broken> {
        if let Fact::ReleaseCreated(f) = word.fact {
            let release = (f.project.clone(), f.release);
            self.releases.insert(release, (f.config, f.images.clone()));
        }
        let Some(operation) = outcome(word.fact) else {
            return Ok(());
        };
        match self.ended.insert(operation, word.seq) {
            Some(earlier) => Err(Broken(format!(
                "operation {operation} ended twice, at {earlier} and {}",
                word.seq
            ))),
            None => Ok(()),
        }
    }
}

/// A commit as a line for people.
fn told(seq: Seq, writer: &Writer, commit: &Commit) -> String {
    let fact = |event: &Event| {
        let about = event.fact.subject();
        format!("{} {about}", event.fact.type_name())
    };
    let facts: Vec<String> = commit.events.iter().map(fact).collect();
    format!("{seq} {} {writer:?}: {}", commit.time, facts.join(", "))
}

/// The operation that this fact ends.
fn outcome(fact: &Fact) -> Option<OperationId> {
    if let Fact::OperationRefused(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationUnchanged(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationSucceeded(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationFailed(f) = fact {
        Some(f.operation)
    } else if let Fact::OperationSuperseded(f) = fact {
        Some(f.operation)
    } else {
        None
    }
}
