//! How a replica leaves: out of every balancer, then SIGTERM, then, after its grace period, SIGKILL.

use gantry_events::{ReplicaDraining, ReplicaId, ReplicaStopping, Seq, Time};

use crate::limits::{DRAIN_MARGIN, STOP_MARGIN};
use crate::replica::{Life, Replica};
use crate::rollout::Rollout;

/// The facts that take replicas of the service out of the balancers.
pub(crate) fn drains<'a>(
    rollout: &'a Rollout<'_>,
    now: Time,
) -> impl Iterator<Item = ReplicaDraining> + 'a {
    let drain = rollout.service.policy().drain;
    rollout
        .leavers()
        .into_iter()
        .map(move |(replica, why)| ReplicaDraining {
            project: rollout.name.clone(),
            replica: replica.clone(),
            why,
            drain,
            until: now + drain + DRAIN_MARGIN,
        })
}

/// The facts that have those replicas of the service stopped which nothing holds any more.
pub(crate) fn stops<'a>(
    rollout: &'a Rollout<'_>,
    now: Time,
) -> impl Iterator<Item = ReplicaStopping> + 'a {
    let grace = rollout.service.policy().grace;
    rollout
        .members()
        .filter(move |(id, replica)| may_stop(rollout, id, replica, now))
        .map(move |(id, _)| ReplicaStopping {
            project: rollout.name.clone(),
            replica: id.clone(),
            grace,
            until: now + grace + STOP_MARGIN,
        })
}

fn may_stop(rollout: &Rollout<'_>, id: &ReplicaId, replica: &Replica, now: Time) -> bool {
    match &replica.life {
        Life::Draining {
            since,
            was_ready,
            until,
            ..
        } => {
            // What takes no traffic, or never did, nobody has to let go.
            let is_free = !was_ready || !rollout.project.has_port(&replica.version.spec);
            is_free || now >= *until || is_released(rollout, id, *since)
        }
        Life::Placed { .. }
        | Life::Ready { .. }
        | Life::Unready { .. }
        | Life::Stopping { .. }
        | Life::Failed
        | Life::Lost { .. } => false,
    }
}

/// Whether every balancer that counts has let the replica go, by a table that knows of the drain.
fn is_released(rollout: &Rollout<'_>, id: &ReplicaId, since: Seq) -> bool {
    let key = rollout.key(id);
    let mut tables = rollout.tables().iter();
    tables.all(|table| table.seq >= since && table.released.contains(&key))
}
