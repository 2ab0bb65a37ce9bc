//! A node: one machine's worker, what it has and what is set aside of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use gantry_events::{
    Bytes, Capacity, MachineId, MilliCpu, NodeAdmitted, NodeId, NodeJoined, Writer,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Documents, Entry, MachineDoc, Standing};

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
    /// How far it is.
    pub state: NodeState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
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
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// How far a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It has its key; its worker has not reported yet.
    Joining,
    /// It takes replicas.
    Ready,
    /// Its heartbeats stay away. No fact: laid over reads of now.
    Silent,
}

impl NodeDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::node(&self.id)
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

/// A node is born, with its key. Its deadline is its machine's.
pub(crate) fn admitted(entry: &Entry<'_>, fact: &NodeAdmitted, documents: &mut Documents) {
    if documents.get(&DocKey::node(&fact.node)).is_some() {
        return;
    }
    let machine = documents.find::<MachineDoc>(&DocKey::machine(&fact.machine));
    let container = machine.and_then(|doc| doc.provider_id.clone());
    let until = machine.and_then(|doc| doc.standing.until);
    documents.write(NodeDoc {
        id: fact.node.clone(),
        machine: container.unwrap_or_else(|| fact.machine.to_string()),
        machine_id: fact.machine.clone(),
        state: NodeState::Joining,
        standing: Standing::waiting(entry.time, "its worker to report what it has", until),
        address: None,
        capacity: Capacity::default(),
        free: Capacity::default(),
        reserved: Capacity::default(),
        replicas: 0,
        labels: BTreeMap::new(),
    });
}

/// A node's worker is at work. Said anew after each of its restarts.
pub(crate) fn joined(entry: &Entry<'_>, fact: &NodeJoined, documents: &mut Documents) {
    if *entry.writer != Writer::Node(fact.node.clone()) {
        return;
    }
    let Some(doc) = documents.change::<NodeDoc>(&DocKey::node(&fact.node)) else {
        return;
    };
    doc.address = Some(fact.address);
    doc.capacity = fact.capacity;
    doc.measure();
    if doc.state != NodeState::Ready {
        doc.state = NodeState::Ready;
        doc.standing = Standing::at_rest(entry.time);
    }
}

/// The machine of a node has changed its name or its deadline.
pub(crate) fn follow_machine(machine: &MachineDoc, documents: &mut Documents) {
    let Some(doc) = documents.change::<NodeDoc>(&DocKey::node(&machine.node)) else {
        return;
    };
    if doc.machine_id != machine.id {
        return;
    }
    if let Some(container) = &machine.provider_id {
        doc.machine.clone_from(container);
    }
    if doc.state == NodeState::Joining {
        doc.standing.until = machine.standing.until;
    }
}
