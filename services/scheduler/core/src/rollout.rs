//! One service with its replicas, slot by slot: which of them may hold a slot, which slots are as they
//! should be, and whether a change of the service is over.
//!
//! What a slot lacks and who leaves it is `slots`, which slots of a changing service are worked at `turn`,
//! which replicas should run elsewhere `misplaced`, what becomes of those whose node was lost `returned`.

mod slots;

pub(crate) use slots::Fill;

use std::collections::BTreeMap;

use gantry_events::{BalancerId, ProjectName, ReplicaId, ReplicaKey, RetireReason, ServiceName};

use crate::Operation;
use crate::misplaced;
use crate::project::Project;
use crate::replica::{Life, Replica};
use crate::service::{Service, Standing};
use crate::state::{State, Table};
use crate::turn::{self, Course};

/// A service as one look at the state shows it.
pub(crate) struct Rollout<'a> {
    pub state: &'a State,
    pub name: &'a ProjectName,
    pub project: &'a Project,
    pub id: &'a ServiceName,
    pub service: &'a Service,
    /// How far its change is; nothing while it does not change.
    pub course: Course,
    /// The tables of the balancers that count.
    tables: Vec<&'a Table>,
    /// Its replicas by slot, in the order of their epochs.
    slots: BTreeMap<u32, Vec<Member<'a>>>,
}

/// A replica with its id.
pub(crate) type Member<'a> = (&'a ReplicaId, &'a Replica);

/// Every service of every project. Balancers for which `is_silent` holds do not count, unless no other
/// is left: then what they last said is all that is known.
pub(crate) fn all<'a>(
    state: &'a State,
    is_silent: impl Fn(&BalancerId) -> bool,
) -> Vec<Rollout<'a>> {
    let heard = state.balancers.iter().filter(|(id, _)| !is_silent(id));
    let mut tables: Vec<&Table> = heard.map(|(_, table)| table).collect();
    if tables.is_empty() {
        tables = state.balancers.values().collect();
    }
    state
        .projects
        .iter()
        .flat_map(|(name, project)| of_project(state, (name, project), &tables))
        .collect()
}

/// How many slots of the service are as they should be, by the word of all balancers.
pub(crate) fn done(state: &State, project: &ProjectName, service: &ServiceName) -> u32 {
    let Some(entry) = state.projects.get_key_value(project) else {
        return 0;
    };
    let tables: Vec<&Table> = state.balancers.values().collect();
    let rollouts = of_project(state, entry, &tables);
    let found = rollouts.iter().find(|rollout| rollout.id == service);
    found.map_or(0, |rollout| rollout.course.done)
}

fn of_project<'a>(
    state: &'a State,
    (name, project): (&'a ProjectName, &'a Project),
    tables: &[&'a Table],
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
    let rollout = |(id, service): (&'a ServiceName, &'a Service)| {
        let mut rollout = Rollout {
            state,
            name,
            project,
            id,
            service,
            course: Course::default(),
            tables: tables.to_vec(),
            slots: members.remove(id).unwrap_or_default(),
        };
        if rollout.is_changing() {
            rollout.course = turn::course(&rollout);
        }
        rollout
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

    /// Whether a change of it runs.
    pub fn is_changing(&self) -> bool {
        self.service.operation().is_some()
    }

    /// The tables of the balancers that count.
    pub fn tables(&self) -> &[&'a Table] {
        &self.tables
    }

    /// Whether the replica may fill its slot: what was ready may, and what is coming if it runs what
    /// the slot should have or has.
    pub fn may_hold(&self, replica: &Replica) -> bool {
        let is_aim = || {
            self.service
                .version()
                .is_some_and(|version| version.runs_same(&replica.version))
                && self.service.standing != Standing::GaveUp
        };
        let is_proven = || {
            self.service
                .proven(replica.slot.ordinal)
                .is_some_and(|proven| proven.runs_same(&replica.version))
        };
        let is_there = || {
            let mut slot = self.slot(replica.slot.ordinal).iter();
            slot.any(|(_, other)| {
                let stays = other.is_holder() && !other.is_coming();
                stays && other.version.runs_same(&replica.version)
            })
        };
        let may = !replica.is_coming() || is_aim() || is_proven() || is_there();
        replica.is_holder() && may && !turn::is_overruled(self, replica)
    }

    /// The newest replica that may fill the slot.
    pub fn newest(&self, ordinal: u32) -> Option<Member<'a>> {
        let mut newest_first = self.slot(ordinal).iter().rev();
        newest_first
            .find(|(_, replica)| self.may_hold(replica))
            .copied()
    }

    /// Whether traffic can go to the replica: every balancer routes to it, or it takes none.
    pub fn is_reachable(&self, (id, replica): Member<'_>) -> bool {
        if !self.project.has_port(&replica.version.spec) {
            return true;
        }
        let key = self.key(id);
        self.tables.iter().all(|table| table.routed.contains(&key))
    }

    /// Whether the replica runs what it should, where it may.
    pub fn is_right(&self, replica: &Replica) -> bool {
        self.service.plan().is_some_and(|plan| {
            plan.version.runs_same(&replica.version)
                && misplaced::may_be_at(self.state, plan, &replica.node)
        })
    }

    /// Whether the slot is as it should be: filled, and traffic reaches it.
    pub fn is_done(&self, ordinal: u32) -> bool {
        let newest = self.newest(ordinal);
        self.is_filled(ordinal) && newest.is_some_and(|newest| self.is_reachable(newest))
    }

    /// Whether the slot has one ready replica of the right version, and no other beside it.
    pub fn is_filled(&self, ordinal: u32) -> bool {
        let holders = self.slot(ordinal).iter();
        let is_right = |(_, replica): Member<'_>| replica.is_ready() && self.is_right(replica);
        holders.filter(|(_, replica)| replica.is_holder()).count() == 1
            && self.newest(ordinal).is_some_and(is_right)
    }

    /// Whether all is as asked for. What takes replicas away is finished when they are gone; what
    /// replaces them, when traffic has moved.
    pub fn is_finished(&self) -> bool {
        self.course.open.is_none() && self.holding_up().next().is_none()
    }

    /// Replicas that have to be gone before all is as asked for.
    pub fn holding_up(&self) -> impl Iterator<Item = Member<'a>> + '_ {
        self.members().filter(|(_, replica)| self.holds_up(replica))
    }

    fn holds_up(&self, replica: &Replica) -> bool {
        match &replica.life {
            Life::Placed { .. } | Life::Ready { .. } | Life::Unready { .. } => {
                replica.slot.ordinal >= self.service.replicas()
            }
            Life::Draining { .. } => true,
            Life::Stopping { why, reminders, .. } => match why {
                RetireReason::ScaledDown | RetireReason::Removed => true,
                // Its last words are part of why the release failed.
                RetireReason::Abandoned if self.is_going_back() && *reminders == 0 => true,
                RetireReason::Replaced { .. }
                | RetireReason::Abandoned
                | RetireReason::MakesWay
                | RetireReason::Returned => self.service.plan().is_none(),
            },
            Life::Failed | Life::Lost { .. } => false,
        }
    }

    /// Whether more of its slots are done than ever were, and others are not.
    pub fn has_advanced(&self) -> bool {
        match &self.service.standing {
            Standing::Changing { done, .. } => {
                self.course.open.is_some() && self.course.done > *done
            }
            Standing::Steady | Standing::GaveUp => false,
        }
    }

    fn is_going_back(&self) -> bool {
        let operation = self.service.operation();
        operation
            .and_then(|operation| self.state.operations.get(&operation))
            .is_some_and(|operation| matches!(operation, Operation::RollingBack { .. }))
    }
}
