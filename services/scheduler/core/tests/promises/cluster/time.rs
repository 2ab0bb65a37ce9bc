//! Time as it passes in the pretended cluster, and who is heard meanwhile.

use std::collections::BTreeSet;

use gantry_decider::Core;
use gantry_events::*;
use gantry_scheduler_core::Reading;

use super::Cluster;
use crate::happens::BALANCERS;

impl Cluster {
    /// The scheduler begins to listen: whom it heard before counts no more.
    pub(super) fn listens(&mut self) {
        self.watch.listens(self.scene.stage.now);
        self.scene.listens(true);
        self.hears();
    }

    /// Time passes, from one thing that is waited for to the next.
    pub fn passes(&mut self, span: Millis) {
        let end = self.scene.stage.now + span;
        while self.scene.stage.now < end {
            self.passes_to_next(end);
        }
    }

    /// Time passes until something is due, or to the end.
    pub fn passes_to_next(&mut self, end: Time) {
        let stage = &mut self.scene.stage;
        let mut due: Vec<Time> = stage
            .core
            .deadlines(&stage.state)
            .into_iter()
            .map(|it| it.until)
            .collect();
        if !self.silent.is_empty() || self.is_b2_mute {
            due.extend(
                stage
                    .core
                    .next(&stage.state, &stage.observed, stage.now)
                    .wake_at,
            );
        }
        let next = due.into_iter().min().unwrap_or(end);
        stage.now = next.max(stage.now + Millis(1)).min(end);
        self.hears();
        self.settles();
    }

    /// Heartbeats of those that speak arrive.
    pub(super) fn hears(&mut self) {
        let state = &self.scene.stage.state;
        let speaks = |node: &&NodeId| !self.silent.contains(*node);
        let nodes: BTreeSet<NodeId> = state.nodes.keys().filter(speaks).cloned().collect();
        let balancers: BTreeSet<BalancerId> = BALANCERS
            .iter()
            .filter(|id| !(self.is_b2_mute && **id == "b2"))
            .map(|id| id.parse().unwrap())
            .collect();
        let at = self.scene.stage.now;
        self.watch.hears(&balancers, at);
        self.scene.stage.reading(Reading::Heard {
            at,
            nodes,
            balancers,
        });
        self.scene.settle();
        self.watch.follow(&self.scene.stage.told);
    }
}
