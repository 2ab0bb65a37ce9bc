//! What is waited for, each with its deadline: whatever is neither final nor steady.

use gantry_decider::Deadline;
use gantry_events::{EntityRef, Kind, Time};

use crate::Operation;
use crate::rollout::{self, Rollout};
use crate::service::Standing;
use crate::state::State;

pub(crate) fn deadlines(state: &State) -> Vec<Deadline> {
    let resolving = state
        .operations
        .iter()
        .filter_map(|(id, operation)| match operation {
            Operation::Resolving { images, until, .. } => {
                let what = format!("the digests of {} images", images.len());
                Some(deadline(Kind::Operation, id, what, *until))
            }
            // Its rollouts have deadlines of their own.
            Operation::Rolling { .. } => None,
        });
    let services = rollout::all(state);
    resolving
        .chain(services.iter().flat_map(of_service))
        .collect()
}

fn deadline(kind: Kind, id: impl ToString, waiting_for: String, until: Time) -> Deadline {
    Deadline {
        entity: EntityRef {
            kind,
            id: id.to_string(),
        },
        waiting_for,
        until,
    }
}

fn of_service(rollout: &Rollout<'_>) -> Vec<Deadline> {
    let change = match &rollout.service.standing {
        Standing::Changing { until, .. } => {
            let what = rollout.turn().map_or_else(
                || "replicas to leave".to_owned(),
                |ordinal| format!("slot {ordinal} to be as asked for"),
            );
            Some(deadline(Kind::Rollout, rollout.id, what, *until))
        }
        Standing::Steady | Standing::GaveUp => None,
    };
    let replicas = rollout.members().filter_map(|(id, replica)| {
        let (what, until) = replica.waits()?;
        Some(deadline(Kind::Replica, id, what, until))
    });
    change
        .into_iter()
        .chain(replicas)
        .chain(slots(rollout))
        .collect()
}

/// Slots to be filled: again after a failure, or once a node has room.
fn slots(rollout: &Rollout<'_>) -> Vec<Deadline> {
    let wait = |ordinal: u32| {
        let slot = rollout.service.slot(ordinal);
        let until = match (&slot.unplaced, &slot.retry) {
            (Some(unplaced), _) => unplaced.until,
            (None, Some(retry)) => retry.at,
            (None, None) => return None,
        };
        let what = format!("slot {ordinal} to be filled");
        Some(deadline(Kind::Service, rollout.id, what, until))
    };
    rollout
        .fills()
        .into_iter()
        .filter_map(|fill| wait(fill.ordinal))
        .collect()
}
