//! The times and sizes that the scheduler keeps to beside what a service's own policy says.

use gantry_decider::Backoff;
use gantry_events::{Millis, RolloutPolicy};

/// Time in which the images of a file must be known. Registries answer in well under a second; the
/// rest is for one that restarts.
pub const RESOLVE_WITHIN: Millis = Millis::from_secs(60);

/// Time in which a node that an operator drains should be empty: a replica of the slowest kind moves in
/// five minutes, and several of one service move one after the other.
pub const DRAIN_WITHIN: Millis = Millis::from_secs(600);

/// Silence after which a node is suspect: two heartbeats and a half, sent each second.
pub const SUSPECT_AFTER: Millis = Millis(2500);

/// Silence after which a node is lost: a machine that restarts is back by then.
pub const LOST_AFTER: Millis = Millis::from_secs(15);

/// The same while many are silent at once: rather the network than they.
pub const LOST_AFTER_WIDESPREAD: Millis = Millis::from_secs(60);

/// Time within which the ears say again who was heard, and thereby who was not.
pub(crate) const HEARD_WITHIN: Millis = Millis::from_secs(1);

/// Silence after which a balancer does not count any more, if another is heard. Longer than a restart of
/// its lb-sync takes, as the balancer itself goes on meanwhile with the table it has.
pub const BALANCER_LEASE: Millis = Millis::from_secs(30);

/// Time in which the next slot of a service must be done: what its policy says, and where slots make way
/// first, the time they have for that.
pub(crate) fn patience(policy: &RolloutPolicy) -> Millis {
    if policy.unavailable == 0 {
        return policy.deadline;
    }
    policy.deadline + policy.drain + policy.grace
}

/// Added to the time for requests in flight: for a balancer to see the drain, and for its word to come back.
pub(crate) const DRAIN_MARGIN: Millis = Millis::from_secs(5);

/// Added to the grace period: for the node to see the stop, and for its word to come back.
pub(crate) const STOP_MARGIN: Millis = Millis::from_secs(20);

/// Added to the time that a spec gives its replica to start: for pulling the image.
pub(crate) const PULL_MARGIN: Millis = Millis::from_secs(60);

/// Time in which an unready replica should be ready again or given up by its node, which needs three
/// bad probes and a grace period for that.
pub(crate) const RECOVER_WITHIN: Millis = Millis::from_secs(120);

/// A replica that was ready this long counts as sound: its failure is the first of a new row.
pub(crate) const SOUND_AFTER: Millis = Millis::from_secs(60);

/// Waits before a slot whose replica failed is filled again.
pub(crate) const HEAL: Backoff = Backoff {
    first: Millis::from_secs(1),
    most: Millis::from_secs(60),
};

/// Waits before something overdue is said again. Bounded above by an hour, as the log is for ever.
pub(crate) const REMIND: Backoff = Backoff {
    first: Millis::from_secs(60),
    most: Millis::from_secs(3600),
};

/// Facts of one commit of steps, so that it stays below 512 KiB: an explanation takes up to 1.5 KiB.
pub(crate) const STEPS_A_COMMIT: usize = 256;

/// Nodes named on each side of an explanation.
pub(crate) const EXPLAINED_NODES: usize = 8;
