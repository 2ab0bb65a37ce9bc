//! The steps of one pass: what is overdue, who stops, who leaves, which slots are filled.

use std::collections::BTreeSet;

use gantry_decider::Draft;
use gantry_events::{Event, OperationId, Place, ReplicaOverdue, ServiceEnded, Time};

use crate::drain;
use crate::fill::Filling;
use crate::limits::{REMIND, STEPS_A_COMMIT};
use crate::replica::Life;
use crate::rollout::{self, Rollout};
use crate::state::State;

/// The steps of one operation, or of none: healing comes first. What does not fit into one commit
/// follows in the next.
pub(crate) fn next(state: &State, now: Time) -> Option<Draft> {
    let rollouts = rollout::all(state);
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
        events.extend(overdue(rollout, now).map(Event::from));
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

/// The first failure that is healed now.
fn cause(rollouts: &[&Rollout<'_>], now: Time) -> Option<Place> {
    rollouts.iter().find_map(|rollout| {
        let fills = rollout.fills().into_iter();
        let mut due = fills.filter_map(|fill| rollout.service.slot(fill.ordinal).retry);
        due.find(|retry| retry.is_due(now)).map(|retry| retry.cause)
    })
}

fn overdue<'a>(
    rollout: &'a Rollout<'_>,
    now: Time,
) -> impl Iterator<Item = ReplicaOverdue> + use<'a> {
    rollout.members().filter_map(move |(id, replica)| {
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
        Life::Ready { .. } | Life::Draining { .. } | Life::Failed => None,
    }
}

/// A service that was given up while it should go is gone once its last replica is.
fn end(rollout: &Rollout<'_>) -> Option<ServiceEnded> {
    let is_over = rollout.service.version().is_none() && rollout.members().next().is_none();
    (is_over && rollout.service.operation().is_none()).then(|| ServiceEnded {
        project: rollout.name.clone(),
        service: rollout.id.clone(),
    })
}
