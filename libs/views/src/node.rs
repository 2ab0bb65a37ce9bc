//! A node: one machine's worker, what it has and what is set aside of it; whether it is heard
//! ([`Liveness`]) and whether it takes replicas ([`Availability`]), kept apart.

pub(crate) mod fold;

use std::collections::BTreeMap;
use std::net::IpAddr;

use gantry_events::{Bytes, Capacity, MachineId, MilliCpu, NodeId, OperationId, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Standing};

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeDoc {
    /// Its id.
    #[schema(value_type = String)]
    pub id: NodeId,
    /// What the provider calls the machine it runs on: a simulated machine's container.
    pub machine: String,
    /// That machine, as Gantry calls it.
    #[schema(value_type = String)]
    pub machine_id: MachineId,
    /// How it is in a word: its liveness where that is in doubt, else its availability.
    pub state: NodeState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
    /// Whether it is heard.
    pub liveness: Liveness,
    /// Whether it takes replicas.
    pub availability: Availability,
    /// Its address on the machines' private network, once it has joined.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What it can give to replicas in all: thousandths of a core, bytes.
    #[schema(value_type = Object)]
    pub capacity: Capacity,
    /// What of it is not set aside.
    #[schema(value_type = Object)]
    pub free: Capacity,
    /// What is set aside for its replicas.
    #[schema(value_type = Object)]
    pub reserved: Capacity,
    /// How many replicas it has that have not ended.
    pub replicas: u32,
    /// Its labels, `pool` and `provider` among them.
    pub labels: BTreeMap<String, String>,
}

/// How a node is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It has its key; its worker has not reported yet.
    Joining,
    /// It takes replicas.
    Ready,
    /// It takes no more replicas; what runs there stays.
    Cordoned,
    /// What runs there moves elsewhere.
    Draining,
    /// Nothing runs there, and it takes no replicas.
    Drained,
    /// Its heartbeats stay away.
    Suspect,
    /// It was given up: what ran there is replaced elsewhere.
    Lost,
    /// Its machine was removed.
    Removed,
    /// Its machine is no more, unasked.
    Gone,
}

impl NodeState {
    /// Whether its machine is no more.
    pub fn is_final(self) -> bool {
        match self {
            Self::Removed | Self::Gone => true,
            Self::Joining
            | Self::Ready
            | Self::Cordoned
            | Self::Draining
            | Self::Drained
            | Self::Suspect
            | Self::Lost => false,
        }
    }
}

/// Whether a node is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Liveness {
    /// Whether it is.
    pub state: Heard,
    /// Since when; of a silent node, when it was last heard.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
    /// When the next thing is said of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// Whether so many are silent at once that the fault is rather between them and the scheduler.
    #[serde(default)]
    pub widespread: bool,
}

/// Whether a node is heard, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// Not yet.
    Joining,
    /// It is.
    Alive,
    /// Its heartbeats stay away.
    Suspect,
    /// It stayed silent.
    Lost,
}

/// Whether a node takes replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Availability {
    /// Whether it does.
    pub state: Open,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
    /// What holds a drain up, once it is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_up: Option<String>,
    /// When a drain should be over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// The operation that asked for it, if one did.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
}

/// Whether a node takes replicas, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Open {
    /// It does.
    Open,
    /// No more.
    Cordoned,
    /// No more, and what it has moves elsewhere.
    Draining,
    /// No more, and it has none.
    Drained,
}

impl NodeDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::node(&self.id)
    }

    /// The operation that waits for its drain, or waited.
    pub(crate) fn drained_for(&self) -> Option<OperationId> {
        let drained = matches!(self.availability.state, Open::Draining | Open::Drained);
        self.availability.operation.filter(|_| drained)
    }

    pub(crate) fn reserve(&mut self, cpu: MilliCpu, memory: Bytes) {
        self.reserved.cpu.0 = self.reserved.cpu.0.saturating_add(cpu.0);
        self.reserved.memory.0 = self.reserved.memory.0.saturating_add(memory.0);
        self.measure();
    }

    pub(crate) fn release(&mut self, cpu: MilliCpu, memory: Bytes) {
        self.reserved.cpu.0 = self.reserved.cpu.0.saturating_sub(cpu.0);
        self.reserved.memory.0 = self.reserved.memory.0.saturating_sub(memory.0);
        self.measure();
    }

    fn measure(&mut self) {
        let (all, taken) = (&self.capacity, &self.reserved);
        self.free = Capacity {
            cpu: MilliCpu(all.cpu.0.saturating_sub(taken.cpu.0)),
            memory: Bytes(all.memory.0.saturating_sub(taken.memory.0)),
        };
    }
}
