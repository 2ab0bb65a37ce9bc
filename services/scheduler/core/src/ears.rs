//! Who was heard, and for how long others were not: readings of the world, never part of the state.
//!
//! Silence counts only while this observer listens, and afresh each time it begins to: when its own link
//! was down, or another held the lease, it knows nothing. Nor does it know of the time since it last said who
//! was heard: a process that was paused goes on with the clock of now and the ears of then.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{BalancerId, Millis, NodeId, Time};

use crate::limits::BALANCER_LEASE;

/// What one observer has heard since it began to listen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ears {
    since: Option<Time>,
    /// When they last said who was heard.
    until: Time,
    nodes: BTreeMap<NodeId, Time>,
    balancers: BTreeMap<BalancerId, Time>,
}

impl Ears {
    /// Ears that listen since then, or not at all.
    pub fn new(since: Option<Time>) -> Self {
        Self {
            since,
            until: since.unwrap_or_default(),
            ..Self::default()
        }
    }

    /// These were heard, and nobody else up to then.
    pub fn hear(&mut self, nodes: BTreeSet<NodeId>, balancers: BTreeSet<BalancerId>, at: Time) {
        // A word of before they began to listen anew counts for nothing.
        if self.since.is_some() && at >= self.until {
            self.until = at;
            self.nodes.extend(nodes.into_iter().map(|node| (node, at)));
            let heard = balancers.into_iter().map(|balancer| (balancer, at));
            self.balancers.extend(heard);
        }
    }

    /// When the node was last heard since they listen, if it was.
    pub fn heard(&self, node: &NodeId) -> Option<Time> {
        self.nodes.get(node).copied()
    }

    /// From when on the node's silence counts: when it was last heard, or else when they began to listen
    /// or it joined. Nothing while they do not listen.
    pub fn silent_since(&self, node: &NodeId, joined: Time) -> Option<Time> {
        let since = self.since?;
        Some(self.heard(node).unwrap_or_else(|| since.max(joined)))
    }

    /// Whether the balancer has been silent for its lease.
    pub fn misses(&self, balancer: &BalancerId) -> bool {
        let last = self.balancers.get(balancer).copied().or(self.since);
        last.is_some_and(|last| self.silence(last) >= BALANCER_LEASE)
    }

    /// When that becomes so of one of these, if they stay silent.
    pub fn next_miss<'a>(
        &'a self,
        balancers: impl Iterator<Item = &'a BalancerId> + 'a,
        now: Time,
    ) -> impl Iterator<Item = Time> + 'a {
        let last = |balancer: &BalancerId| self.balancers.get(balancer).copied().or(self.since);
        balancers
            .filter_map(move |balancer| Some(last(balancer)? + BALANCER_LEASE))
            .filter(move |at| *at > now)
    }

    /// Whether they said who was heard no earlier than so long before then.
    pub fn said_by(&self, then: Time, before: Millis) -> bool {
        self.until + before >= then
    }

    /// How long they have listened in vain to who was last heard at `last`.
    pub fn silence(&self, last: Time) -> Millis {
        self.until.since(last)
    }
}
