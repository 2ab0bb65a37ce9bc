//! Which port of the machine a replica is published at. The container keeps it for its life.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use gantry_events::{Digest, ReplicaKey};

use crate::Observed;

/// Ports of the machine that are given to replicas. Below the range from which Linux gives ports to
/// outgoing connections (32768 on).
pub const PORTS: RangeInclusive<u16> = 20_000..=29_999;

/// Ports that containers of ours hold.
pub(crate) fn taken(world: &Observed) -> BTreeSet<u16> {
    world
        .tracks
        .values()
        .filter_map(|track| track.container.as_ref()?.port)
        .collect()
}

/// A free port. Spread by a hash, so that a port just given up is hardly ever given to another replica
/// at once, and another one is tried when something else holds the first; none when all are taken.
pub(crate) fn pick(replica: &ReplicaKey, number: u64, taken: &BTreeSet<u16>) -> Option<u16> {
    let hash = Digest::of(format!("{replica}/{number}").as_bytes());
    let [high, low, ..] = hash.as_bytes();
    let (first, last) = (*PORTS.start(), *PORTS.end());
    let from = first + u16::from_be_bytes([*high, *low]) % (last - first + 1);
    (from..=last)
        .chain(first..from)
        .find(|port| !taken.contains(port))
}
