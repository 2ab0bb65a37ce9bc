//! `LogMessage`: a message of the log as the store is fed it, and its entries.

use gantry_events::{
    Actor, CommandBatch, Commit, EntityRef, Kind, OperationId, Place, Scope, Seq, Time, Writer,
};
use gantry_views::{Entry, Said};

/// One message of the log, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMessage {
    /// Its place in the log.
    pub seq: Seq,
    /// The subject it was stored under.
    pub subject: String,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Facts of one decision, and who wrote them.
    Commit(Writer, Box<Commit>),
    /// Commands, not answered yet.
    Commands(CommandBatch),
    /// Nothing: the message is void, for every fold and for ever.
    Void,
}

/// What is indexed of one event.
pub(crate) struct Attributes<'a> {
    pub scope: Scope,
    pub type_name: &'static str,
    pub subject: EntityRef,
    pub operation: Option<OperationId>,
    pub actor: &'a Actor,
}

/// The type under which commands appear among events.
const ACCEPTED: &str = "operation.accepted.v1";

impl LogMessage {
    /// When it was decided, or its first command accepted; none of a void one.
    pub(crate) fn time(&self) -> Option<Time> {
        match &self.content {
            Content::Void => None,
            Content::Commands(batch) => batch.commands.first().map(|command| command.time),
            Content::Commit(_, commit) => Some(commit.time),
        }
    }

    /// Its commands or facts, in order, as folds take them.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        match &self.content {
            Content::Void => Vec::new(),
            Content::Commands(batch) => {
                let commands = (0..).zip(&batch.commands);
                let entries = commands.map(|(index, command)| Entry {
                    place: self.place(index),
                    time: command.time,
                    writer: &Writer::Api,
                    operation: Some(command.operation),
                    answers: None,
                    said: Said::Command(command),
                });
                entries.collect()
            }
            Content::Commit(writer, commit) => {
                let events = (0..).zip(&commit.events);
                let entries = events.map(|(index, event)| Entry {
                    place: self.place(index),
                    time: commit.time,
                    writer,
                    operation: commit.operation,
                    answers: commit.answers,
                    said: Said::Fact(&event.fact),
                });
                entries.collect()
            }
        }
    }

    /// What the index of events keeps of one of its entries.
    pub(crate) fn attributes<'a>(&'a self, entry: &Entry<'a>) -> Option<Attributes<'a>> {
        match (&entry.said, &self.content) {
            (Said::Command(command), _) => Some(Attributes {
                scope: command.intent.scope(),
                type_name: ACCEPTED,
                subject: EntityRef {
                    kind: Kind::Operation,
                    id: command.operation.to_string(),
                },
                operation: Some(command.operation),
                actor: &command.actor,
            }),
            (Said::Fact(fact), Content::Commit(_, commit)) => Some(Attributes {
                scope: fact.scope(),
                type_name: fact.type_name(),
                subject: fact.subject(),
                operation: commit.operation,
                actor: &commit.actor,
            }),
            (Said::Fact(_), Content::Commands(_) | Content::Void) => None,
        }
    }

    fn place(&self, index: u32) -> Place {
        Place {
            seq: self.seq,
            index,
        }
    }
}
