//! Pools and machines as the log says.

use std::collections::BTreeMap;

use gantry_decider::{Draft, Entry, Said};
use gantry_events::{Fact, MachineId, NodeId, OperationId, PoolName};
use serde::{Deserialize, Serialize};

use crate::{Machine, Phase, Pool};

/// Pools and machines.
///
/// Invariant: every machine's pool is here, and no number is used twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The pools.
    pub pools: BTreeMap<PoolName, Pool>,
    /// The machines of all pools.
    pub machines: BTreeMap<MachineId, Machine>,
    /// How many machines have been numbered so far, across the cluster.
    pub numbered: u32,
}

impl State {
    pub(crate) fn fold(&mut self, entry: &Entry<'_>) {
        let Said::Fact(fact) = &entry.said else {
            return;
        };
        match fact {
            Fact::PoolCreated(f) => {
                self.pools.insert(f.pool.clone(), Pool::growing(f));
            }
            Fact::MachineRequested(f) => {
                let fresh = self
                    .machines
                    .insert(f.machine.clone(), Machine::requested(f));
                self.numbered += u32::from(fresh.is_none());
            }
            Fact::MachineCreated(f) => self.of(&f.machine, |one| one.created(f, entry.time)),
            Fact::MachineStarted(f) => self.of(&f.machine, |one| one.started(entry.time)),
            Fact::MachineReady(f) => self.of(&f.machine, Machine::ready),
            Fact::MachineOverdue(f) => self.of(&f.machine, |one| one.overdue(f.until)),
            Fact::NodeJoined(f) => self.join(&f.node),
            Fact::OperationSucceeded(f) => self.settle(f.operation),
            Fact::OperationFailed(f) => self.settle(f.operation),
            // foreign: what nodes run and balancers route makes no machine
            _ => {}
        }
    }

    /// Says a machine's step as part of the operation its pool still works on.
    pub(crate) fn in_its_operation(&self, machine: &Machine, draft: Draft) -> Draft {
        match self.pools.get(&machine.pool).map(|pool| &pool.phase) {
            Some(Phase::Growing { operation, .. }) => draft.for_operation(*operation),
            Some(Phase::Settled) | None => draft,
        }
    }

    fn of(&mut self, machine: &MachineId, change: impl FnOnce(&mut Machine)) {
        if let Some(machine) = self.machines.get_mut(machine) {
            change(machine);
        }
    }

    fn join(&mut self, node: &NodeId) {
        for machine in self.machines.values_mut().filter(|one| one.node == *node) {
            machine.joined = true;
        }
    }

    fn settle(&mut self, operation: OperationId) {
        for pool in self
            .pools
            .values_mut()
            .filter(|pool| pool.works_on(operation))
        {
            pool.phase = Phase::Settled;
        }
    }
}
