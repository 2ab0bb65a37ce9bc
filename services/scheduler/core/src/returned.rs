//! Replicas whose node was lost and is heard again: one whose slot nobody fills yet counts again, the
//! others leave.

use gantry_events::{ReplicaId, ReplicaRegained, RetireReason, Time};

use crate::limits::RECOVER_WITHIN;
use crate::replica::{Life, Replica};
use crate::rollout::{Member, Rollout};

/// Replicas of the slot that are back too late.
pub(crate) fn leavers<'a>(
    rollout: &Rollout<'a>,
    ordinal: u32,
) -> Vec<(&'a ReplicaId, RetireReason)> {
    let too_late = |member: &&Member<'a>| {
        is_back(rollout, member.1) && !counts(rollout, member.1) && !is_stopping(member.1)
    };
    let leavers = rollout.slot(ordinal).iter().filter(too_late);
    leavers
        .map(|(id, _)| (*id, RetireReason::Returned))
        .collect()
}

/// The facts that have those replicas of the service be again what they were that are back in time, or that were
/// told to stop already: to be told to drain, one of these would be told to run.
pub(crate) fn regained<'a>(
    rollout: &'a Rollout<'_>,
    now: Time,
) -> impl Iterator<Item = ReplicaRegained> + 'a {
    rollout
        .members()
        .filter(|(_, replica)| {
            counts_again(rollout, replica) || (is_back(rollout, replica) && is_stopping(replica))
        })
        .map(move |(id, replica)| ReplicaRegained {
            project: rollout.name.clone(),
            replica: id.clone(),
            node: replica.node.clone(),
            until: now + RECOVER_WITHIN,
        })
}

/// Whether a replica of the slot counts again from this pass on, so that nothing else has to fill it.
pub(crate) fn is_refilled(rollout: &Rollout<'_>, ordinal: u32) -> bool {
    let mut slot = rollout.slot(ordinal).iter();
    slot.any(|(_, replica)| counts_again(rollout, replica))
}

/// Whether the replica counts again from this pass on.
pub(crate) fn counts_again(rollout: &Rollout<'_>, replica: &Replica) -> bool {
    is_back(rollout, replica) && counts(rollout, replica)
}

fn is_stopping(replica: &Replica) -> bool {
    matches!(replica.was(), Some(Life::Stopping { .. }))
}

/// Whether the replica's node was lost and is heard again.
pub(crate) fn is_back(rollout: &Rollout<'_>, replica: &Replica) -> bool {
    let node = rollout.state.nodes.get(&replica.node);
    replica.was().is_some() && node.is_some_and(|node| !node.is_lost())
}

/// Whether its slot has use for it: no newer replica serves there, and, if it never did itself, none is
/// on its way.
fn counts(rollout: &Rollout<'_>, replica: &Replica) -> bool {
    let ordinal = replica.slot.ordinal;
    let newer = rollout.slot(ordinal).iter();
    let outdoes = |other: &Replica| {
        other.epoch > replica.epoch
            && (other.is_ready() || (other.is_holder() && replica.was_never_ready()))
    };
    replica.held()
        && ordinal < rollout.service.replicas()
        && !newer.into_iter().any(|(_, other)| outdoes(other))
}
