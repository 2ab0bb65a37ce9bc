//! What the scheduler promises while anything is asked and anything breaks, checked after each of its
//! commits: how far a change may go at once, in which order a replica leaves, where nothing is placed, that
//! every operation ends once, and what is left once the faults cease.
//!
//! That it comes to rest at all, and that a replay gives the same at every cut, is in `laws.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test builds on either works or ends it"
)]

mod cluster;
mod happens;
mod ledger;
mod rest;
#[path = "../scenarios/scene/mod.rs"]
mod scene;
mod slots;
mod watch;

use cluster::Cluster;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_and_whatever_breaks_each_commit_keeps_its_promises(
        story in prop::collection::vec(happens::anything(), 4..24)
    ) {
        let mut cluster = Cluster::new();
        story.iter().for_each(|happens| cluster.play(happens));
        rest::faults_cease(&mut cluster);
    }
}
