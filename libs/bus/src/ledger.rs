//! `Ledger`: which messages of the log are valid, and where each subject stands.

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use gantry_events::{
    CommandBatch, Commit, Decider, Digest, Fact, LogId, LogSubject, NodeId, Seq, Writer, may_write,
};
use serde::{Deserialize, Serialize};

use crate::marks::{ControlKey, signature_fits, verifying_key};
use crate::{Stored, marks};

/// Where one subject stands: concurrency counts stored messages, the chain valid ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Sequence of the last stored message; 0 when there is none.
    pub stored: Seq,
    /// Digest of the payload of the last valid message.
    pub prev: Option<Digest>,
}

/// A valid message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Facts of one decision.
    Commit(Writer, Box<Commit>),
    /// Commands for one decider.
    Commands(Decider, CommandBatch),
}

/// Why a message is void: for every fold, for ever.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Void {
    /// Not one of the log's subjects.
    #[error("`{0}` is no subject of the log")]
    Subject(String),
    /// No mark, or one that does not fit.
    #[error("its mark does not fit")]
    Mark,
    /// Its payload cannot be read.
    #[error("its payload cannot be read: {0}")]
    Payload(String),
    /// A type that its writer may not write.
    #[error("{0} may not be written there")]
    Type(String),
    /// It does not follow the last valid message of its subject.
    #[error("it does not follow the last valid message of its subject")]
    Chain,
}

/// Checks each stored message once, in order.
#[derive(Clone, Debug)]
pub struct Ledger {
    log: LogId,
    control: Option<ControlKey>,
    nodes: BTreeMap<NodeId, VerifyingKey>,
    heads: BTreeMap<String, Head>,
}

impl Ledger {
    /// The ledger of the control plane, which holds the shared key and learns the nodes' from the log.
    pub fn of_control_plane(log: LogId, key: ControlKey) -> Self {
        Self {
            log,
            control: Some(key),
            nodes: BTreeMap::new(),
            heads: BTreeMap::new(),
        }
    }

    /// The ledger of one node, which can check its own messages alone.
    pub fn of_node(log: LogId, node: NodeId, key: VerifyingKey) -> Self {
        Self {
            log,
            control: None,
            nodes: BTreeMap::from([(node, key)]),
            heads: BTreeMap::new(),
        }
    }

    /// The log it is about.
    pub fn log(&self) -> LogId {
        self.log
    }

    /// Where a subject stands.
    pub fn head(&self, subject: &LogSubject) -> Head {
        self.heads
            .get(&subject.to_string())
            .copied()
            .unwrap_or_default()
    }

    /// Goes on from where a snapshot left a subject.
    pub fn resume(&mut self, subject: &LogSubject, head: Head) {
        self.heads.insert(subject.to_string(), head);
    }

    /// Takes one stored message into account; the answer is its content, or why it is void.
    pub fn check(&mut self, stored: &Stored) -> Result<Message, Void> {
        let verdict = self.judge(stored);
        let head = self.heads.entry(stored.subject.clone()).or_default();
        head.stored = stored.seq;
        if let Ok(message) = &verdict {
            head.prev = Some(Digest::of(&stored.payload));
            self.learn(message);
        }
        verdict
    }

    fn judge(&self, stored: &Stored) -> Result<Message, Void> {
        let subject: LogSubject = stored
            .subject
            .parse()
            .map_err(|_| Void::Subject(stored.subject.clone()))?;
        if !self.mark_fits(&subject, stored) {
            return Err(Void::Mark);
        }
        let (message, prev) = read(&subject, &stored.payload)?;
        if prev != self.head(&subject).prev {
            return Err(Void::Chain);
        }
        Ok(message)
    }

    fn mark_fits(&self, subject: &LogSubject, stored: &Stored) -> bool {
        let Some(mark) = stored.mark.as_deref() else {
            return false;
        };
        if let LogSubject::Facts(Writer::Node(node)) = subject {
            return self.nodes.get(node).is_some_and(|key| {
                signature_fits(key, self.log, &stored.subject, &stored.payload, mark)
            });
        }
        self.control
            .as_ref()
            .is_some_and(|key| key.fits(self.log, &stored.subject, &stored.payload, mark))
    }

    fn learn(&mut self, message: &Message) {
        let Message::Commit(_, commit) = message else {
            return;
        };
        for event in &commit.events {
            if let Fact::NodeAdmitted(admitted) = &event.fact
                && let Some(key) = marks::verifying_key(&admitted.public_key)
            {
                self.nodes.insert(admitted.node.clone(), key);
            }
        }
    }
}

fn read(subject: &LogSubject, payload: &[u8]) -> Result<(Message, Option<Digest>), Void> {
    let unreadable = |e: serde_json::Error| Void::Payload(e.to_string());
    match subject {
        LogSubject::Commands(decider) => {
            let batch: CommandBatch = serde_json::from_slice(payload).map_err(unreadable)?;
            if let Some(stray) = batch
                .commands
                .iter()
                .find(|c| c.intent.decider() != *decider)
            {
                return Err(Void::Type(stray.intent.type_name().to_owned()));
            }
            let prev = batch.prev;
            Ok((Message::Commands(*decider, batch), prev))
        }
        LogSubject::Facts(writer) => {
            let commit: Commit = serde_json::from_slice(payload).map_err(unreadable)?;
            if let Some(stray) = commit
                .events
                .iter()
                .find(|e| !may_write(writer.kind(), &e.fact))
            {
                return Err(Void::Type(stray.fact.type_name().to_owned()));
            }
            let prev = commit.prev;
            Ok((Message::Commit(writer.clone(), Box::new(commit)), prev))
        }
    }
}

/// Reads a node's public key; for those that make a ledger of one node.
pub fn node_key(nkey: &str) -> Option<VerifyingKey> {
    verifying_key(nkey)
}
