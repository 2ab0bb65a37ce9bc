//! How facts about replicas and their slots change the state, and what is forgotten with them.

use gantry_decider::Entry;
use gantry_events::{
    FailureReason, NodeId, Place, ProjectName, ReplicaDraining, ReplicaFailed, ReplicaId,
    ReplicaOverdue, ReplicaPlaced, ReplicaReady, ReplicaRestarted, ReplicaStopped, ReplicaStopping,
    ReplicaUnready, ServiceUnplaced, Time, Writer,
};

use super::{with_project, with_service};
use crate::limits::{HEAL, SOUND_AFTER};
use crate::service::{Failure, Retry, SlotState, Unplaced};
use crate::state::{Project, State};
use crate::{Life, Replica, Version};

pub(super) fn unplaced(state: &mut State, said: &ServiceUnplaced) {
    with_service(state, &said.project, &said.service, |service| {
        let slot = service.slots.entry(said.ordinal).or_default();
        let reminders = slot
            .unplaced
            .as_ref()
            .map_or(1, |before| before.reminders + 1);
        let because = said.explanation.because.clone();
        slot.unplaced = Some(Unplaced {
            until: said.until,
            reminders,
            because,
        });
    });
}

pub(super) fn placed(state: &mut State, said: &ReplicaPlaced) {
    with_project(state, &said.project, |project| {
        let Some(service) = project.services.get_mut(&said.slot.service) else {
            return;
        };
        let slot = service.slots.entry(said.slot.ordinal).or_default();
        slot.epoch = slot.epoch.max(said.epoch);
        slot.unplaced = None;
        project
            .replicas
            .retain(|_, old| !(old.slot == said.slot && old.is_failed()));
        let replica = Replica {
            slot: said.slot.clone(),
            epoch: said.epoch,
            version: Version {
                release: said.release,
                spec: said.spec,
            },
            node: said.node.clone(),
            cpu: said.cpu,
            memory: said.memory,
            life: Life::Placed {
                until: said.until,
                reminders: 0,
            },
        };
        project.replicas.insert(said.replica.clone(), replica);
    });
}

pub(super) fn draining(state: &mut State, entry: &Entry<'_>, said: &ReplicaDraining) {
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.drains(said.why.clone(), entry.place.seq, said.until);
    });
}

pub(super) fn stopping(state: &mut State, said: &ReplicaStopping) {
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.stops(said.grace, said.until);
    });
}

pub(super) fn overdue(state: &mut State, said: &ReplicaOverdue) {
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.is_reminded(said.until)
    });
}

pub(super) fn ready(state: &mut State, entry: &Entry<'_>, said: &ReplicaReady) {
    if !is_its_node(state, entry, &said.project, &said.replica) {
        return;
    }
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.becomes_ready(said.address, entry.time);
    });
    with_project(state, &said.project, |project| project.prove(&said.replica));
}

pub(super) fn unready(state: &mut State, entry: &Entry<'_>, said: &ReplicaUnready) {
    if !is_its_node(state, entry, &said.project, &said.replica) {
        return;
    }
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.becomes_unready(entry.time)
    });
}

/// Its process ended and is started anew: it answers once its node says so again.
pub(super) fn restarted(state: &mut State, entry: &Entry<'_>, said: &ReplicaRestarted) {
    if !is_its_node(state, entry, &said.project, &said.replica) {
        return;
    }
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.becomes_unready(entry.time)
    });
}

pub(super) fn failed(state: &mut State, entry: &Entry<'_>, said: &ReplicaFailed) {
    let failure = Failure {
        replica: said.replica.clone(),
        node: said.node.clone(),
        said: sentence(&said.reason),
        log_tail: said.log_tail.clone(),
    };
    ends(state, entry, &said.project, failure);
}

/// Asked for, it ends a replica's life; unasked, it is as good as given up.
pub(super) fn stopped(state: &mut State, entry: &Entry<'_>, said: &ReplicaStopped) {
    let failure = Failure {
        replica: said.replica.clone(),
        node: said.node.clone(),
        said: "stopped unasked".to_owned(),
        log_tail: Vec::new(),
    };
    ends(state, entry, &said.project, failure);
}

fn ends(state: &mut State, entry: &Entry<'_>, project: &ProjectName, failure: Failure) {
    if !is_its_node(state, entry, project, &failure.replica) {
        return;
    }
    with_project(state, project, |project| {
        let Some(replica) = project.replicas.get(&failure.replica) else {
            return;
        };
        if replica.is_failed() {
            return;
        }
        if replica.is_holder() {
            project.give_up(failure, entry.time, entry.place);
        } else {
            project.forget(&failure.replica);
        }
    });
}

fn sentence(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Unhealthy { probe } => {
            format!("stayed unhealthy and was ended; its probe said: {probe}")
        }
        FailureReason::NotReadyInTime { probe } => {
            format!("was not ready within the time its file allows; its probe said: {probe}")
        }
        FailureReason::CannotStart { said } => {
            format!("cannot be started: {said}")
        }
    }
}

fn with_replica(
    state: &mut State,
    project: &ProjectName,
    replica: &ReplicaId,
    change: impl FnOnce(&mut Replica),
) {
    with_project(state, project, |project| {
        if let Some(replica) = project.replicas.get_mut(replica) {
            change(replica);
        }
    });
}

/// A node speaks for its own replicas alone.
fn is_its_node(
    state: &State,
    entry: &Entry<'_>,
    project: &ProjectName,
    replica: &ReplicaId,
) -> bool {
    let replica = state
        .projects
        .get(project)
        .and_then(|project| project.replicas.get(replica));
    replica.is_some_and(|replica| *entry.writer == Writer::Node(replica.node.clone()))
}

impl Project {
    /// The slot has seen this replica's version work, if it stays.
    fn prove(&mut self, replica: &ReplicaId) {
        let Some(replica) = self
            .replicas
            .get(replica)
            .filter(|replica| replica.is_ready())
        else {
            return;
        };
        if let Some(service) = self.services.get_mut(&replica.slot.service) {
            let slot = service.slots.entry(replica.slot.ordinal).or_default();
            slot.proven = Some(replica.version.clone());
        }
    }

    /// Marks a holder as given up, and has its slot wait before it is filled again.
    fn give_up(&mut self, failure: Failure, at: Time, cause: Place) {
        let Some(replica) = self.replicas.get_mut(&failure.replica) else {
            return;
        };
        let was_sound = match &replica.life {
            Life::Ready { since, .. } | Life::Unready { since, .. } => {
                at.since(*since) >= SOUND_AFTER
            }
            Life::Placed { .. } | Life::Draining { .. } | Life::Stopping { .. } | Life::Failed => {
                false
            }
        };
        replica.life = Life::Failed;
        let slot = replica.slot.clone();
        if let Some(service) = self.services.get_mut(&slot.service) {
            let state = service.slots.entry(slot.ordinal).or_default();
            state.failed(was_sound, at, &failure.node, cause);
            service.last_failure = Some(failure);
        }
        self.forget_stale_failures();
        self.forget_slots(&slot.service);
    }
}

impl SlotState {
    fn failed(&mut self, was_sound: bool, at: Time, node: &NodeId, cause: Place) {
        let before = self.retry.as_ref().map_or(0, |retry| retry.failures);
        let failures = if was_sound {
            1
        } else {
            before.saturating_add(1)
        };
        self.retry = Some(Retry {
            failures,
            at: at + HEAL.after(failures),
            node: node.clone(),
            cause,
        });
    }
}
