//! Facts about balancers: which table is live.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{BalancerId, ReplicaKey, Seq};

/// A balancer's live table rests on this sequence; zero before it is given its first one.
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

impl TableApplied {
    /// A balancer is there and about to be given its first table. Said before it is: who takes a replica
    /// away waits for every balancer that may route to it, so none may route unknown.
    pub fn none_yet(balancer: BalancerId) -> Self {
        Self {
            balancer,
            table: Seq(0),
            hosts: 0,
            routed: BTreeSet::new(),
            released: BTreeSet::new(),
        }
    }

    /// Whether it has no table so far.
    pub fn is_none_yet(&self) -> bool {
        self.table == Seq(0)
    }
}
