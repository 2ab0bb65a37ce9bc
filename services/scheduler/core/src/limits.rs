//! The times and sizes that the scheduler keeps to. Those that a file will be able to say one day are
//! the defaults of its `rollout` key.

use gantry_decider::Backoff;
use gantry_events::Millis;

/// Time in which the images of a file must be known. Registries answer in well under a second; the
/// rest is for one that restarts.
pub const RESOLVE_WITHIN: Millis = Millis::from_secs(60);

/// Time in which a service must have become as asked for.
pub const ROLLOUT_WITHIN: Millis = Millis::from_secs(300);

/// Time that requests in flight may go on once a balancer has taken their replica out.
pub const DRAIN: Millis = Millis::from_secs(30);

/// Time between SIGTERM and SIGKILL.
pub const GRACE: Millis = Millis::from_secs(10);

/// Added to [`DRAIN`]: for a balancer to see the drain, and for its word to come back.
pub(crate) const DRAIN_MARGIN: Millis = Millis::from_secs(5);

/// Added to [`GRACE`]: for the node to see the stop, and for its word to come back.
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
