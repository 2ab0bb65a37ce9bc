//! Fills slots: each gets a node, or a word about why there is none.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Event, Explanation, NodeId, ReplicaId, ReplicaKey, ReplicaPlaced, ServiceUnplaced, Slot, Time,
};
use gantry_spec::ContainerSpec;

use crate::limits::{PULL_MARGIN, REMIND};
use crate::placement::{self, Ask};
use crate::rollout::{Fill, Rollout};
use crate::service::SlotState;
use crate::state::State;
use crate::usage::Usage;

/// What the placements of one pass have used up by now.
pub(crate) struct Filling<'a> {
    usage: Usage<'a>,
    taken: BTreeSet<ReplicaKey>,
    now: Time,
}

impl<'a> Filling<'a> {
    /// A pass in which nothing was placed yet.
    pub fn of(state: &'a State, now: Time) -> Self {
        Self {
            usage: Usage::of(state),
            taken: BTreeSet::new(),
            now,
        }
    }

    /// Fills slots of the service whose time has come, `most` of them.
    pub fn fill(&mut self, rollout: &Rollout<'_>, most: usize) -> Vec<Event> {
        let mut staying = placement::staying(rollout);
        let due = rollout
            .fills()
            .into_iter()
            .filter(|fill| self.is_due(rollout, fill));
        let due: Vec<Fill> = due.take(most).collect();
        due.iter()
            .filter_map(|fill| self.fill_one(rollout, fill, &mut staying))
            .collect()
    }

    fn is_due(&self, rollout: &Rollout<'_>, fill: &Fill) -> bool {
        rollout
            .service
            .slot(fill.ordinal)
            .retry
            .is_none_or(|retry| retry.is_due(self.now))
    }

    fn fill_one(
        &mut self,
        rollout: &Rollout<'_>,
        fill: &Fill,
        staying: &mut BTreeMap<NodeId, u32>,
    ) -> Option<Event> {
        let spec = rollout.project.specs.get(&fill.version.spec)?;
        let slot = rollout.service.slot(fill.ordinal);
        let siblings = placement::without_slot(staying, rollout.slot(fill.ordinal));
        let choice = placement::choose(
            &self.usage,
            &Ask {
                cpu: spec.resources.cpu.unwrap_or_default(),
                memory: spec.resources.memory.unwrap_or_default(),
                siblings: &siblings,
                avoid: slot.retry.as_ref().map(|retry| &retry.node),
            },
        );
        let Some(node) = choice.node else {
            return self
                .unplaced(rollout, fill, &slot, choice.explanation)
                .map(Event::from);
        };
        *staying.entry(node.clone()).or_default() += 1;
        let placed = self.placed(rollout, fill, spec, (node, choice.explanation));
        self.usage.place(&placed.node, placed.cpu, placed.memory);
        Some(placed.into())
    }

    fn placed(
        &mut self,
        rollout: &Rollout<'_>,
        fill: &Fill,
        spec: &ContainerSpec,
        (node, explanation): (NodeId, Explanation),
    ) -> ReplicaPlaced {
        let before = rollout.service.slot(fill.ordinal).epoch;
        let epoch = before.max(if before == 0 {
            rollout.project.epoch_floor
        } else {
            0
        }) + 1;
        let slot = Slot {
            service: rollout.id.clone(),
            ordinal: fill.ordinal,
        };
        ReplicaPlaced {
            project: rollout.name.clone(),
            replica: self.free_id(rollout, &slot, epoch),
            slot,
            epoch,
            release: fill.version.release,
            node,
            spec: fill.version.spec,
            cpu: spec.resources.cpu.unwrap_or_default(),
            memory: spec.resources.memory.unwrap_or_default(),
            explanation,
            until: self.now + spec.health.start_within + PULL_MARGIN,
            round: 0,
        }
    }

    /// The id that follows from slot and epoch, or the next one that no replica has.
    fn free_id(&mut self, rollout: &Rollout<'_>, slot: &Slot, epoch: u32) -> ReplicaId {
        let is_free = |id: &ReplicaId| {
            !rollout.project.replicas.contains_key(id) && !self.taken.contains(&rollout.key(id))
        };
        let id = (0..)
            .map(|clash| ReplicaId::of(rollout.name, slot, epoch, clash))
            .find(is_free)
            .expect("there are more ids than replicas");
        self.taken.insert(rollout.key(&id));
        id
    }

    /// Said once, and again at its deadline while nothing has changed.
    fn unplaced(
        &self,
        rollout: &Rollout<'_>,
        fill: &Fill,
        slot: &SlotState,
        explanation: Explanation,
    ) -> Option<ServiceUnplaced> {
        let reminders = match &slot.unplaced {
            Some(unplaced) if self.now < unplaced.until => return None,
            Some(unplaced) => unplaced.reminders,
            None => 0,
        };
        Some(ServiceUnplaced {
            project: rollout.name.clone(),
            service: rollout.id.clone(),
            ordinal: fill.ordinal,
            explanation,
            until: self.now + REMIND.after(reminders.saturating_add(1)),
        })
    }
}
