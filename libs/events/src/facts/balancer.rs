//! Facts about balancers: which table is live.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{BalancerId, ReplicaKey, Seq};

/// A balancer's live table rests on this sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableApplied {
    /// The balancer.
    pub balancer: BalancerId,
    /// Sequence the live table was folded to.
    pub table: Seq,
    /// How many hosts it routes.
    pub hosts: u32,
    /// Replicas it routes to.
    pub routed: BTreeSet<ReplicaKey>,
    /// Draining replicas that it has let go: no new request, none in flight or their time over.
    pub released: BTreeSet<ReplicaKey>,
}
