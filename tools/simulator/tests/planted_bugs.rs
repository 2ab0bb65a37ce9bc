//! The checks see what they are for: each planted bug is found, and a seed plays the same run again.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gantry_simulator::{Bug, play};

/// Each bug must be found within so many seeds.
const SEEDS: u64 = 2000;

/// Bugs that there are at least.
const BUGS: usize = 15;

/// What is wrong with the search for a bug, if something is.
fn hunt(bug: Bug) -> Option<String> {
    let Some(found) = (0..SEEDS).find_map(|seed| play(seed, Some(bug)).err()) else {
        return Some(format!("{} is not found", bug.name()));
    };
    let (name, seed) = (bug.name(), found.seed);
    let clean = play(seed, None).err()?;
    Some(format!("{name}: seed {seed} fails without it: {clean}"))
}

#[test]
fn each_planted_bug_is_found_and_only_because_it_is_there() {
    assert!(Bug::ALL.len() >= BUGS);
    let next = AtomicUsize::new(0);
    let hunt_some = || {
        let mut wrong = Vec::new();
        while let Some(bug) = Bug::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(hunt(*bug));
        }
        wrong
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let hunters: Vec<_> = (0..workers).map(|_| scope.spawn(hunt_some)).collect();
        let joined = hunters.into_iter().map(|hunter| hunter.join());
        joined
            .flat_map(|wrong| wrong.expect("a hunter came back"))
            .collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_seed_plays_the_same_run_again() {
    let seed = (0..SEEDS).find(|seed| play(*seed, Some(Bug::PlaceTwice)).is_err());
    let seed = seed.expect("a seed that finds it");
    let trace = || {
        play(seed, Some(Bug::PlaceTwice))
            .err()
            .map(|failure| failure.trace)
    };
    assert_eq!(trace(), trace());
}

/// What all the runs together must have come to, or the checks about it would pass for want of anything
/// to look at.
const HAPPENS: &[&str] = &[
    "machine.gone.v1",
    "machine.kept.v1",
    "machine.removed.v1",
    "machine.started.v1",
    "node.cordoned.v1",
    "node.drained.v1",
    "node.lost.v1",
    "node.returned.v1",
    "node.suspected.v1",
    "node.uncordoned.v1",
    "operation.failed.v1",
    "operation.refused.v1",
    "operation.superseded.v1",
    "pool.removed.v1",
    "replica.failed.v1",
    "replica.lost.v1",
    "replica.regained.v1",
    "replica.restarted.v1",
    "rollout.advanced.v1",
    "rollout.failed.v1",
    "service.restarted.v1",
    "service.scaled.v1",
    "service.unplaced.v1",
];

#[test]
fn the_world_without_bugs_holds_and_comes_to_all_that_is_looked_at() {
    let mut missing: BTreeSet<&str> = HAPPENS.iter().copied().collect();
    for seed in 10_000..10_060 {
        match play(seed, None) {
            Ok(report) => missing.retain(|fact| !report.said.contains_key(fact)),
            Err(failure) => panic!("{failure}\n{}", failure.trace.join("\n")),
        }
    }
    assert!(missing.is_empty(), "{missing:?} never happened");
}
