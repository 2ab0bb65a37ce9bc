//! How facts about replicas and their slots change the state, and what is forgotten with them.

use gantry_decider::Entry;
use gantry_events::{
    Place, ProjectName, ReplicaDraining, ReplicaFailed, ReplicaId, ReplicaLost, ReplicaOverdue,
    ReplicaPlaced, ReplicaReady, ReplicaRegained, ReplicaRestarted, ReplicaStopped,
    ReplicaStopping, ReplicaUnready, RetireReason, ServiceUnplaced, Time, Writer,
};

use super::nodes::forget_if_gone;
use super::{with_project, with_service};
use crate::failure::Failure;
use crate::limits::SOUND_AFTER;
use crate::project::Project;
use crate::replica::Trouble;
use crate::service::Unplaced;
use crate::state::State;
use crate::{Life, Operation, Replica, Version};

pub(super) fn unplaced(state: &mut State, entry: &Entry<'_>, said: &ServiceUnplaced) {
    with_service(state, &said.project, &said.service, |service| {
        let before = service.unplaced.as_ref();
        service.unplaced = Some(Unplaced {
            ordinal: said.ordinal,
            further: said.further,
            because: said.explanation.because.clone(),
            said: entry.time,
            until: said.until,
            reminders: before.map_or(1, |before| before.reminders + 1),
        });
    });
}

pub(super) fn placed(state: &mut State, said: &ReplicaPlaced) {
    with_project(state, &said.project, |project| {
        let Some(service) = project.services.get_mut(&said.slot.service) else {
            return;
        };
        let is_it = |gap: &mut Unplaced| gap.ordinal == said.slot.ordinal;
        service.unplaced.take_if(is_it);
        let slot = service.slots.entry(said.slot.ordinal).or_default();
        slot.epoch = slot.epoch.max(said.epoch);
        project
            .replicas
            .retain(|_, old| !(old.slot == said.slot && old.is_failed()));
        project
            .replicas
            .insert(said.replica.clone(), as_placed(said));
    });
}

fn as_placed(said: &ReplicaPlaced) -> Replica {
    Replica {
        slot: said.slot.clone(),
        epoch: said.epoch,
        version: Version {
            release: said.release,
            spec: said.spec,
            round: said.round,
        },
        node: said.node.clone(),
        cpu: said.cpu,
        memory: said.memory,
        trouble: Trouble::default(),
        life: Life::Placed {
            until: said.until,
            reminders: 0,
        },
    }
}

pub(super) fn lost(state: &mut State, said: &ReplicaLost) {
    with_replica(state, &said.project, &said.replica, Replica::is_lost);
    forget_if_gone(state, &said.node);
}

pub(super) fn regained(state: &mut State, said: &ReplicaRegained) {
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.is_regained(said.until);
    });
    with_project(state, &said.project, |project| {
        project.prove(&said.replica);
        let fills = |replica: &&Replica| replica.leaves().is_none();
        let replica = project.replicas.get(&said.replica).filter(fills);
        let Some(slot) = replica.map(|it| &it.slot) else {
            return;
        };
        if let Some(service) = project.services.get_mut(&slot.service) {
            service.unplaced.take_if(|gap| gap.ordinal == slot.ordinal);
        }
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
        replica.trouble.probe = Some(said.reason.clone());
        replica.becomes_unready(entry.time);
    });
}

/// Its process ended and is started anew: it answers once its node says so again.
pub(super) fn restarted(state: &mut State, entry: &Entry<'_>, said: &ReplicaRestarted) {
    if !is_its_node(state, entry, &said.project, &said.replica) {
        return;
    }
    with_replica(state, &said.project, &said.replica, |replica| {
        replica.trouble.restarts = said.restarts;
        replica.trouble.exit = said.exit.or(replica.trouble.exit);
        replica.becomes_unready(entry.time);
    });
    with_project(state, &said.project, |project| project.blame(said));
}

pub(super) fn failed(state: &mut State, entry: &Entry<'_>, said: &ReplicaFailed) {
    let id = (&said.project, &said.replica);
    ends(state, entry, id, |trouble| Failure::failed(said, trouble));
}

/// Asked for, it ends a replica's life; unasked, it is as good as given up.
pub(super) fn stopped(state: &mut State, entry: &Entry<'_>, said: &ReplicaStopped) {
    let id = (&said.project, &said.replica);
    testifies(state, entry, said);
    ends(state, entry, id, |trouble| {
        Failure::stopped(said, trouble, false)
    });
}

fn ends(
    state: &mut State,
    entry: &Entry<'_>,
    (project, id): (&ProjectName, &ReplicaId),
    failure: impl FnOnce(&Trouble) -> Failure,
) {
    if !is_its_node(state, entry, project, id) {
        return;
    }
    with_project(state, project, |project| {
        let Some(replica) = project.replicas.get(id) else {
            return;
        };
        if replica.is_failed() {
            return;
        }
        if replica.is_holder() || replica.held() {
            let failure = failure(&replica.trouble);
            project.give_up(failure, entry.time, entry.place);
        } else {
            project.forget(id);
        }
    });
}

/// The last words of a replica that leaves without ever having been ready tell why its release failed.
fn testifies(state: &mut State, entry: &Entry<'_>, said: &ReplicaStopped) {
    if !is_its_node(state, entry, &said.project, &said.replica) {
        return;
    }
    let project = state.projects.get(&said.project);
    let replica = project.and_then(|project| project.replicas.get(&said.replica));
    let is_witness = |replica: &&Replica| {
        replica.leaves() == Some(&RetireReason::Abandoned) && replica.was_never_ready()
    };
    let Some(replica) = replica.filter(is_witness) else {
        return;
    };
    let words = Failure::stopped(said, &replica.trouble, true);
    for operation in state.operations.values_mut() {
        if let Operation::RollingBack { project, late, .. } = operation
            && *project == said.project
            && late.service == replica.slot.service
        {
            late.hears(words.clone());
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
    /// A process that ends before its replica was ever ready tells why its change comes no further, until it stays up.
    fn blame(&mut self, said: &ReplicaRestarted) {
        let replica = self.replicas.get(&said.replica);
        let Some(replica) = replica.filter(|it| it.was_never_ready() && it.leaves().is_none())
        else {
            return;
        };
        if let Some(service) = self.services.get_mut(&replica.slot.service)
            && !said.log_tail.is_empty()
        {
            service.last_failure = Some(Failure::restarted(said));
        }
    }

    /// The slot has seen this replica's version work, if it stays; that it did not at first counts no more.
    fn prove(&mut self, id: &ReplicaId) {
        let Some(replica) = self.replicas.get(id).filter(|replica| replica.is_ready()) else {
            return;
        };
        if let Some(service) = self.services.get_mut(&replica.slot.service) {
            let is_it = |failure: &mut Failure| failure.replica == *id;
            service.last_failure.take_if(is_it);
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
            Life::Placed { .. }
            | Life::Draining { .. }
            | Life::Stopping { .. }
            | Life::Failed
            | Life::Lost { .. } => false,
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
