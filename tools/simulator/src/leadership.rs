//! `Schedulers`: two instances of the scheduler, one of which holds the lease. One that lost it goes on as
//! if it held it, and hears nothing new, until it is told.

use gantry_bus::MemoryLog;
use gantry_events::{BalancerId, NodeId, Time};
use gantry_scheduler_core::{Reading, SchedulerCore};
use std::collections::BTreeSet;

use crate::chance::Chance;
use crate::planted::Planted;
use crate::service::{Birth, Chore, Service};

/// One instance.
pub type Instance = Service<Planted<SchedulerCore>>;

/// The instances and their lease.
pub struct Schedulers {
    pair: [Instance; 2],
    holder: usize,
}

impl Schedulers {
    /// Two instances that know nothing of the lease yet; the first holds it.
    pub fn new(birth: &Birth<Planted<SchedulerCore>>) -> Self {
        let instance = |_| {
            let mut instance = Service::new(birth.clone(), false);
            instance.lead(false, Time::default());
            instance
        };
        Self {
            pair: [0, 1].map(instance),
            holder: 0,
        }
    }

    /// Who holds the lease, whether it knows or not.
    pub fn holder(&self) -> &Instance {
        &self.pair[self.holder]
    }

    /// Both.
    pub fn each(&self) -> &[Instance] {
        &self.pair
    }

    /// Both, to be changed.
    pub fn each_mut(&mut self) -> &mut [Instance] {
        &mut self.pair
    }

    /// One of them, and what can happen to it now.
    pub fn pick(
        &mut self,
        log: &MemoryLog,
        now: Time,
        chance: &mut Chance,
    ) -> (&mut Instance, Option<Chore>) {
        let index = chance.below(self.pair.len());
        let is_deposed = index != self.holder && self.pair[index].leads();
        let mut chores = self.pair[index].chores(log, now);
        chores.retain(|chore| !is_deposed || *chore != Chore::Deliver);
        (&mut self.pair[index], chance.pick(&chores).copied())
    }

    /// An instance that gives answers: it runs and thinks that it leads.
    pub fn speaker(&self, chance: &mut Chance) -> Option<&Instance> {
        let speaks = |one: &&Instance| one.leads() && one.live().is_some();
        let speakers: Vec<&Instance> = self.pair.iter().filter(speaks).collect();
        chance.pick(&speakers).copied()
    }

    /// An instance that asks registries, as each does that runs and thinks that it leads.
    pub fn speaker_mut(&mut self, chance: &mut Chance) -> Option<&mut Instance> {
        let speaks = |one: &&mut Instance| one.leads() && one.live().is_some();
        let mut speakers: Vec<&mut Instance> = self.pair.iter_mut().filter(speaks).collect();
        if speakers.is_empty() {
            return None;
        }
        Some(speakers.swap_remove(chance.below(speakers.len())))
    }

    /// The lease goes to the other. Neither knows.
    pub fn pass_on(&mut self) {
        self.holder = 1 - self.holder;
    }

    /// Whether everybody knows who leads.
    pub fn is_settled(&self) -> bool {
        (0..self.pair.len()).all(|index| self.knows(index))
    }

    fn knows(&self, index: usize) -> bool {
        let runs = self.pair[index].engine().is_some();
        runs && self.pair[index].leads() == (index == self.holder)
    }

    /// Each that runs is told whether it leads. Who leads listens, afresh.
    pub fn learn(&mut self, now: Time) {
        for index in 0..self.pair.len() {
            let leads = index == self.holder;
            let one = &mut self.pair[index];
            if one.engine().is_some() && one.leads() != leads {
                one.lead(leads, now);
                one.read(Reading::Listening(leads), now);
            }
        }
    }

    /// Heartbeats reach everybody who listens.
    pub fn hear(&mut self, nodes: &BTreeSet<NodeId>, balancers: &BTreeSet<BalancerId>, now: Time) {
        for one in self.pair.iter_mut().filter(|one| one.leads()) {
            let (nodes, balancers) = (nodes.clone(), balancers.clone());
            let heard = Reading::Heard {
                at: now,
                nodes,
                balancers,
            };
            one.read(heard, now);
        }
    }

    /// SIGKILL of one of them: it is told anew whether it leads.
    pub fn crash(&mut self, chance: &mut Chance, now: Time) {
        let one = &mut self.pair[chance.below(2)];
        one.crash();
        one.lead(false, now);
    }
}
