//! Facts about the log's beginning and about nodes.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Bytes, LogId, MachineId, MilliCpu, NodeId, OperationId, ServiceKey, Time};

/// The first fact of every log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBegun {
    /// Id of the log.
    pub log: LogId,
    /// Name of the cluster.
    pub cluster: String,
}

/// A node may write facts from here on, marked with its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAdmitted {
    /// The node.
    pub node: NodeId,
    /// The machine it runs on.
    pub machine: MachineId,
    /// Its public key, as an nkey of kind user (Ed25519); it marks with the private half.
    pub public_key: String,
}

/// A node-worker is at work, and this is what its node has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeJoined {
    /// The node.
    pub node: NodeId,
    /// Its address on the machines' private network.
    pub address: IpAddr,
    /// What it can give to replicas.
    pub capacity: Capacity,
}

/// What a node can give to replicas in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Processor time.
    pub cpu: MilliCpu,
    /// Memory.
    pub memory: Bytes,
}

/// A node is silent: its replicas leave the balancers where others are left, and nothing is placed on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSuspected {
    /// The node.
    pub node: NodeId,
    /// When it was last heard, or the observer began to listen.
    pub since: Time,
    /// Whether so many are silent at once that the fault is rather between them and the observer.
    pub widespread: bool,
    /// When it is lost if it stays silent.
    pub until: Time,
}

/// A suspected or lost node is heard again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeReturned {
    /// The node.
    pub node: NodeId,
}

/// A node stayed silent: its replicas are replaced elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLost {
    /// The node.
    pub node: NodeId,
    /// When it was last heard, or the observer began to listen.
    pub since: Time,
}

/// Nothing is placed on the node any more; what runs there stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCordoned {
    /// The node.
    pub node: NodeId,
    /// The operation that asked for it.
    pub operation: OperationId,
}

/// The node takes replicas again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeUncordoned {
    /// The node.
    pub node: NodeId,
    /// The operation that asked for it; none where a machine that should have left stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// Services of which a slot fitted no node: whether one does now is said anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unplaced: Vec<ServiceKey>,
}

/// All that runs on the node moves elsewhere, and nothing is placed on it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDraining {
    /// The node.
    pub node: NodeId,
    /// The operation that asked for it; none where its machine leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// When it should be empty.
    pub until: Time,
}

/// A node should be empty and is not. A new deadline runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeOverdue {
    /// The node.
    pub node: NodeId,
    /// What holds it up, in a sentence.
    pub waiting_for: String,
    /// The new deadline.
    pub until: Time,
}

/// No replica is left on a draining node. It stays cordoned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDrained {
    /// The node.
    pub node: NodeId,
}
