//! The steps of one pass: what is overdue, who is back, who stops, who leaves, which slots are filled.

use std::collections::BTreeSet;

use gantry_decider::Draft;
use gantry_events::{
    Event, OperationId, Place, ReplicaId, ReplicaOverdue, RolloutAdvanced, ServiceEnded, Time,
};

use crate::fill::Filling;
use crate::limits::{REMIND, STEPS_A_COMMIT, patience};
use crate::node::Duty;
use crate::replica::Life;
use crate::rollout::Rollout;
use crate::state::State;
use crate::{drain, misplaced, returned};

/// The steps of one operation, or of none: healing comes first. What does not fit into one commit
/// follows in the next.
pub(crate) fn next(state: &State, rollouts: &[Rollout<'_>], now: Time) -> Option<Draft> {
    let groups: BTreeSet<Option<OperationId>> = rollouts
        .iter()
        .map(|rollout| rollout.service.operation())
        .collect();
    groups.into_iter().find_map(|operation| {
        let of_group: Vec<&Rollout<'_>> = rollouts
            .iter()
            .filter(|rollout| rollout.service.operation() == operation)
            .collect();
        let events = steps(state, &of_group, now);
        let cause = if operation.is_none() {
            cause(&of_group, now)
        } else {
            None
        };
        (!events.is_empty()).then(|| Draft {
            operation,
            cause,
            events,
            ..Draft::default()
        })
    })
}

fn steps(state: &State, rollouts: &[&Rollout<'_>], now: Time) -> Vec<Event> {
    let mut filling = Filling::of(state, now);
    let mut events = Vec::new();
    for rollout in rollouts {
        events.extend(advance(rollout, now).map(Event::from));
        events.extend(overdue(rollout, now).map(Event::from));
        events.extend(returned::regained(rollout, now).map(Event::from));
        events.extend(drain::stops(rollout, now).map(Event::from));
        events.extend(drain::drains(rollout, now).map(Event::from));
        events.extend(end(rollout).map(Event::from));
        events.extend(filling.fill(rollout, STEPS_A_COMMIT.saturating_sub(events.len())));
        if events.len() >= STEPS_A_COMMIT {
            break;
        }
    }
    events.truncate(STEPS_A_COMMIT);
    events
}

/// What led to a step outside of any operation: the first failure that is healed now, or else the drain of
/// a node that a replica moves away from.
fn cause(rollouts: &[&Rollout<'_>], now: Time) -> Option<Place> {
    let failure = |rollout: &&Rollout<'_>| {
        let fills = rollout.fills().into_iter();
        let mut due = fills.filter_map(|fill| rollout.service.slot(fill.ordinal).retry);
        due.find(|retry| retry.is_due(now)).map(|retry| retry.cause)
    };
    let drain = |rollout: &&Rollout<'_>| {
        let (_, replica) = rollout.newest(misplaced::moving(rollout)?)?;
        match &rollout.state.nodes.get(&replica.node)?.duty {
            Duty::Draining { cause, .. } => Some(*cause),
            Duty::Open | Duty::Cordoned | Duty::Drained => None,
        }
    };
    let mut all = rollouts.iter();
    all.find_map(failure)
        .or_else(|| rollouts.iter().find_map(drain))
}

/// More slots are done: the time for the next one runs anew.
fn advance(rollout: &Rollout<'_>, now: Time) -> Option<RolloutAdvanced> {
    let operation = rollout.service.operation()?;
    rollout.has_advanced().then(|| RolloutAdvanced {
        project: rollout.name.clone(),
        service: rollout.id.clone(),
        operation,
        done: rollout.course.done,
        of: rollout.service.replicas(),
        until: now + patience(rollout.service.policy()),
    })
}

fn overdue<'a>(
    rollout: &'a Rollout<'_>,
    now: Time,
) -> impl Iterator<Item = ReplicaOverdue> + use<'a> {
    let leaving: BTreeSet<&ReplicaId> = rollout.leavers().into_iter().map(|(id, _)| id).collect();
    let staying = rollout
        .members()
        .filter(move |(id, _)| !leaving.contains(id));
    staying.filter_map(move |(id, replica)| {
        let reminders = reminders(&replica.life, now)?;
        let (waiting_for, _) = replica.waits()?;
        Some(ReplicaOverdue {
            project: rollout.name.clone(),
            replica: id.clone(),
            waiting_for,
            until: now + REMIND.after(reminders.saturating_add(1)),
        })
    })
}

/// How often a replica that is overdue now was so before. A drain is never overdue: it goes on.
fn reminders(life: &Life, now: Time) -> Option<u32> {
    match life {
        Life::Placed { until, reminders }
        | Life::Unready {
            until, reminders, ..
        }
        | Life::Stopping {
            until, reminders, ..
        } => (now >= *until).then_some(*reminders),
        Life::Ready { .. } | Life::Draining { .. } | Life::Failed | Life::Lost { .. } => None,
    }
}

/// A service that was given up while it should go is gone once its last replica is.
fn end(rollout: &Rollout<'_>) -> Option<ServiceEnded> {
    let awaited = |life: &Life| match life {
        Life::Placed { .. }
        | Life::Ready { .. }
        | Life::Unready { .. }
        | Life::Draining { .. }
        | Life::Stopping { .. } => true,
        Life::Failed | Life::Lost { .. } => false,
    };
    let is_over = rollout.service.plan().is_none()
        && !rollout.members().any(|(_, replica)| awaited(&replica.life));
    (is_over && !rollout.is_changing()).then(|| ServiceEnded {
        project: rollout.name.clone(),
        service: rollout.id.clone(),
    })
}
