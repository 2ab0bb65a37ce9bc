//! What is waited for, each with its deadline: whatever is neither final nor steady.

use gantry_decider::Deadline;
use gantry_events::{EntityRef, Kind, NodeId, Time};

use crate::Operation;
use crate::node::{Duty, Node, Presence};
use crate::rollout::Rollout;
use crate::service::Standing;
use crate::state::State;

pub(crate) fn deadlines(state: &State, rollouts: &[Rollout<'_>]) -> Vec<Deadline> {
    let resolving = state
        .operations
        .iter()
        .filter_map(|(id, operation)| match operation {
            Operation::Resolving { images, until, .. } => {
                let what = format!("the digests of {} images", images.len());
                Some(deadline(Kind::Operation, id, what, *until))
            }
            // Their rollouts and nodes have deadlines of their own.
            Operation::Rolling { .. }
            | Operation::RollingBack { .. }
            | Operation::Draining { .. } => None,
        });
    let nodes = state.nodes.iter().flat_map(of_node);
    let services = rollouts.iter().flat_map(of_service);
    resolving.chain(nodes).chain(services).collect()
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

fn of_node((id, node): (&NodeId, &Node)) -> Vec<Deadline> {
    let heartbeat = match node.presence {
        Presence::Suspect { until, .. } => {
            Some(deadline(Kind::Node, id, "a heartbeat".to_owned(), until))
        }
        Presence::Heard | Presence::Lost | Presence::Gone { .. } => None,
    };
    let empty = match node.duty {
        Duty::Draining { until, .. } => {
            let what = "its replicas to be elsewhere".to_owned();
            Some(deadline(Kind::Node, id, what, until))
        }
        Duty::Open | Duty::Cordoned | Duty::Drained => None,
    };
    heartbeat.into_iter().chain(empty).collect()
}

fn of_service(rollout: &Rollout<'_>) -> Vec<Deadline> {
    let change = match &rollout.service.standing {
        Standing::Changing { until, .. } => Some(of_change(rollout, *until)),
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

/// A change whose slots are filled has the time that its leaving replicas have: whether traffic has moved as
/// well only those balancers say that are heard, and who is heard no state tells.
fn of_change(rollout: &Rollout<'_>, until: Time) -> Deadline {
    let mut ordinals = 0..rollout.service.replicas();
    if let Some(ordinal) = ordinals.find(|ordinal| !rollout.is_filled(*ordinal)) {
        let what = format!("slot {ordinal} to be as asked for");
        return deadline(Kind::Rollout, rollout.id, what, until);
    }
    let leaving = rollout.holding_up();
    let last = leaving.filter_map(|(_, it)| Some(it.waits()?.1)).max();
    let until = until.max(last.unwrap_or(until));
    let what = "traffic to move and replicas to leave".to_owned();
    deadline(Kind::Rollout, rollout.id, what, until)
}

/// Slots to be filled: again after a failure, or once a node has room.
fn slots(rollout: &Rollout<'_>) -> Vec<Deadline> {
    let unplaced = rollout.service.unplaced.as_ref();
    let wait = |ordinal: u32| {
        let retry = rollout.service.slot(ordinal).retry;
        // What was due when it was last said that some fit nowhere is among those.
        let until = match (unplaced, retry) {
            (Some(unplaced), Some(retry)) if !retry.is_due(unplaced.said) => retry.at,
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
