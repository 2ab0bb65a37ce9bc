//! Facts about the log's beginning and about nodes.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Bytes, LogId, MachineId, MilliCpu, NodeId};

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
