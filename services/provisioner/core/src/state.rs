//! Pools and machines as the log says.

use std::collections::BTreeMap;

use gantry_decider::{Draft, Entry, Said};
use gantry_events::{Fact, MachineId, NodeId, OperationId, PoolName, Time};
use serde::{Deserialize, Serialize};

use crate::machine::number;
use crate::pool::Losses;
use crate::{Machine, Phase, Pool};

/// Pools and machines. What is final is forgotten.
///
/// Invariant: every machine's pool is here, and no number is used twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The pools.
    pub pools: BTreeMap<PoolName, Pool>,
    /// The machines of all pools.
    pub machines: BTreeMap<MachineId, Machine>,
    /// The highest number of a machine so far, across the cluster.
    pub numbered: u32,
}

impl State {
    pub(crate) fn fold(&mut self, entry: &Entry<'_>) {
        let Said::Fact(fact) = &entry.said else {
            return;
        };
        let (seq, time) = (entry.place.seq, entry.time);
        match fact {
            Fact::PoolCreated(f) => {
                self.pools.insert(f.pool.clone(), Pool::created(f, seq));
            }
            Fact::PoolScaled(f) => self.of_name(&f.pool, |pool| pool.scaled(f, seq)),
            Fact::PoolClosing(f) => {
                self.of_name(&f.pool, |pool| pool.closing(f.operation, f.until, seq));
            }
            Fact::PoolRemoved(f) => {
                self.pools.remove(&f.pool);
            }
            Fact::MachineRequested(f) => {
                self.machines
                    .insert(f.machine.clone(), Machine::requested(f));
                self.numbered = self.numbered.max(number(&f.machine).unwrap_or_default());
            }
            Fact::MachineCreated(f) => self.of(&f.machine, |one| one.created(f, seq, time)),
            Fact::MachineStarted(f) => self.of(&f.machine, |one| one.started(time)),
            Fact::MachineReady(f) => self.is_ready(&f.machine),
            Fact::MachineOverdue(f) => self.of(&f.machine, |one| one.overdue(f.until)),
            Fact::MachineLeaving(f) => self.of(&f.machine, |one| one.leaving(f)),
            Fact::MachineKept(f) => self.of(&f.machine, Machine::ready),
            Fact::MachineRemoving(f) => self.of(&f.machine, |one| one.removing(f, seq)),
            Fact::MachineRemoved(f) => {
                self.machines.remove(&f.machine);
            }
            Fact::MachineGone(f) => self.is_gone(&f.machine, time),
            Fact::NodeJoined(f) => self.of_node(&f.node, |one| one.joined = true),
            Fact::NodeDrained(f) => self.of_node(&f.node, |one| one.drained = true),
            Fact::NodeDraining(f) => self.of_node(&f.node, |one| one.drained = false),
            Fact::NodeUncordoned(f) => self.of_node(&f.node, |one| one.drained = false),
            Fact::NodeOverdue(f) => self.of_node(&f.node, |one| one.node_overdue(&f.waiting_for)),
            Fact::OperationSucceeded(f) => self.settle(f.operation),
            Fact::OperationFailed(f) => self.settle(f.operation),
            Fact::OperationSuperseded(f) => self.settle(f.operation),
            // foreign: what nodes run and balancers route makes no machine
            _ => {}
        }
    }

    /// The machines of a pool, those that leave among them.
    pub fn of_pool(&self, pool: &PoolName) -> impl Iterator<Item = (&MachineId, &Machine)> {
        let machines = self.machines.iter();
        machines.filter(move |(_, machine)| machine.pool == *pool)
    }

    /// How many machines of a pool neither leave nor are being removed.
    pub(crate) fn staying(&self, pool: &PoolName) -> usize {
        let machines = self.of_pool(pool);
        machines.filter(|(_, machine)| machine.is_staying()).count()
    }

    /// Says a machine's step as part of the operation its pool still works on.
    pub(crate) fn in_its_operation(&self, pool: &PoolName, draft: Draft) -> Draft {
        match self.pools.get(pool).and_then(Pool::operation) {
            Some(operation) => draft.for_operation(operation),
            None => draft,
        }
    }

    fn of(&mut self, machine: &MachineId, change: impl FnOnce(&mut Machine)) {
        if let Some(machine) = self.machines.get_mut(machine) {
            change(machine);
        }
    }

    fn of_node(&mut self, node: &NodeId, change: impl FnOnce(&mut Machine)) {
        let machine = self.machines.values_mut().find(|one| one.node == *node);
        if let Some(machine) = machine {
            change(machine);
        }
    }

    fn of_name(&mut self, pool: &PoolName, change: impl FnOnce(&mut Pool)) {
        if let Some(pool) = self.pools.get_mut(pool) {
            change(pool);
        }
    }

    fn is_ready(&mut self, id: &MachineId) {
        let Some(machine) = self.machines.get_mut(id) else {
            return;
        };
        machine.ready();
        let pool = machine.pool.clone();
        self.of_name(&pool, |pool| pool.losses = Losses::default());
    }

    fn is_gone(&mut self, machine: &MachineId, at: Time) {
        if let Some(gone) = self.machines.remove(machine) {
            self.of_name(&gone.pool, |pool| pool.lost_one(at));
        }
    }

    fn settle(&mut self, operation: OperationId) {
        let waiting = |pool: &&mut Pool| pool.operation() == Some(operation);
        for pool in self.pools.values_mut().filter(waiting) {
            pool.phase = Phase::Settled;
        }
    }
}
