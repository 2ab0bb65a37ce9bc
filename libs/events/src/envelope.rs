//! The two messages of the log: a commit of facts, and a batch of commands.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Actor, Command, Digest, EntityRef, Fact, OperationId, Place, Scope, Seq, Time};

/// All facts of one decision, in one message: they hold together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Who caused it: the command's actor, or the writer itself.
    pub actor: Actor,
    /// The operation it belongs to, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// The one command it answers. The last one answered is the writer's watermark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Place>,
    /// The event or command that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Place>,
    /// Last sequence the writer had folded.
    pub as_of: Seq,
    /// Name and version of the code that decided.
    pub core: String,
    /// The time that was given to the core.
    pub time: Time,
    /// The trace it belongs to (W3C `traceparent`), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Digest of the payload of the last valid message on the same subject; none for the first.
    pub prev: Option<Digest>,
    /// Readings that decided something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What holds from here on. Never empty.
    pub events: Vec<Event>,
}

/// A reading of the world that a decision used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was read: `image registry/app:1`.
    pub reading: String,
    /// What it said.
    pub said: String,
}

/// One fact with its scope and subject, which follow from it and stand there for readers that filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The fact.
    pub fact: Fact,
}

impl Event {
    /// Where it belongs.
    pub fn scope(&self) -> Scope {
        self.fact.scope()
    }

    /// What it is about.
    pub fn subject(&self) -> EntityRef {
        self.fact.subject()
    }
}

impl<T: Into<Fact>> From<T> for Event {
    fn from(fact: T) -> Self {
        Self { fact: fact.into() }
    }
}

#[derive(Serialize)]
struct Attributes<'a> {
    scope: Scope,
    subject: String,
    #[serde(flatten)]
    fact: &'a Fact,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Attributes {
            scope: self.scope(),
            subject: self.subject().to_string(),
            fact: &self.fact,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fact::deserialize(deserializer).map(|fact| Self { fact })
    }
}

/// Commands of concurrent requests, in one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandBatch {
    /// Last sequence the writer had folded.
    pub as_of: Seq,
    /// Digest of the payload of the last valid message on the same subject; none for the first.
    pub prev: Option<Digest>,
    /// The commands, each for the decider whose subject this is. Never empty.
    pub commands: Vec<Command>,
}
