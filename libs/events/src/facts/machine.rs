//! Facts about pools and machines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MachineId, NodeId, OperationId, PoolName, Time};

/// A pool should have so many machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCreated {
    /// The pool.
    pub pool: PoolName,
    /// Who makes its machines: `local`.
    pub provider: String,
    /// How many machines it should have.
    pub size: u32,
    /// Labels of its nodes, beside `pool` and `provider`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The operation that asked for it.
    pub operation: OperationId,
    /// When all its machines should have joined.
    pub until: Time,
}

/// A pool should have another number of machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolScaled {
    /// The pool.
    pub pool: PoolName,
    /// How many machines it should have.
    pub size: u32,
    /// The operation that asked for it.
    pub operation: OperationId,
    /// When it should have them.
    pub until: Time,
}

/// A pool should be no more: its machines leave, and then it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolClosing {
    /// The pool.
    pub pool: PoolName,
    /// The operation that asked for it.
    pub operation: OperationId,
    /// When its last machine should have left.
    pub until: Time,
}

/// The last machine of a closing pool has left. Final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRemoved {
    /// The pool.
    pub pool: PoolName,
}

/// A machine should exist. Its join token follows from machine and attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRequested {
    /// The machine.
    pub machine: MachineId,
    /// The node it will be.
    pub node: NodeId,
    /// The pool it belongs to.
    pub pool: PoolName,
    /// Labels of its node, `pool` and `provider` among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How often it has been asked for, from 1.
    pub attempt: u32,
    /// When it should have been made.
    pub until: Time,
}

/// The provider made the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCreated {
    /// The machine.
    pub machine: MachineId,
    /// What the provider calls it.
    pub provider_id: String,
    /// When its node should have joined.
    pub until: Time,
}

/// A machine that had stopped was started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineStarted {
    /// The machine.
    pub machine: MachineId,
}

/// The machine's node has joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineReady {
    /// The machine.
    pub machine: MachineId,
    /// Its node.
    pub node: NodeId,
}

/// A machine has not become what it should have been by its deadline. A new deadline runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineOverdue {
    /// The machine.
    pub machine: MachineId,
    /// What is still waited for, with what the provider last said.
    pub waiting_for: String,
    /// The new deadline.
    pub until: Time,
}

/// A machine should leave: its node is to be drained, then the machine is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineLeaving {
    /// The machine.
    pub machine: MachineId,
    /// Its node.
    pub node: NodeId,
    /// When its node should be empty.
    pub until: Time,
}

/// A machine that should have left stays after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineKept {
    /// The machine.
    pub machine: MachineId,
    /// Its node.
    pub node: NodeId,
}

/// The node of a leaving machine is empty, or never joined: the provider should remove the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRemoving {
    /// The machine.
    pub machine: MachineId,
    /// Its node.
    pub node: NodeId,
    /// When the provider should have removed it.
    pub until: Time,
}

/// The machine is no more, as it should be. Final, for its node as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRemoved {
    /// The machine.
    pub machine: MachineId,
    /// Its node.
    pub node: NodeId,
}

/// The machine is no more, and nobody asked for that. Final, for its node as well; another takes its
/// place in the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineGone {
    /// The machine.
    pub machine: MachineId,
    /// Its node.
    pub node: NodeId,
}
