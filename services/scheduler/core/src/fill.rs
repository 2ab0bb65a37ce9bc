//! Fills slots: each gets a node, or the service a word about why there is none.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Event, Explanation, NodeId, PlacePolicy, ReplicaId, ReplicaKey, ReplicaPlaced, ServiceUnplaced,
    Slot, Time,
};
use gantry_spec::ContainerSpec;

use crate::limits::{PULL_MARGIN, REMIND};
use crate::placement::{self, Ask, Choice};
use crate::rollout::{Fill, Rollout};
use crate::state::State;
use crate::usage::Usage;

/// What the placements of one pass have used up by now.
pub(crate) struct Filling<'a> {
    usage: Usage<'a>,
    taken: BTreeSet<ReplicaKey>,
    now: Time,
}

/// Slots of one service that fit nowhere in this pass.
#[derive(Default)]
struct Misfits {
    lowest: Option<(u32, Explanation)>,
    further: u32,
    /// Whether one of them has become due since it was last said that some fit nowhere.
    is_news: bool,
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
        let mut misfits = Misfits::default();
        let fills = rollout.fills().into_iter();
        let due: Vec<Fill> = fills
            .filter(|fill| self.is_due(rollout, fill))
            .take(most)
            .collect();
        let mut events = Vec::new();
        for fill in &due {
            match self.fill_one(rollout, fill, &mut staying) {
                Some(Ok(placed)) => events.push(placed.into()),
                Some(Err(explanation)) => misfits.add(rollout, fill.ordinal, explanation),
                None => {}
            }
        }
        events.extend(self.unplaced(rollout, misfits).map(Event::from));
        events
    }

    fn is_due(&self, rollout: &Rollout<'_>, fill: &Fill) -> bool {
        let retry = rollout.service.slot(fill.ordinal).retry;
        retry.is_none_or(|retry| retry.is_due(self.now))
    }

    fn fill_one(
        &mut self,
        rollout: &Rollout<'_>,
        fill: &Fill,
        staying: &mut BTreeMap<NodeId, u32>,
    ) -> Option<Result<ReplicaPlaced, Explanation>> {
        let spec = rollout.project.specs.get(&fill.version.spec)?;
        let Choice { node, explanation } = self.choose(rollout, fill, (spec, staying));
        let Some(node) = node else {
            return Some(Err(explanation));
        };
        *staying.entry(node.clone()).or_default() += 1;
        let placed = self.placed(rollout, fill, spec, (node, explanation));
        self.usage.place(&placed.node, placed.cpu, placed.memory);
        Some(Ok(placed))
    }

    fn choose(
        &self,
        rollout: &Rollout<'_>,
        fill: &Fill,
        (spec, staying): (&ContainerSpec, &BTreeMap<NodeId, u32>),
    ) -> Choice {
        let retry = rollout.service.slot(fill.ordinal).retry;
        let anywhere = PlacePolicy::default();
        let ask = Ask {
            cpu: spec.resources.cpu.unwrap_or_default(),
            memory: spec.resources.memory.unwrap_or_default(),
            place: rollout.service.plan().map_or(&anywhere, |plan| &plan.place),
            siblings: &placement::without_slot(rollout, staying, fill.ordinal),
            avoid: retry.as_ref().map(|retry| &retry.node),
        };
        placement::choose(&self.usage, &ask)
    }

    fn placed(
        &mut self,
        rollout: &Rollout<'_>,
        fill: &Fill,
        spec: &ContainerSpec,
        (node, explanation): (NodeId, Explanation),
    ) -> ReplicaPlaced {
        let before = match rollout.service.slot(fill.ordinal).epoch {
            0 => rollout.project.epoch_floor,
            epoch @ 1.. => epoch,
        };
        let slot = Slot {
            service: rollout.id.clone(),
            ordinal: fill.ordinal,
        };
        ReplicaPlaced {
            project: rollout.name.clone(),
            replica: self.free_id(rollout, &slot, before + 1),
            slot,
            epoch: before + 1,
            release: fill.version.release,
            round: fill.version.round,
            node,
            spec: fill.version.spec,
            cpu: spec.resources.cpu.unwrap_or_default(),
            memory: spec.resources.memory.unwrap_or_default(),
            explanation,
            until: self.now + spec.health.start_within + PULL_MARGIN,
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

    /// Said once for the service, and again at its deadline or when another slot comes to it.
    fn unplaced(&self, rollout: &Rollout<'_>, misfits: Misfits) -> Option<ServiceUnplaced> {
        let (ordinal, explanation) = misfits.lowest?;
        let before = rollout.service.unplaced.as_ref();
        if before.is_some_and(|before| self.now < before.until && !misfits.is_news) {
            return None;
        }
        let reminders = before.map_or(0, |before| before.reminders);
        Some(ServiceUnplaced {
            project: rollout.name.clone(),
            service: rollout.id.clone(),
            ordinal,
            further: misfits.further,
            explanation,
            until: self.now + REMIND.after(reminders.saturating_add(1)),
        })
    }
}

impl Misfits {
    fn add(&mut self, rollout: &Rollout<'_>, ordinal: u32, explanation: Explanation) {
        let said = rollout.service.unplaced.as_ref().map(|before| before.said);
        let retry = rollout.service.slot(ordinal).retry;
        self.is_news |= retry
            .zip(said)
            .is_some_and(|(retry, said)| !retry.is_due(said));
        if self.lowest.is_none() {
            self.lowest = Some((ordinal, explanation));
        } else {
            self.further += 1;
        }
    }
}
