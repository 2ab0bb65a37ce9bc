//! Subjects of the log: whose facts and whose commands stand where.

use std::fmt;
use std::str::FromStr;

use crate::{Actor, BalancerId, NodeId};

/// What kind of service writes: one row of the owner table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriterKind {
    /// The one-shot first start.
    Init,
    /// The api's instances, which share a subject.
    Api,
    /// The scheduler.
    Scheduler,
    /// The provisioner.
    Provisioner,
    /// A node-worker.
    Node,
    /// An lb-sync.
    Balancer,
}

impl WriterKind {
    /// Every kind, in the order of the owner table.
    pub const ALL: [Self; 6] = [
        Self::Init,
        Self::Api,
        Self::Scheduler,
        Self::Provisioner,
        Self::Node,
        Self::Balancer,
    ];

    /// The kind as it stands in subjects and actors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Api => "api",
            Self::Scheduler => "scheduler",
            Self::Provisioner => "provisioner",
            Self::Node => "node",
            Self::Balancer => "balancer",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One writer of facts. Its subject is `evt.` and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writer {
    /// The one-shot first start.
    Init,
    /// The api's instances together.
    Api,
    /// The scheduler.
    Scheduler,
    /// The provisioner.
    Provisioner,
    /// The worker of one node.
    Node(NodeId),
    /// The lb-sync of one balancer.
    Balancer(BalancerId),
}

impl Writer {
    /// Its row in the owner table.
    pub fn kind(&self) -> WriterKind {
        match self {
            Self::Init => WriterKind::Init,
            Self::Api => WriterKind::Api,
            Self::Scheduler => WriterKind::Scheduler,
            Self::Provisioner => WriterKind::Provisioner,
            Self::Node(_) => WriterKind::Node,
            Self::Balancer(_) => WriterKind::Balancer,
        }
    }

    /// The writer as an actor, for what it decides by itself.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Node(node) => Actor::Node(node.clone()),
            Self::Init | Self::Api | Self::Scheduler | Self::Provisioner | Self::Balancer(_) => {
                Actor::Service(self.kind())
            }
        }
    }
}

/// A service that answers commands. Its commands stand under `cmd.` and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decider {
    /// The scheduler.
    Scheduler,
    /// The provisioner.
    Provisioner,
}

impl Decider {
    /// Every decider.
    pub const ALL: [Self; 2] = [Self::Scheduler, Self::Provisioner];

    /// The writer its answers come from.
    pub fn writer(self) -> Writer {
        match self {
            Self::Scheduler => Writer::Scheduler,
            Self::Provisioner => Writer::Provisioner,
        }
    }
}

/// A subject of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogSubject {
    /// Commands for one decider, written by the api.
    Commands(Decider),
    /// Facts of one writer.
    Facts(Writer),
}

/// A subject that is none of the log's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no subject of the log")]
pub struct ParseSubjectError(String);

impl LogSubject {
    /// Who writes here.
    pub fn writer(&self) -> Writer {
        match self {
            Self::Commands(_) => Writer::Api,
            Self::Facts(writer) => writer.clone(),
        }
    }
}

impl fmt::Display for LogSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commands(decider) => write!(f, "cmd.{}", decider.writer().kind().as_str()),
            Self::Facts(Writer::Node(node)) => write!(f, "evt.node.{node}"),
            Self::Facts(Writer::Balancer(balancer)) => write!(f, "evt.balancer.{balancer}"),
            Self::Facts(writer) => write!(f, "evt.{}", writer.kind().as_str()),
        }
    }
}

impl FromStr for LogSubject {
    type Err = ParseSubjectError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseSubjectError(text.to_owned());
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            ["cmd", "scheduler"] => Ok(Self::Commands(Decider::Scheduler)),
            ["cmd", "provisioner"] => Ok(Self::Commands(Decider::Provisioner)),
            ["evt", "init"] => Ok(Self::Facts(Writer::Init)),
            ["evt", "api"] => Ok(Self::Facts(Writer::Api)),
            ["evt", "scheduler"] => Ok(Self::Facts(Writer::Scheduler)),
            ["evt", "provisioner"] => Ok(Self::Facts(Writer::Provisioner)),
            ["evt", "node", id] => id
                .parse()
                .map(|id| Self::Facts(Writer::Node(id)))
                .map_err(|_| wrong()),
            ["evt", "balancer", id] => id
                .parse()
                .map(|id| Self::Facts(Writer::Balancer(id)))
                .map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_as_it_was_written() {
        for text in [
            "cmd.scheduler",
            "cmd.provisioner",
            "evt.init",
            "evt.api",
            "evt.node.n1",
            "evt.balancer.b1",
        ] {
            assert_eq!(text.parse::<LogSubject>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_subjects_are_none_of_the_log() {
        for text in [
            "",
            "cmd",
            "cmd.api",
            "evt.node",
            "evt.node.N1",
            "evt.node.n1.x",
            "hb.n1",
            "cmd.node.n1",
        ] {
            assert!(text.parse::<LogSubject>().is_err(), "{text}");
        }
    }
}
