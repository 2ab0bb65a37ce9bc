//! Facts about replicas: where each should be (scheduler), and what became of it (node).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Bytes, Digest, MilliCpu, Millis, NodeId, ProjectName, ReleaseNumber, ReplicaId, Slot, Time,
};

/// A replica should run on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaPlaced {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The slot it fills.
    pub slot: Slot,
    /// For which epoch of the slot, from 1.
    pub epoch: u32,
    /// The release its spec came with.
    pub release: ReleaseNumber,
    /// How often its service was restarted by then.
    #[serde(default)]
    pub round: u32,
    /// Where.
    pub node: NodeId,
    /// Names its container spec.
    pub spec: Digest,
    /// Processor time set aside on the node.
    pub cpu: MilliCpu,
    /// Memory set aside on the node.
    pub memory: Bytes,
    /// Why there.
    pub explanation: Explanation,
    /// When it should have become ready.
    pub until: Time,
}

/// Why a replica was placed where it was, or nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Nodes that fit, best first.
    pub fit: Vec<NodeId>,
    /// Nodes that do not, each with its reason.
    pub unfit: BTreeMap<NodeId, Unfit>,
    /// What decided among those that fit, in a sentence.
    pub because: String,
}

/// Why a node cannot take a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Unfit {
    /// Not enough processor time left.
    Cpu {
        /// What is left.
        free: MilliCpu,
        /// What is asked for.
        asked: MilliCpu,
    },
    /// Not enough memory left.
    Memory {
        /// What is left.
        free: Bytes,
        /// What is asked for.
        asked: Bytes,
    },
    /// It lacks a label that the service requires.
    Label {
        /// The label.
        label: String,
        /// The value it should have.
        asked: String,
    },
    /// It has as many replicas of the service as the file allows on one node.
    Full {
        /// The most that is allowed.
        most: u32,
    },
    /// It takes no replicas now.
    Unavailable {
        /// Why: `cordoned`, `draining`, `suspect`, `lost`.
        state: String,
    },
}

/// A replica should be given no new requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaDraining {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// Why it leaves.
    pub why: RetireReason,
    /// How long requests in flight may go on once a balancer has taken it out.
    pub drain: Millis,
    /// When it goes on without the balancers' word.
    pub until: Time,
}

/// Why a replica leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum RetireReason {
    /// A newer replica of its slot is ready.
    Replaced {
        /// The newer one.
        by: ReplicaId,
    },
    /// The service has fewer slots now.
    ScaledDown,
    /// The service was removed.
    Removed,
    /// The change it was made for was given up or overtaken before it was ready.
    Abandoned,
    /// Its slot makes way before the newer replica starts.
    MakesWay,
    /// Its node was lost and came back after the slot was filled elsewhere.
    Returned,
}

/// A replica's node was given up: what became of it is not known. It may run on, unrouted, until the node
/// is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaLost {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node it was on.
    pub node: NodeId,
}

/// A replica counts again: its node came back before its slot was filled elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaRegained {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node it is on.
    pub node: NodeId,
    /// When its node should have said how it is.
    pub until: Time,
}

/// A replica should stop: no balancer routes to it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaStopping {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// Time between SIGTERM and SIGKILL.
    pub grace: Millis,
    /// When its node should have said that it stopped.
    pub until: Time,
}

/// A replica has not become what it should have been by its deadline. A new deadline runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaOverdue {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// What is still waited for, in a sentence.
    pub waiting_for: String,
    /// The new deadline.
    pub until: Time,
}

/// A replica answers its probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaReady {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node that says so.
    pub node: NodeId,
    /// Where it listens, for a service with a port.
    pub address: Option<SocketAddr>,
}

/// A replica does not answer its probe any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaUnready {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node that says so.
    pub node: NodeId,
    /// The probe's last answer, in a sentence.
    pub reason: String,
}

/// A replica's process ended and is started again in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaRestarted {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node that says so.
    pub node: NodeId,
    /// How often by now.
    pub restarts: u32,
    /// Exit code of the process that ended, where known.
    pub exit: Option<i64>,
    /// How long the node waits before it starts the process again.
    pub backoff: Millis,
    /// Its last lines, if it was not ready when its process ended: 20 and 4 KiB at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_tail: Vec<String>,
}

/// A replica was given up by its node; it will not run again under this id. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaFailed {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node that says so.
    pub node: NodeId,
    /// Why.
    pub reason: FailureReason,
    /// Exit code of its last process, where known.
    pub exit: Option<i64>,
    /// Its last lines: 20 and 4 KiB at most.
    pub log_tail: Vec<String>,
}

/// Why a node gave a replica up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum FailureReason {
    /// It stayed unhealthy and was ended.
    Unhealthy {
        /// The probe's last answer.
        probe: String,
    },
    /// It was not ready within the time its file allows.
    NotReadyInTime {
        /// The probe's last answer.
        probe: String,
    },
    /// It cannot be started on this node.
    CannotStart {
        /// What the engine said.
        said: String,
    },
}

/// A replica that should stop has stopped. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaStopped {
    /// The project.
    pub project: ProjectName,
    /// The replica.
    pub replica: ReplicaId,
    /// The node that says so.
    pub node: NodeId,
    /// Exit code of its last process, where known.
    pub exit: Option<i64>,
    /// The probe's last answer, if it was not ready when it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// Its last lines, if it was not ready when it was stopped: 20 and 4 KiB at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_tail: Vec<String>,
}
