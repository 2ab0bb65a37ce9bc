//! The manual of a node: what it does and says, row by row.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may end")]

mod stage;

use gantry_events::{Millis, ReplicaPhase, Stage};
use gantry_node_worker_core::{Asks, Outcome};
use stage::{Answers, Play, web};

const SECOND: Millis = Millis(1000);

#[test]
fn a_wanted_replica_is_pulled_made_started_and_ready_once_it_answers() {
    let mut play = Play::begin();
    play.wants(5, [(web(1), ReplicaPhase::Run)]);
    assert_eq!(play.asks_for_specs(), 1);
    play.learns_specs();
    assert_eq!(play.step(&web(1)), "pull");
    play.did(&web(1), Outcome::Pulled);
    assert_eq!(play.step(&web(1)), "create");
    play.creates(&web(1));
    assert_eq!(play.step(&web(1)), "start");
    play.starts(&web(1));
    assert_eq!(play.step(&web(1)), "-");
    assert_eq!(play.stage(&web(1)), Stage::Starting);
    play.probe(&web(1), Answers::Good);
    assert_eq!(play.says(), ["joined", "ready web-1 10.0.0.5"]);
    assert_eq!(play.stage(&web(1)), Stage::Ready);
    assert_eq!(play.says(), Vec::<String>::new(), "and once only");
}

#[test]
fn changes_within_the_gathering_time_travel_in_one_commit() {
    let mut play = Play::running(&[web(1), web(2), web(3)]);
    play.probe_silently(&web(1), Answers::Good);
    assert_eq!(play.says_now().len(), 1, "the first is said at once");
    play.probe_silently(&web(2), Answers::Good);
    assert_eq!(play.says_now(), Vec::<String>::new(), "it waits for others");
    play.pass(Millis(10));
    play.probe_silently(&web(3), Answers::Good);
    play.pass(Millis(15));
    let seq = play.stage.seq();
    assert_eq!(play.says_now().len(), 2);
    assert_eq!(play.stage.seq(), seq.next());
}

#[test]
fn an_older_set_another_nodes_and_another_logs_are_not_followed() {
    let mut play = Play::ready(&[web(1)]);
    play.wants(4, []);
    play.wants_of_another_node(9);
    play.wants_of_another_log(9);
    assert_eq!(play.step(&web(1)), "-");
    play.wants(5, []);
    assert_eq!(
        play.step(&web(1)),
        "stop 10s",
        "one of the same sequence is"
    );
}

#[test]
fn without_a_set_nothing_is_touched() {
    let mut play = Play::begin();
    play.finds_running(&web(7));
    assert_eq!(play.step(&web(7)), "-");
    play.wants(1, []);
    assert_eq!(play.step(&web(7)), "stop 10s");
    play.ends(&web(7), 0);
    play.pass(Millis(5000));
    assert_eq!(play.step(&web(7)), "remove");
}

#[test]
fn a_silent_engine_means_unknown_and_nothing_is_done_or_said() {
    let mut play = Play::ready(&[web(1)]);
    play.engine_is_silent();
    play.pass(Millis(120_000));
    assert_eq!(play.says(), Vec::<String>::new());
    assert_eq!(play.step(&web(1)), "-");
    play.wants(9, [(web(1), ReplicaPhase::Stop { grace: SECOND })]);
    assert_eq!(play.step(&web(1)), "-");
    assert_eq!(
        play.says(),
        Vec::<String>::new(),
        "whether it stopped is not known"
    );
}

#[test]
fn a_new_worker_adopts_what_runs_and_says_nothing_twice() {
    let mut play = Play::ready(&[web(1)]);
    play.restart_worker();
    assert_eq!(play.step(&web(1)), "-");
    play.probe(&web(1), Answers::Good);
    assert_eq!(play.says(), Vec::<String>::new());
}

#[test]
fn a_container_that_somebody_removed_is_made_again() {
    let mut play = Play::ready(&[web(1)]);
    play.vanishes(&web(1));
    assert_eq!(play.says(), ["unready web-1: its process does not run"]);
    assert_eq!(play.step(&web(1)), "create");
}

#[test]
fn a_new_address_of_the_machine_is_told_of_node_and_replicas() {
    let mut play = Play::ready(&[web(1)]);
    play.moves_to("10.0.0.6");
    assert_eq!(play.says(), ["joined", "ready web-1 10.0.0.6"]);
}

#[test]
fn a_later_look_wins_over_one_that_was_slow() {
    let mut play = Play::ready(&[web(1)]);
    play.looks_late_and_sees_nothing();
    assert_eq!(play.says(), Vec::<String>::new());
    assert_eq!(play.step(&web(1)), "-");
}

#[test]
fn every_state_that_is_not_steady_has_a_deadline() {
    let mut play = Play::ready(&[web(1)]);
    assert_eq!(play.deadlines(), 0);
    play.make_unready(&web(1));
    assert_eq!(play.deadlines(), 1);
    play.pass(Millis(10_000));
    play.ends(&web(1), 1);
    play.did(&web(1), Outcome::Tail(vec![]));
    assert_eq!(play.says().len(), 1);
    assert_eq!(play.deadlines(), 0);
}

#[test]
fn a_worker_without_a_port_is_asked_by_its_program() {
    let mut play = Play::running_program(&web(1));
    let work = play.work();
    let Asks::Program { command, .. } = &work.probes[&web(1)].asks else {
        unreachable!("{:?}", work.probes);
    };
    assert_eq!(command, &["check"]);
    play.probe(&web(1), Answers::Good);
    assert_eq!(play.says(), ["ready web-1 -"]);
}
