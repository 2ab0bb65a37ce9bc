//! Rest: when a run has nothing left to do, and what must hold then.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{MachineId, ReplicaKey};
use gantry_scheduler_core::Replica;

use crate::checks::{Broken, deadlines_lie_ahead, wanted_is_present};
use crate::cluster::Cluster;
use crate::machine::Machine;

impl Cluster {
    /// Whether something is under way that is no matter of waiting.
    pub fn is_busy(&self) -> bool {
        let (log, now) = (&self.log, self.now);
        let mut schedulers = self.schedulers.each().iter();
        let mut syncs = self.balancers.iter();
        self.desk.is_busy(log)
            || !self.schedulers.is_settled()
            || schedulers.any(|one| !one.chores(log, now).is_empty())
            || !self.provisioner.chores(log, now).is_empty()
            || syncs.any(|one| !one.sync.chores(log, now).is_empty())
            || self.machines.values().any(|machine| {
                !machine.powered || machine.can_act(self.now) || self.is_behind(machine)
            })
    }

    /// Whether a node that was told what to run has yet to be told the same of the log as it stands now.
    fn is_behind(&self, machine: &Machine) -> bool {
        let told = machine.told.as_ref();
        told.is_some_and(|set| set.seq < self.log.last())
    }

    /// Whether no process is down or hanging: what fails for good keeps failing, and that is no rest.
    pub fn nothing_fails(&self) -> bool {
        self.machines
            .values()
            .all(|machine| machine.worker.live().is_some())
    }

    /// What must hold once everything has come to rest.
    pub fn check_rest(&mut self) -> Result<(), Broken> {
        self.audit.check_outcomes(&self.desk.accepted)?;
        self.check_replays()?;
        let scheduler = self.schedulers.holder();
        deadlines_lie_ahead("scheduler", scheduler, self.now)?;
        deadlines_lie_ahead("provisioner", &self.provisioner, self.now)?;
        for balancer in &self.balancers {
            deadlines_lie_ahead(balancer.id.as_str(), &balancer.sync, self.now)?;
        }
        self.check_machines()?;
        let Some(engine) = scheduler.live() else {
            return Err(Broken("the scheduler does not run".to_owned()));
        };
        let wanted = engine.wanted(self.now);
        for machine in self.machines.values() {
            let node = &machine.admission.node;
            deadlines_lie_ahead(node.as_str(), &machine.worker, self.now)?;
            let mut replicas = wanted.nodes.get(node).cloned().unwrap_or_default();
            // One that was given up stays wanted for its logs, and is never started again.
            replicas.retain(|key, _| !engine.state().replica(key).is_some_and(Replica::is_failed));
            wanted_is_present(node, &replicas, &machine.engine.running())?;
        }
        self.check_slots()
    }

    /// The provider has the machines that there should be, and nothing of any other.
    fn check_machines(&self) -> Result<(), Broken> {
        self.audit.pools.check_whole()?;
        let should = self.audit.pools.machines();
        let does: BTreeSet<MachineId> = self.found().into_keys().collect();
        if should == does && self.remains.is_empty() {
            return Ok(());
        }
        Err(Broken(format!(
            "the provider has {does:?}, of {:?} remains only, and should have {should:?}",
            self.remains
        )))
    }

    /// No replica runs twice, and no slot has two that run.
    fn check_slots(&self) -> Result<(), Broken> {
        let running: Vec<ReplicaKey> = self
            .machines
            .values()
            .flat_map(|machine| machine.engine.running())
            .collect();
        let mut filled: BTreeMap<_, &ReplicaKey> = BTreeMap::new();
        for key in &running {
            let Some(slot) = self.audit.slots.slot(key) else {
                return Err(Broken(format!("{key} runs, and was never placed")));
            };
            if let Some(other) = filled.insert((&key.project, slot), key) {
                return Err(Broken(format!(
                    "{key} and {other} run, of one slot or as one replica"
                )));
            }
        }
        Ok(())
    }
}
