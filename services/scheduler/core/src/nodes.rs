//! What follows for nodes by itself: machines that leave have theirs emptied, an empty one says so, a late
//! one says what holds it up, and what ran on a lost one is lost.

use gantry_decider::Draft;
use gantry_events::{
    NodeDrained, NodeDraining, NodeId, NodeLost, NodeOverdue, NodeUncordoned, OperationFailed,
    OperationId, OperationSucceeded, Problem, ProblemCode, ProjectName, ReplicaId, ReplicaLost,
    Scope, ServiceKey, Time,
};

use crate::Operation;
use crate::limits::{REMIND, STEPS_A_COMMIT};
use crate::misplaced;
use crate::node::{Duty, Node, Presence, Stay};
use crate::replica::Replica;
use crate::returned;
use crate::rollout::Rollout;
use crate::state::State;

/// Operations that empty the node now.
pub(crate) fn drains_of<'a>(
    state: &'a State,
    node: &'a NodeId,
) -> impl Iterator<Item = OperationId> + 'a {
    let drains = state.operations.iter();
    drains.filter_map(move |(id, operation)| match operation {
        Operation::Draining { node: drained } if drained == node => Some(*id),
        Operation::Draining { .. }
        | Operation::Resolving { .. }
        | Operation::Rolling { .. }
        | Operation::RollingBack { .. } => None,
    })
}

/// The first thing that follows.
pub(crate) fn next(state: &State, rollouts: &[Rollout<'_>], now: Time) -> Option<Draft> {
    let mut nodes = state.nodes.iter();
    let step = nodes.find_map(|(id, node)| {
        loss(state, id, node, now)
            .or_else(|| stay(state, id, node))
            .or_else(|| drain(state, (id, node), rollouts, now))
    });
    step.or_else(|| void_drains(state))
}

/// Drains of nodes that are no more: nothing runs there.
fn void_drains(state: &State) -> Option<Draft> {
    let mut operations = state.operations.iter();
    operations.find_map(|(id, operation)| match operation {
        Operation::Draining { node } => {
            let scope = Scope::Cluster;
            let (operation, is_gone) = (*id, !state.nodes.contains_key(node));
            is_gone.then(|| Draft::of(OperationSucceeded { operation, scope }))
        }
        Operation::Resolving { .. } | Operation::Rolling { .. } | Operation::RollingBack { .. } => {
            None
        }
    })
}

/// A node whose machine is gone is lost at once. Of a lost one, so are the replicas.
fn loss(state: &State, id: &NodeId, node: &Node, now: Time) -> Option<Draft> {
    let mut draft = Draft::default();
    match node.presence {
        Presence::Heard | Presence::Suspect { .. } => return None,
        Presence::Gone { is_said: false } => draft.push(NodeLost {
            node: id.clone(),
            since: now,
        }),
        Presence::Gone { is_said: true } | Presence::Lost => {}
    }
    let running = on(state, id).filter(|(_, _, it)| it.was().is_none() && !it.is_failed());
    for (project, replica, _) in running.take(STEPS_A_COMMIT) {
        draft.push(ReplicaLost {
            project: project.clone(),
            replica: replica.clone(),
            node: id.clone(),
        });
    }
    (!draft.is_empty()).then_some(draft)
}

fn on<'a>(
    state: &'a State,
    node: &'a NodeId,
) -> impl Iterator<Item = (&'a ProjectName, &'a ReplicaId, &'a Replica)> {
    let projects = state.projects.iter();
    let replicas = projects.flat_map(|(name, project)| {
        let replicas = project.replicas.iter();
        replicas.map(move |(id, replica)| (name, id, replica))
    });
    replicas.filter(move |(_, _, replica)| replica.node == *node)
}

/// The node of a machine that leaves is drained; of one that stays after all, opened again.
fn stay(state: &State, id: &NodeId, node: &Node) -> Option<Draft> {
    match (state.machines.get(id)?.stay, &node.duty) {
        (Stay::Leaving { until }, Duty::Open | Duty::Cordoned) => Some(Draft::of(NodeDraining {
            node: id.clone(),
            operation: None,
            until,
        })),
        (Stay::Kept, Duty::Draining { .. } | Duty::Drained) => Some(Draft::of(NodeUncordoned {
            node: id.clone(),
            operation: None,
            unplaced: unplaced(state),
        })),
        (Stay::Leaving { .. }, Duty::Draining { .. } | Duty::Drained)
        | (Stay::Kept, Duty::Open | Duty::Cordoned)
        | (Stay::Wanted, _) => None,
    }
}

/// Services of which it was said that a slot fits no node, as many as a commit has room for.
pub(crate) fn unplaced(state: &State) -> Vec<ServiceKey> {
    let services = state.projects.iter().flat_map(|(project, it)| {
        let waiting = it.services.iter().filter(|(_, it)| it.unplaced.is_some());
        waiting.map(|(service, _)| ServiceKey {
            project: project.clone(),
            service: service.clone(),
        })
    });
    services.take(STEPS_A_COMMIT).collect()
}

/// A draining node that is empty, or late.
fn drain(
    state: &State,
    (id, node): (&NodeId, &Node),
    rollouts: &[Rollout<'_>],
    now: Time,
) -> Option<Draft> {
    let Duty::Draining {
        until,
        reminders,
        cause,
    } = &node.duty
    else {
        return None;
    };
    let here = |rollout: &&Rollout<'_>| holds_up(rollout, id) > 0;
    let held_up: Vec<&Rollout<'_>> = rollouts.iter().filter(here).collect();
    if held_up.is_empty() {
        return Some(drained(state, id).caused_by(*cause));
    }
    (now >= *until).then(|| {
        let waiting_for = blocks(&held_up, id);
        let detail = format!("{id} could not be emptied in time: {waiting_for}; it goes on being drained, and is empty once they fit elsewhere");
        let overdue = Draft::of(NodeOverdue {
            node: id.clone(),
            waiting_for,
            until: now + REMIND.after(reminders.saturating_add(1)),
        });
        fail_drains(overdue, state, id, detail).caused_by(*cause)
    })
}

fn drained(state: &State, id: &NodeId) -> Draft {
    let draft = Draft::of(NodeDrained { node: id.clone() });
    drains_of(state, id).fold(draft, |draft, operation| {
        let scope = Scope::Cluster;
        draft.and(OperationSucceeded { operation, scope })
    })
}

fn fail_drains(draft: Draft, state: &State, node: &NodeId, detail: String) -> Draft {
    drains_of(state, node).fold(draft, |draft, operation| {
        draft.and(OperationFailed {
            operation,
            scope: Scope::Cluster,
            problem: Problem::new(ProblemCode::DrainBlocked, detail.clone()),
        })
    })
}

/// Replicas of the service for which the node is not empty. One that failed runs no more, and of a lost
/// one nothing is awaited once its slot is filled elsewhere, unless the node is back: then it leaves as any.
fn holds_up(rollout: &Rollout<'_>, node: &NodeId) -> usize {
    let is_missed = |replica: &Replica| {
        let slot = rollout.slot(replica.slot.ordinal).iter();
        let mut newer = slot.filter(|(_, other)| other.epoch > replica.epoch);
        replica.held()
            && replica.slot.ordinal < rollout.service.replicas()
            && !newer.any(|(_, other)| other.is_ready())
    };
    let holds_up = |replica: &Replica| match replica.was() {
        Some(_) => is_missed(replica) || returned::is_back(rollout, replica),
        None => !replica.is_failed(),
    };
    let here = rollout.members().filter(|(_, it)| it.node == *node);
    here.filter(|(_, replica)| holds_up(replica)).count()
}

/// What holds a drain up: slots that fit nowhere, and how many replicas still move or leave.
fn blocks(rollouts: &[&Rollout<'_>], node: &NodeId) -> String {
    let misfits = rollouts.iter().filter_map(|rollout| {
        let unplaced = rollout.service.unplaced.as_ref()?;
        misplaced::moving(rollout)?;
        Some(format!(
            "slot {} of {} in {} fits no other node: {}",
            unplaced.ordinal, rollout.id, rollout.name, unplaced.because
        ))
    });
    let count: usize = rollouts.iter().map(|rollout| holds_up(rollout, node)).sum();
    let left = match count {
        0 | 1 => "1 replica is still there".to_owned(),
        2.. => format!("{count} replicas are still there"),
    };
    let parts: Vec<String> = std::iter::once(left)
        .chain(misfits.take(MOST_BLOCKS))
        .collect();
    parts.join("; ")
}

/// Services that an overdue drain names.
const MOST_BLOCKS: usize = 8;
