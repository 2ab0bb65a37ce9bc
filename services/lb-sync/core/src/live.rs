//! Which table the balancer says is live, and when to say so in the log.

use std::collections::BTreeSet;

use gantry_decider::{Draft, Next};
use gantry_events::{
    BalancerId, LogId, Millis, ReplicaKey, RouteTable, Seq, TableApplied, TableStatus, Time,
};

use crate::state::Told;

/// Changes nobody waits for are said at most this often, so that a storm of them is a few commits.
const PACE: Millis = Millis(200);

/// What the shell read of its balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It answers, and this is live.
    Live(Live),
    /// It does not answer, or has another table than it should: unknown.
    Silent,
}

/// A table that a balancer says is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The log of the table.
    pub log: LogId,
    /// The sequence of the table.
    pub seq: Seq,
    /// How many hosts it routes.
    pub hosts: u32,
    /// Replicas it routes to.
    pub routed: BTreeSet<ReplicaKey>,
    /// Draining replicas that the balancer has let go.
    pub released: BTreeSet<ReplicaKey>,
}

impl Live {
    /// What is live, if the status is of this very table.
    pub fn of(table: &RouteTable, status: &TableStatus) -> Option<Self> {
        if (status.log, status.seq) != (table.log, table.seq) {
            return None;
        }
        let routed = table
            .routes
            .values()
            .flat_map(|route| route.backends.keys().cloned());
        Some(Self {
            log: table.log,
            seq: table.seq,
            hosts: u32::try_from(table.routes.len() + table.domains.len()).unwrap_or(u32::MAX),
            routed: routed.collect(),
            released: status.released.clone(),
        })
    }
}

/// Announces a balancer that nobody knows; no table is wanted of it before that stands in the log.
pub(crate) fn announce(balancer: &BalancerId) -> Next {
    let applied = TableApplied::none_yet(balancer.clone());
    Next::say(Draft::of(applied))
}

/// Says what is live once that is news: at once when somebody may wait for it (another replica is
/// routed, or one was let go), else at a pace.
pub(crate) fn next(balancer: &BalancerId, told: &Told, live: &Live, now: Time) -> Next {
    let said = &told.said;
    if live.routed != said.routed || !live.released.is_subset(&said.released) {
        return say(balancer, live);
    }
    if applied(balancer, live) == *said {
        return Next::default();
    }
    let due = told.at + PACE;
    if now >= due {
        say(balancer, live)
    } else {
        Next::rest([due])
    }
}

fn say(balancer: &BalancerId, live: &Live) -> Next {
    let read = format!("balancer {balancer}");
    let said = format!("table {} is live", live.seq);
    Next::say(Draft::of(applied(balancer, live)).seeing(read, said))
}

fn applied(balancer: &BalancerId, live: &Live) -> TableApplied {
    TableApplied {
        balancer: balancer.clone(),
        table: live.seq,
        hosts: live.hosts,
        routed: live.routed.clone(),
        released: live.released.clone(),
    }
}
