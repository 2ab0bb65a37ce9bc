//! What one balancer's lb-sync keeps of the log: services with their replicas, and its own last word.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use gantry_events::{
    HostName, LogId, Millis, NodeId, ProjectName, ReplicaId, ReplicaKey, Seq, ServiceName,
    TableApplied, Time,
};
use serde::{Deserialize, Serialize};

/// The log as far as routing goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The log it was folded from.
    pub log: Option<LogId>,
    /// The last sequence that changed the table.
    pub seq: Seq,
    /// Projects that have services.
    pub projects: BTreeMap<ProjectName, Project>,
    /// Nodes that are suspected or lost: what runs there is a last resort.
    pub doubted: BTreeSet<NodeId>,
    /// What this balancer last said is live.
    pub told: Option<Told>,
}

/// What this balancer last said is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it said so.
    pub at: Time,
    /// What it said.
    pub said: TableApplied,
}

/// One project's services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its services by name.
    pub services: BTreeMap<ServiceName, Service>,
    /// To which service each replica belongs; node facts name the replica alone.
    pub home: BTreeMap<ReplicaId, ServiceName>,
}

/// One service's replicas, and the hosts it claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Whether a replica of it ever had an address: then its host is known, with backends or without.
    pub has_port: bool,
    /// Replicas that are placed and not gone.
    pub replicas: BTreeMap<ReplicaId, Replica>,
    /// Hosts it claims beside its own.
    pub domains: BTreeMap<HostName, Claim>,
}

/// A service's claim to a host. The older of two holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Sequence at which it was first made; it has stood since.
    pub since: Seq,
    /// Where requests are sent on to, instead of an answer.
    pub redirect: Option<HostName>,
}

/// One replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// Number of the slot it fills.
    pub ordinal: u32,
    /// For which epoch of the slot.
    pub epoch: u32,
    /// Where it runs; only that node speaks for it.
    pub node: NodeId,
    /// How far it is.
    pub phase: Phase,
    /// Whether it was given up with its node, and has not been regained.
    pub lost: bool,
}

/// How far a replica is, as routing sees it. One that stops, has stopped or failed is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Placed, and never ready so far.
    Placed,
    /// Answers its probe.
    Ready {
        /// Where it listens, if it has a port.
        address: Option<SocketAddr>,
    },
    /// Was ready, and does not answer its probe now or is being restarted.
    Unready {
        /// Where it listened, if it has a port.
        address: Option<SocketAddr>,
    },
    /// On its way out.
    Draining {
        /// How long requests in flight may go on once the balancer has taken it out.
        drain: Millis,
        /// When the scheduler goes on without this balancer's word.
        until: Time,
    },
}

impl Phase {
    /// Where it listens or last listened, if it has a port and may be given requests.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Ready { address } | Self::Unready { address } => *address,
            Self::Placed | Self::Draining { .. } => None,
        }
    }

    /// The phase once its node says that it is ready. What drains comes back no more.
    pub fn ready(&self, address: Option<SocketAddr>) -> Self {
        match self {
            Self::Placed | Self::Ready { .. } | Self::Unready { .. } => Self::Ready { address },
            Self::Draining { .. } => self.clone(),
        }
    }

    /// The phase once its node says that it is not ready.
    pub fn unready(&self) -> Self {
        match self {
            Self::Ready { address } => Self::Unready { address: *address },
            Self::Placed | Self::Unready { .. } | Self::Draining { .. } => self.clone(),
        }
    }
}

impl State {
    /// Replicas on their way out, and until when the scheduler waits for them.
    pub fn draining(&self) -> impl Iterator<Item = (ReplicaKey, Time)> + '_ {
        self.replicas()
            .filter_map(|(key, replica)| match replica.phase {
                Phase::Draining { until, .. } => Some((key, until)),
                Phase::Placed | Phase::Ready { .. } | Phase::Unready { .. } => None,
            })
    }

    fn replicas(&self) -> impl Iterator<Item = (ReplicaKey, &Replica)> {
        self.projects.iter().flat_map(|(project, content)| {
            content.services.values().flat_map(move |service| {
                service.replicas.iter().map(move |(replica, found)| {
                    (
                        ReplicaKey {
                            project: project.clone(),
                            replica: replica.clone(),
                        },
                        found,
                    )
                })
            })
        })
    }
}
