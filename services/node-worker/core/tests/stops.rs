//! The manual of a node: how replicas stop that should, and what is said of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may end")]

mod stage;

use gantry_events::{Millis, ReplicaPhase, Stage};
use gantry_node_worker_core::Outcome;
use stage::{Answers, Play, web};

const SECOND: Millis = Millis(1000);

#[test]
fn a_replica_told_to_stop_gets_its_grace_and_is_stopped() {
    let mut play = Play::ready(&[web(1)]);
    play.wants(
        9,
        [(
            web(1),
            ReplicaPhase::Stop {
                grace: Millis(3000),
            },
        )],
    );
    assert_eq!(play.step(&web(1)), "stop 3s");
    assert_eq!(play.stage(&web(1)), Stage::Stopping);
    assert_eq!(play.says(), Vec::<String>::new());
    play.ends(&web(1), 0);
    assert_eq!(play.says(), ["stopped web-1 exit 0"]);
    assert_eq!(play.step(&web(1)), "-");
    play.wants(10, []);
    assert_eq!(play.step(&web(1)), "-", "its last lines may be followed");
    play.pass(Millis(5000));
    assert_eq!(play.step(&web(1)), "remove");
}

#[test]
fn a_replica_stopped_before_it_was_ready_says_what_was_wrong_and_its_last_lines() {
    let mut play = Play::running(&[web(1)]);
    play.probe(&web(1), Answers::Bad);
    play.wants(9, [(web(1), ReplicaPhase::Stop { grace: SECOND })]);
    play.ends(&web(1), 143);
    assert_eq!(play.says(), Vec::<String>::new(), "its lines come first");
    assert_eq!(play.step(&web(1)), "tail");
    play.did(&web(1), Outcome::Tail(vec!["bye".to_owned()]));
    assert_eq!(
        play.says(),
        ["stopped web-1 exit 143: status 503 [\"bye\"]"]
    );
}

#[test]
fn a_replica_stopped_while_it_crashes_again_and_again_says_how_its_process_ended() {
    let mut play = Play::running(&[web(1)]);
    play.ends(&web(1), 3);
    play.did(&web(1), Outcome::Tail(vec!["no".to_owned()]));
    assert_eq!(play.says(), ["restarted web-1 1 exit 3 after 1s [\"no\"]"]);
    play.wants(9, [(web(1), ReplicaPhase::Stop { grace: SECOND })]);
    assert_eq!(
        play.says(),
        ["stopped web-1 exit 3: its process ended with exit code 3 [\"no\"]"]
    );
}

#[test]
fn a_replica_stopped_while_its_image_cannot_be_had_says_why() {
    let mut play = Play::begin();
    play.wants(5, [(web(1), ReplicaPhase::Run)]);
    play.learns_specs();
    play.did(
        &web(1),
        Outcome::Retry {
            because: "no registry".to_owned(),
        },
    );
    play.wants(9, [(web(1), ReplicaPhase::Stop { grace: SECOND })]);
    assert_eq!(
        play.says(),
        ["joined", "stopped web-1 exit -: no registry []"]
    );
}

#[test]
fn a_replica_told_to_stop_that_is_gone_already_is_stopped_at_once() {
    let mut play = Play::begin();
    play.wants(9, [(web(1), ReplicaPhase::Stop { grace: SECOND })]);
    assert_eq!(play.says(), ["joined", "stopped web-1 exit -"]);
}
