//! One service with its replicas, slot by slot: which slots are as they should be, whose turn it is,
//! which should be filled and with what, which replicas should leave.
//!
//! A changed service goes slot by slot, the lowest first: the next one's turn comes when the one
//! before holds a ready replica of the new version that every balancer routes to, and nothing else.
//! Slots that never had a ready replica are filled at once: nothing is lost by that.

use std::collections::BTreeMap;

use gantry_events::{ProjectName, ReplicaId, ReplicaKey, RetireReason, ServiceName};

use crate::replica::{Life, Replica};
use crate::service::{Service, SlotState, Standing, Version};
use crate::state::{Project, State};

/// A service as one look at the state shows it.
pub(crate) struct Rollout<'a> {
    pub state: &'a State,
    pub name: &'a ProjectName,
    pub project: &'a Project,
    pub id: &'a ServiceName,
    pub service: &'a Service,
    /// Its replicas by slot, in the order of their epochs.
    slots: BTreeMap<u32, Vec<Member<'a>>>,
}

/// A replica with its id.
pub(crate) type Member<'a> = (&'a ReplicaId, &'a Replica);

/// A slot that should be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub ordinal: u32,
    pub version: Version,
}

/// Every service of every project.
pub(crate) fn all(state: &State) -> Vec<Rollout<'_>> {
    state
        .projects
        .iter()
        .flat_map(|(name, project)| of_project(state, name, project))
        .collect()
}

fn of_project<'a>(
    state: &'a State,
    name: &'a ProjectName,
    project: &'a Project,
) -> Vec<Rollout<'a>> {
    let mut members: BTreeMap<&ServiceName, BTreeMap<u32, Vec<Member<'a>>>> = BTreeMap::new();
    for (id, replica) in &project.replicas {
        let slots = members.entry(&replica.slot.service).or_default();
        slots
            .entry(replica.slot.ordinal)
            .or_default()
            .push((id, replica));
    }
    for slot in members.values_mut().flat_map(BTreeMap::values_mut) {
        slot.sort_by_key(|(_, replica)| replica.epoch);
    }
    let rollout = |(id, service)| {
        let slots = members.remove(id).unwrap_or_default();
        Rollout {
            state,
            name,
            project,
            id,
            service,
            slots,
        }
    };
    project.services.iter().map(rollout).collect()
}

impl<'a> Rollout<'a> {
    /// All its replicas.
    pub fn members(&self) -> impl Iterator<Item = Member<'a>> + '_ {
        self.slots.values().flatten().copied()
    }

    /// The replicas of one slot, in the order of their epochs.
    pub fn slot(&self, ordinal: u32) -> &[Member<'a>] {
        self.slots.get(&ordinal).map_or(&[], Vec::as_slice)
    }

    /// One of its replicas across projects.
    pub fn key(&self, replica: &ReplicaId) -> ReplicaKey {
        ReplicaKey {
            project: self.name.clone(),
            replica: replica.clone(),
        }
    }

    fn is_changing(&self) -> bool {
        matches!(self.service.standing, Standing::Changing { .. })
    }

    /// Whether the replica may fill its slot: what was ready may, and what is coming if it runs what
    /// the slot should have.
    fn may_hold(&self, slot: &SlotState, replica: &Replica) -> bool {
        let is_aim = || {
            self.service
                .version()
                .is_some_and(|version| version.runs_same(&replica.version))
                && self.service.standing != Standing::GaveUp
        };
        let is_proven = || {
            slot.proven
                .as_ref()
                .is_some_and(|proven| proven.runs_same(&replica.version))
        };
        replica.is_holder() && (!replica.is_coming() || is_aim() || is_proven())
    }

    /// The newest replica that may fill the slot.
    pub fn newest(&self, ordinal: u32) -> Option<Member<'a>> {
        let state = self.service.slot(ordinal);
        self.slot(ordinal)
            .iter()
            .rev()
            .find(|(_, replica)| self.may_hold(&state, replica))
            .copied()
    }

    /// Whether traffic can go to the replica: every balancer routes to it, or it takes none.
    pub fn is_reachable(&self, (id, replica): Member<'_>) -> bool {
        !self.project.has_port(&replica.version.spec) || self.state.is_routed(&self.key(id))
    }

    /// Whether the slot is as it should be: one ready replica of the right version, reachable, and no
    /// other beside it.
    pub fn is_done(&self, ordinal: u32) -> bool {
        let holders = self
            .slot(ordinal)
            .iter()
            .filter(|(_, replica)| replica.is_holder())
            .count();
        let is_right = |replica: &Replica| {
            self.service
                .version()
                .is_some_and(|version| version.runs_same(&replica.version))
        };
        holders == 1
            && self.newest(ordinal).is_some_and(|(id, replica)| {
                replica.is_ready() && is_right(replica) && self.is_reachable((id, replica))
            })
    }

    /// The slot whose turn it is: the lowest that is not done.
    pub fn turn(&self) -> Option<u32> {
        (0..self.service.replicas()).find(|ordinal| !self.is_done(*ordinal))
    }

    /// Whether all is as asked for. What takes replicas away is finished when they are gone; what
    /// replaces them, when traffic has moved.
    pub fn is_finished(&self) -> bool {
        self.turn().is_none() && !self.members().any(|(_, replica)| self.holds_up(replica))
    }

    fn holds_up(&self, replica: &Replica) -> bool {
        match &replica.life {
            Life::Placed { .. } | Life::Ready { .. } | Life::Unready { .. } => {
                replica.slot.ordinal >= self.service.replicas()
            }
            Life::Draining { .. } => true,
            Life::Stopping { why, .. } => match why {
                RetireReason::ScaledDown | RetireReason::Removed => true,
                RetireReason::Replaced { .. }
                | RetireReason::Abandoned
                | RetireReason::MakesWay
                | RetireReason::Returned => self.service.version().is_none(),
            },
            Life::Failed => false,
        }
    }

    /// Slots that should be filled, whether or not it is time to do so.
    pub fn fills(&self) -> Vec<Fill> {
        let Some(aim) = self.service.version() else {
            return Vec::new();
        };
        let turn = if self.is_changing() {
            self.turn()
        } else {
            None
        };
        let fill = |ordinal| {
            let version = self.version_for(ordinal, aim, turn == Some(ordinal))?;
            Some(Fill {
                ordinal,
                version: version.clone(),
            })
        };
        (0..self.service.replicas()).filter_map(fill).collect()
    }

    /// What the slot lacks, if it lacks something. An empty slot whose turn has not come is healed with
    /// what is known to work there.
    fn version_for(&self, ordinal: u32, aim: &'a Version, is_turn: bool) -> Option<&'a Version> {
        let newest = self.newest(ordinal);
        let proven = self
            .service
            .slots
            .get(&ordinal)
            .and_then(|slot| slot.proven.as_ref());
        match (&self.service.standing, newest) {
            (Standing::Steady, None) => Some(aim),
            (Standing::GaveUp, None) => proven,
            (Standing::Changing { .. }, None) if is_turn => Some(aim),
            (Standing::Changing { .. }, None) => proven.or(Some(aim)),
            (Standing::Changing { .. }, Some((_, newest))) => {
                (is_turn && !newest.version.runs_same(aim)).then_some(aim)
            }
            (Standing::Steady | Standing::GaveUp, Some(_)) => None,
        }
    }

    /// Replicas that should leave, and why.
    pub fn leavers(&self) -> Vec<(&'a ReplicaId, RetireReason)> {
        let wanted = self.service.replicas();
        let beyond = match self.service.version() {
            Some(_) => RetireReason::ScaledDown,
            None => RetireReason::Removed,
        };
        let leavers = |(ordinal, slot): (&u32, &Vec<Member<'a>>)| -> Vec<_> {
            if *ordinal < wanted {
                return self.outdone(*ordinal);
            }
            let holders = slot.iter().filter(|(_, replica)| replica.is_holder());
            holders.map(|(id, _)| (*id, beyond.clone())).collect()
        };
        self.slots.iter().flat_map(leavers).collect()
    }

    /// Replicas of one slot that a newer one has replaced, or that nobody waits for any more.
    fn outdone(&self, ordinal: u32) -> Vec<(&'a ReplicaId, RetireReason)> {
        let state = self.service.slot(ordinal);
        let newest_ready = self
            .slot(ordinal)
            .iter()
            .rev()
            .find(|(_, replica)| replica.is_ready());
        // The order of the log alone keeps traffic flowing: a table that lacks the old one has the new
        // one. Waiting for the new route guards a change; nothing else has a deadline to wait with.
        let heir = newest_ready.filter(|heir| !self.is_changing() || self.is_reachable(**heir));
        let reason = |replica: &Replica| {
            if !self.may_hold(&state, replica) {
                return Some(RetireReason::Abandoned);
            }
            heir.filter(|(_, heir)| replica.epoch < heir.epoch)
                .map(|(by, _)| RetireReason::Replaced { by: (*by).clone() })
        };
        self.slot(ordinal)
            .iter()
            .filter(|(_, replica)| replica.is_holder())
            .filter_map(|(id, replica)| Some((*id, reason(replica)?)))
            .collect()
    }
}
