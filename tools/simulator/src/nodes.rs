//! The nodes of a `Cluster`: they act, are told what to run, and are heard, unless they are cut off.

use std::collections::BTreeSet;

use gantry_events::{Digest, MachineId, Millis, ReplicaKey, Time, WantedSet};

use crate::audit::Stage;
use crate::checks::Broken;
use crate::cluster::{Cluster, TURN};

/// Time between two heartbeats.
const BEAT: Millis = Millis(500);

/// Silence after which a balancer may be passed over: somewhat less than the scheduler's own.
const BALANCER_LEASE: Millis = Millis::from_secs(20);

impl Cluster {
    /// One machine does one thing.
    pub(crate) fn move_machine(&mut self) -> Result<Option<String>, Broken> {
        let scene = self.scene();
        let powered = self.machines.iter().filter(|(_, machine)| machine.powered);
        let names: Vec<MachineId> = powered.map(|(name, _)| name.clone()).collect();
        let Some(machine) = self
            .chance
            .pick(&names)
            .and_then(|name| self.machines.get_mut(name))
        else {
            return Ok(None);
        };
        if !self.desk.admitted.contains(&machine.admission.node) {
            if !machine.is_cut() {
                self.desk.admit(machine.admission.clone());
            }
            return Ok(None);
        }
        for _ in 0..self.chance.between(1, TURN) {
            let chores = machine.chores(&self.log, self.now);
            if let Some(chore) = self.chance.pick(&chores).copied() {
                machine.perform(chore, &scene, &mut self.chance);
            }
        }
        match self.chance.below(4) {
            0 => machine.look(self.now),
            1 => machine.probe(self.now),
            _ => {
                let done = machine.act(self.now, &mut self.chance);
                let done = done.map_err(|outrage| Broken(outrage.0))?;
                let node = machine.admission.node.clone();
                if let Some(replica) = done.as_ref().and_then(|step| step.ended.as_ref()) {
                    self.check_end(replica)
                        .map_err(|Broken(what)| Broken(format!("{node}: {what}")))?;
                }
                return Ok(done.map(|step| step.line));
            }
        }
        Ok(None)
    }

    /// Nothing that answers is ended while a balancer holds it, unless its time is over. A balancer that is silent,
    /// or was when the end may have been decided, is not waited for.
    fn check_end(&self, replica: &ReplicaKey) -> Result<(), Broken> {
        let stage = self.audit.slots.copy(replica).map(|copy| copy.stage);
        let drain = match stage {
            Some(Stage::Draining(until) | Stage::Stopping(until)) => Some(until),
            Some(Stage::Coming | Stage::Ready | Stage::Unready | Stage::Failed) | None => None,
        };
        if drain.is_some_and(|until| until <= self.now) {
            return Ok(());
        }
        let counts = |balancer: &&crate::balancer::Balancer| {
            let is_heard = self.now.since(balancer.heard) < BALANCER_LEASE;
            is_heard && self.now.since(balancer.returned) >= BALANCER_LEASE
        };
        let mut balancers = self.balancers.iter().filter(counts);
        match balancers.find(|balancer| balancer.holds(replica)) {
            Some(balancer) => Err(Broken(format!(
                "{replica} is ended while {} holds it",
                balancer.id
            ))),
            None => Ok(()),
        }
    }

    /// A node asks what it should run, or an earlier answer reaches it.
    pub(crate) fn tell_nodes(&mut self) -> Option<String> {
        let names: Vec<MachineId> = self.machines.keys().cloned().collect();
        let name = self.chance.pick(&names)?.clone();
        let machine = self.machines.get_mut(&name)?;
        if machine.is_cut() {
            machine.hear_nothing(self.now);
            return None;
        }
        if !machine.inbox.is_empty() && self.chance.percent(60) {
            let index = self.chance.below(machine.inbox.len());
            let set = if self.chance.percent(self.faults.doubled) {
                machine.inbox[index].clone()
            } else {
                machine.inbox.swap_remove(index)
            };
            let told = format!("{} is told the set of {}", set.node, set.seq);
            machine.receive(set, self.now);
            return Some(told);
        }
        machine.worker.live()?;
        let lost = self.chance.percent(self.faults.silence);
        let speaker = self.schedulers.speaker(&mut self.chance);
        let Some(engine) = speaker.and_then(|one| one.live()).filter(|_| !lost) else {
            machine.hear_nothing(self.now);
            return None;
        };
        let mut wanted = engine.wanted(self.now);
        let node = machine.admission.node.clone();
        // Of a node that is not known nothing is said.
        let replicas = wanted.nodes.remove(&node)?;
        machine.inbox.push(WantedSet {
            log: self.log_id,
            seq: engine.folded(),
            node,
            replicas,
        });
        let specs: BTreeSet<Digest> = machine
            .work(self.now)
            .map(|work| work.specs)
            .unwrap_or_default();
        for digest in specs {
            if let Some(spec) = wanted.specs.remove(&digest) {
                machine.learn(digest, spec, self.now);
            }
        }
        None
    }

    /// Whoever is there is heard, twice a second.
    pub(crate) fn beat(&mut self) {
        if self.now.since(self.beaten) < BEAT || self.chance.percent(self.faults.silence) {
            return;
        }
        self.beaten = self.now;
        for machine in self.machines.values_mut() {
            machine.mend_link(self.now);
        }
        let heard = self.machines.values().filter(|one| one.is_heard());
        let nodes = heard.map(|one| one.admission.node.clone()).collect();
        let mut balancers = BTreeSet::new();
        for balancer in &mut self.balancers {
            if balancer.sync.live().is_some() {
                let was_heard = balancer.heard > Time::default();
                if was_heard && self.now.since(balancer.heard) >= BALANCER_LEASE {
                    balancer.returned = self.now;
                }
                balancer.heard = self.now;
                balancers.insert(balancer.id.clone());
            }
        }
        self.schedulers.hear(&nodes, &balancers, self.now);
    }
}
