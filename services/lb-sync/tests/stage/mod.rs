//! A log in memory with its writers, and a balancer that only keeps what it is given.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken stage may panic"
)]

pub mod balancer;

use std::collections::BTreeMap;

use gantry_bus::{
    Append, AppendOutcome, ControlKey, Ledger, Log, Marker, MemoryLog, Message, NodeKey,
};
use gantry_events::*;
use uuid::Uuid;

pub const LOG: LogId = LogId(Uuid::from_u128(7));

/// Writes facts as their writers would.
pub struct Scribe {
    pub log: MemoryLog,
    node: NodeKey,
    heads: BTreeMap<String, (Seq, Option<Digest>)>,
    read: Seq,
}

impl Scribe {
    /// A log that has begun, with one admitted node.
    pub async fn begin() -> Self {
        let log = MemoryLog::default();
        let mut scribe = Self {
            log,
            node: NodeKey::generate(),
            heads: BTreeMap::new(),
            read: Seq(0),
        };
        scribe
            .say(
                Writer::Init,
                LogBegun {
                    log: LOG,
                    cluster: "test".to_owned(),
                },
            )
            .await;
        let (node, machine) = ("n1".parse().unwrap(), "m1".parse().unwrap());
        let public_key = scribe.node.public_key();
        scribe
            .say(
                Writer::Api,
                NodeAdmitted {
                    node,
                    machine,
                    public_key,
                },
            )
            .await;
        scribe
    }

    pub fn ledger() -> Ledger {
        Ledger::of_control_plane(LOG, Self::key())
    }

    pub fn marker() -> Marker {
        Marker::Control(Self::key())
    }

    fn key() -> ControlKey {
        ControlKey::new([7; 32])
    }

    pub async fn say(&mut self, writer: Writer, fact: impl Into<Fact>) -> Seq {
        let marker = match writer {
            Writer::Node(_) => self.node.marker(),
            _ => Self::marker(),
        };
        let subject = LogSubject::Facts(writer.clone());
        let (expects, prev) = self
            .heads
            .get(&subject.to_string())
            .copied()
            .unwrap_or_default();
        let commit = Commit {
            actor: writer.actor(),
            operation: None,
            answers: None,
            cause: None,
            as_of: self.log.last(),
            core: "test/1".to_owned(),
            time: Time::from_unix_millis(1_700_000_000_000),
            traceparent: None,
            prev,
            evidence: Vec::new(),
            events: vec![fact.into().into()],
        };
        let payload = serde_json::to_vec(&commit).unwrap();
        let mark = marker.mark(LOG, &subject.to_string(), &payload);
        let head = Some(Digest::of(&payload));
        let append = Append {
            subject: subject.clone(),
            payload,
            mark,
            expects,
        };
        let AppendOutcome::Stored(seq) = self.log.append(&append).await else {
            panic!("nobody else writes {subject}")
        };
        self.heads.insert(subject.to_string(), (seq, head));
        seq
    }

    /// Places a replica and has its node say that it is ready.
    pub async fn ready(&mut self, id: &str, ordinal: u32, epoch: u32) -> Seq {
        let (project, replica): (ProjectName, ReplicaId) =
            ("shop".parse().unwrap(), id.parse().unwrap());
        let node: NodeId = "n1".parse().unwrap();
        let placed = ReplicaPlaced {
            project: project.clone(),
            replica: replica.clone(),
            slot: Slot {
                service: "web".parse().unwrap(),
                ordinal,
            },
            epoch,
            release: ReleaseNumber(1),
            node: node.clone(),
            spec: Digest::of(b"spec"),
            cpu: MilliCpu(100),
            memory: Bytes(1),
            explanation: Explanation::default(),
            until: Time::default(),
            round: 0,
        };
        self.say(Writer::Scheduler, placed).await;
        let address = Some(([10, 0, 0, 1], 8080).into());
        self.say(
            Writer::Node(node.clone()),
            ReplicaReady {
                project,
                replica,
                node,
                address,
            },
        )
        .await
    }

    pub async fn drain(&mut self, id: &str) -> Seq {
        let draining = ReplicaDraining {
            project: "shop".parse().unwrap(),
            replica: id.parse().unwrap(),
            why: RetireReason::ScaledDown,
            drain: Millis(30_000),
            until: Time::default(),
        };
        self.say(Writer::Scheduler, draining).await
    }

    /// What the balancer says next in the log.
    pub async fn told(&mut self) -> TableApplied {
        let mut ledger = Self::ledger();
        let mut messages = self.log.follow(Seq(0));
        loop {
            let stored = futures::StreamExt::next(&mut messages)
                .await
                .unwrap()
                .unwrap();
            let message = ledger.check(&stored).unwrap();
            let Message::Commit(Writer::Balancer(_), commit) = message else {
                continue;
            };
            if let Fact::TableApplied(applied) = &commit.events[0].fact
                && stored.seq > self.read
            {
                self.read = stored.seq;
                return applied.clone();
            }
        }
    }
}

pub fn key(id: &str) -> ReplicaKey {
    format!("shop/{id}").parse().unwrap()
}
