//! What each node has left, as placements of one pass use it up.

use std::collections::BTreeMap;

use gantry_events::{Bytes, Capacity, MilliCpu, NodeId};

use crate::Node;
use crate::replica::Replica;
use crate::state::State;

/// The load of every node.
pub(crate) struct Usage<'a> {
    pub state: &'a State,
    pub nodes: BTreeMap<&'a NodeId, Load>,
}

/// What a node has, and what is taken of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    capacity: Capacity,
    /// Why it takes nothing now, if that is so.
    pub refuses: Option<&'static str>,
    cpu: u64,
    memory: u64,
    /// Replicas that stay.
    pub replicas: u32,
}

impl<'a> Usage<'a> {
    /// The load before a pass.
    pub fn of(state: &'a State) -> Self {
        let load = |node: &Node| Load {
            capacity: node.capacity,
            refuses: node.refuses(),
            ..Load::default()
        };
        let nodes = state.nodes.iter();
        let mut usage = Self {
            state,
            nodes: nodes.map(|(id, node)| (id, load(node))).collect(),
        };
        for replica in state
            .projects
            .values()
            .flat_map(|project| project.replicas.values())
        {
            usage.count(replica);
        }
        usage
    }

    /// What leaves takes room until it is gone; what was given up takes none.
    fn count(&mut self, replica: &Replica) {
        if replica.is_failed() {
            return;
        }
        if let Some(load) = self.nodes.get_mut(&replica.node) {
            load.take(replica.cpu, replica.memory);
            load.replicas += u32::from(replica.is_holder());
        }
    }

    /// Notes a placement of this pass.
    pub fn place(&mut self, node: &NodeId, cpu: MilliCpu, memory: Bytes) {
        if let Some(load) = self.nodes.get_mut(node) {
            load.take(cpu, memory);
            load.replicas += 1;
        }
    }
}

impl Load {
    fn take(&mut self, cpu: MilliCpu, memory: Bytes) {
        self.cpu += u64::from(cpu.0);
        self.memory = self.memory.saturating_add(memory.0);
    }

    /// Processor time that is left.
    pub fn free_cpu(&self) -> MilliCpu {
        let free = u64::from(self.capacity.cpu.0).saturating_sub(self.cpu);
        MilliCpu(u32::try_from(free).unwrap_or(u32::MAX))
    }

    /// Memory that is left.
    pub fn free_memory(&self) -> Bytes {
        Bytes(self.capacity.memory.0.saturating_sub(self.memory))
    }
}
