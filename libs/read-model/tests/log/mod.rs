//! A little log to feed a store with, and a folder to keep it in.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::collections::BTreeMap;
use std::str::FromStr;

use gantry_events::*;
use gantry_read_model::{Content, LogMessage};
use uuid::Uuid;

pub fn id<T: FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

pub fn log_id(n: u128) -> LogId {
    LogId(Uuid::from_u128(n))
}

pub fn operation(n: u128) -> OperationId {
    OperationId(Uuid::from_u128(n))
}

pub fn shop() -> Scope {
    Scope::Project(id("shop"))
}

/// Messages in order, from sequence 1.
#[derive(Default)]
pub struct Log(pub Vec<LogMessage>);

impl Log {
    fn push(&mut self, subject: &str, content: Content) -> &mut Self {
        let seq = Seq(self.0.len() as u64 + 1);
        self.0.push(LogMessage {
            seq,
            subject: subject.into(),
            content,
        });
        self
    }

    pub fn void(&mut self) -> &mut Self {
        self.push("evt.node.n9", Content::Void)
    }

    pub fn asks(&mut self, operation: OperationId, file: &str) -> &mut Self {
        let command = Command {
            operation,
            actor: id("token:ci"),
            time: self.now(),
            request: Digest::of(file.as_bytes()),
            traceparent: None,
            intent: Intent::ConfigPut(ConfigPut {
                project: id("shop"),
                config: file.into(),
            }),
            unchanged_since: None,
        };
        let batch = CommandBatch {
            as_of: Seq(0),
            prev: None,
            commands: vec![command],
        };
        self.push("cmd.scheduler", Content::Commands(batch))
    }

    pub fn says(
        &mut self,
        writer: Writer,
        operation: Option<OperationId>,
        facts: Vec<Fact>,
    ) -> &mut Self {
        let commit = Commit {
            actor: writer.actor(),
            operation,
            answers: None,
            cause: None,
            as_of: Seq(0),
            core: "test/1".into(),
            time: self.now(),
            traceparent: None,
            prev: None,
            evidence: Vec::new(),
            events: facts.into_iter().map(|fact| Event { fact }).collect(),
        };
        self.push("evt.scheduler", Content::Commit(writer, Box::new(commit)))
    }

    /// A release of `shop` with these services.
    pub fn deploys(&mut self, n: u32, services: &[&str]) -> &mut Self {
        let op = operation(u128::from(n));
        let file = format!("file {n}");
        self.asks(op, &file);
        let mut facts = vec![Fact::from(ReleaseCreated {
            project: id("shop"),
            release: ReleaseNumber(n),
            operation: op,
            config: Digest::of(file.as_bytes()),
            images: BTreeMap::new(),
            rollback_of: None,
        })];
        facts.extend(services.iter().map(|name| configured(name, n).into()));
        facts.push(
            OperationSucceeded {
                operation: op,
                scope: shop(),
            }
            .into(),
        );
        self.says(Writer::Scheduler, Some(op), facts)
    }

    pub fn places(&mut self, replica: &str, ordinal: u32, node: &str) -> &mut Self {
        self.says(
            Writer::Scheduler,
            None,
            vec![placed(replica, ordinal, node).into()],
        )
    }

    pub fn readies(&mut self, replica: &str, node: &str) -> &mut Self {
        let ready = ReplicaReady {
            project: id("shop"),
            replica: id(replica),
            node: id(node),
            address: None,
        };
        self.says(Writer::Node(id(node)), None, vec![ready.into()])
    }

    pub fn ends(&mut self, service: &str) -> &mut Self {
        let ended = ServiceEnded {
            project: id("shop"),
            service: id(service),
        };
        self.says(Writer::Scheduler, None, vec![ended.into()])
    }

    pub fn tail(&self) -> Seq {
        Seq(self.0.len() as u64)
    }

    fn now(&self) -> Time {
        Time::from_unix_millis(self.0.len() as i64 * 1000)
    }
}

pub fn configured(service: &str, release: u32) -> ServiceConfigured {
    ServiceConfigured {
        project: id("shop"),
        service: id(service),
        release: ReleaseNumber(release),
        spec: Digest::of(b"spec"),
        replicas: release,
        rollout: Default::default(),
        place: Default::default(),
        domains: Default::default(),
    }
}

fn placed(replica: &str, ordinal: u32, node: &str) -> ReplicaPlaced {
    let (service, _) = replica.rsplit_once('-').unwrap();
    ReplicaPlaced {
        project: id("shop"),
        replica: id(replica),
        slot: Slot {
            service: id(service),
            ordinal,
        },
        epoch: 1,
        release: ReleaseNumber(1),
        node: id(node),
        spec: Digest::of(b"spec"),
        cpu: MilliCpu(1),
        memory: Bytes(1),
        explanation: Explanation::default(),
        until: Time::from_unix_millis(60_000),
        round: 0,
    }
}
