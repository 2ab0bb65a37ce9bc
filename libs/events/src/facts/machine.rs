//! Facts about pools and machines.

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
    /// The operation that asked for it.
    pub operation: OperationId,
    /// When all its machines should have joined.
    pub until: Time,
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
