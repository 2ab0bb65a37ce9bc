//! The checks see what they are for: each planted bug is found, and a seed plays the same run again.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use gantry_simulator::{Bug, play};

/// Each bug must be found within so many seeds.
const SEEDS: u64 = 2000;

fn is_found(bug: Bug) {
    let found = (0..SEEDS).find_map(|seed| play(seed, Some(bug)).err());
    let found = found.unwrap_or_else(|| panic!("{} is not found within {SEEDS} seeds", bug.name()));
    let clean = play(found.seed, None);
    assert!(
        clean.is_ok(),
        "seed {} fails without the bug as well: {clean:?}",
        found.seed
    );
}

#[test]
fn acknowledging_before_the_append_is_found() {
    is_found(Bug::AcknowledgeBeforeAppend);
}

#[test]
fn placing_twice_is_found() {
    is_found(Bug::PlaceTwice);
}

#[test]
fn forgetting_a_deadline_is_found() {
    is_found(Bug::ForgetADeadline);
}

#[test]
fn acting_once_an_event_is_found() {
    is_found(Bug::ActPerEvent);
}

#[test]
fn trusting_an_unmarked_message_is_found() {
    is_found(Bug::TrustUnmarked);
}

#[test]
fn taking_silence_for_an_empty_set_is_found() {
    is_found(Bug::SilenceIsEmpty);
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

#[test]
fn the_world_without_bugs_holds() {
    for seed in 10_000..10_020 {
        if let Err(failure) = play(seed, None) {
            panic!("{failure}\n{}", failure.trace.join("\n"));
        }
    }
}
