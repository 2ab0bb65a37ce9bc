//! One balancer that does what lb-sync would make it do, or rests.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::*;
use gantry_scheduler_core::Life;

use super::Scene;

impl Scene {
    /// A balancer that routes at once whatever is ready, from here on.
    pub fn with_balancer(mut self) -> Self {
        self.balancer_works = true;
        self.balance();
        self
    }

    pub fn balancer_rests(&mut self) {
        self.balancer_works = false;
    }

    /// The balancer applies the table that follows from the log.
    pub(super) fn balance(&mut self) {
        if self.balancer_works {
            let (routed, released) = self.table();
            self.apply(routed, released);
        }
    }

    /// What a balancer routes and lets go that knows the whole log: of each slot the newest that is ready.
    pub fn table(&self) -> (BTreeSet<ReplicaKey>, BTreeSet<ReplicaKey>) {
        let mut slots: BTreeMap<(ProjectName, Slot), (u32, ReplicaKey)> = BTreeMap::new();
        let mut released = BTreeSet::new();
        for (project_name, project) in &self.stage.state.projects {
            for (key, replica) in project.keyed(project_name) {
                if matches!(replica.life, Life::Draining { .. }) {
                    released.insert(key);
                } else if replica.is_ready() {
                    let slot = (project_name.clone(), replica.slot.clone());
                    let best = slots.entry(slot).or_insert((replica.epoch, key.clone()));
                    *best = best.clone().max((replica.epoch, key));
                }
            }
        }
        (slots.into_values().map(|(_, key)| key).collect(), released)
    }

    /// A balancer of that name is there, and has no table so far.
    pub fn announce(&mut self, balancer: &str) {
        let balancer: BalancerId = balancer.parse().unwrap();
        let applied = TableApplied::none_yet(balancer.clone());
        self.stage.fact(Writer::Balancer(balancer), applied);
    }

    /// A table is live that routes these and has let those go.
    pub fn apply(&mut self, routed: BTreeSet<ReplicaKey>, released: BTreeSet<ReplicaKey>) {
        self.apply_at("b1", routed, released);
    }

    /// The same of a balancer of that name.
    pub fn apply_at(
        &mut self,
        balancer: &str,
        routed: BTreeSet<ReplicaKey>,
        released: BTreeSet<ReplicaKey>,
    ) {
        let balancer: BalancerId = balancer.parse().unwrap();
        let table = self.stage.seq();
        let applied = TableApplied {
            balancer: balancer.clone(),
            table,
            hosts: 1,
            routed,
            released,
        };
        self.stage.fact(Writer::Balancer(balancer), applied);
    }
}
