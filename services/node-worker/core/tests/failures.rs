//! The manual of a node: what it does about replicas that end, do not answer or cannot be started.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may end")]

mod stage;

use gantry_events::{Millis, ReplicaPhase, Stage};
use gantry_node_worker_core::Outcome;
use stage::{Answers, Play, web};

const SECOND: Millis = Millis(1000);

#[test]
fn a_process_that_ends_is_started_again_in_place_after_growing_waits() {
    let mut play = Play::ready(&[web(1)]);
    for (restarts, wait) in [
        (1, 1000),
        (2, 2000),
        (3, 4000),
        (4, 8000),
        (5, 16_000),
        (6, 32_000),
        (7, 60_000),
        (8, 60_000),
    ] {
        play.ends(&web(1), 137);
        if restarts > 1 {
            play.did(&web(1), Outcome::Tail(vec![]));
        }
        assert_eq!(
            play.says(),
            [format!(
                "restarted web-1 {restarts} exit 137 after {}",
                Millis(wait)
            )]
        );
        play.pass(Millis(wait - 100));
        assert_eq!(play.step(&web(1)), "-", "not before its time");
        play.pass(Millis(100));
        assert_eq!(play.step(&web(1)), "start");
        play.starts(&web(1));
        play.pass(Millis(100));
    }
}

#[test]
fn a_process_that_ends_before_it_is_ready_is_told_of_with_its_last_lines() {
    let mut play = Play::running(&[web(1)]);
    play.ends(&web(1), 1);
    assert_eq!(play.says(), Vec::<String>::new(), "its lines come first");
    assert_eq!(play.step(&web(1)), "tail");
    assert_eq!(play.stage(&web(1)), Stage::Starting);
    play.did(&web(1), Outcome::Tail(vec!["no database".to_owned()]));
    assert_eq!(
        play.says(),
        ["restarted web-1 1 exit 1 after 1s [\"no database\"]"]
    );
    assert_eq!(play.step(&web(1)), "-", "not before its time");
    play.pass(SECOND);
    assert_eq!(play.step(&web(1)), "start");
}

#[test]
fn lines_that_cannot_be_had_in_time_hold_up_neither_the_word_nor_the_start() {
    let mut play = Play::running(&[web(1)]);
    play.ends(&web(1), 1);
    play.pass(SECOND);
    assert_eq!(play.says(), ["restarted web-1 1 exit 1 after 1s"]);
    assert_eq!(play.step(&web(1)), "start");
}

#[test]
fn a_process_that_was_never_seen_running_is_told_of_with_its_own_lines() {
    let mut play = Play::running(&[web(1)]);
    play.ends(&web(1), 1);
    play.did(&web(1), Outcome::Tail(vec!["first".to_owned()]));
    assert_eq!(
        play.says(),
        ["restarted web-1 1 exit 1 after 1s [\"first\"]"]
    );
    play.pass(SECOND);
    play.starts_and_ends_at_once(&web(1), 2);
    assert_eq!(play.says(), Vec::<String>::new(), "its lines come first");
    play.did(&web(1), Outcome::Tail(vec!["second".to_owned()]));
    assert_eq!(
        play.says(),
        ["restarted web-1 2 exit 2 after 2s [\"second\"]"]
    );
    play.pass(Millis(2000));
    play.wants(9, [(web(1), ReplicaPhase::Stop { grace: SECOND })]);
    play.ends(&web(1), 3);
    assert_eq!(play.step(&web(1)), "tail", "those of its third run");
}

#[test]
fn lines_that_cannot_be_read_are_none_where_it_starts_again_and_are_asked_for_where_it_does_not() {
    let unread = || Outcome::Unread {
        because: "no log driver".to_owned(),
    };
    let mut play = Play::running(&[web(1)]);
    for restarts in 1..10 {
        play.ends(&web(1), 1);
        play.did(&web(1), unread());
        let wait = Millis(60_000.min(500 << restarts));
        assert_eq!(
            play.says(),
            [format!("restarted web-1 {restarts} exit 1 after {wait}")]
        );
        play.pass(wait);
        assert_eq!(play.step(&web(1)), "start", "held up by no lines");
        play.starts(&web(1));
    }
    play.pass(Millis(60_000));
    play.ends(&web(1), 1);
    play.did(&web(1), unread());
    assert_eq!(play.says(), Vec::<String>::new());
    play.pass(SECOND);
    assert_eq!(play.step(&web(1)), "tail", "they say why it failed");
}

#[test]
fn a_minute_of_health_makes_the_next_wait_the_shortest_again() {
    let mut play = Play::ready(&[web(1)]);
    play.crash_and_recover(&web(1));
    play.crash_and_recover(&web(1));
    play.pass(Millis(60_000));
    play.ends(&web(1), 1);
    assert_eq!(play.says(), ["restarted web-1 3 exit 1 after 1s"]);
}

#[test]
fn ends_that_could_not_be_reported_are_counted_when_they_can() {
    let mut play = Play::ready(&[web(1)]);
    for _ in 0..2 {
        play.ends(&web(1), 1);
        play.pass(Millis(2000));
        play.starts(&web(1));
    }
    play.probe(&web(1), Answers::Good);
    assert_eq!(
        play.says(),
        ["restarted web-1 2 exit 1 after 2s", "ready web-1 10.0.0.5"]
    );
}

#[test]
fn three_bad_probes_make_it_unready_and_a_good_one_ready_again() {
    let mut play = Play::ready(&[web(1)]);
    play.probe(&web(1), Answers::Bad);
    play.probe(&web(1), Answers::Bad);
    assert_eq!(play.says(), Vec::<String>::new(), "two may be a hiccup");
    play.probe(&web(1), Answers::Bad);
    assert_eq!(play.says(), ["unready web-1: status 503"]);
    assert_eq!(play.stage(&web(1)), Stage::Unready);
    play.probe(&web(1), Answers::Good);
    assert_eq!(play.says(), ["ready web-1 10.0.0.5"]);
}

#[test]
fn what_stays_unready_for_ten_seconds_is_ended_then_failed_with_its_last_lines() {
    let mut play = Play::ready(&[web(1)]);
    play.make_unready(&web(1));
    play.pass(Millis(9000));
    assert_eq!(play.step(&web(1)), "-");
    play.pass(Millis(1000));
    assert_eq!(play.step(&web(1)), "stop 10s");
    play.probe(&web(1), Answers::Good);
    assert_eq!(play.step(&web(1)), "stop 10s", "too late");
    play.ends(&web(1), 143);
    assert_eq!(play.step(&web(1)), "tail");
    assert_eq!(play.says(), Vec::<String>::new(), "its lines come first");
    play.did(&web(1), Outcome::Tail(vec!["bye".to_owned()]));
    assert_eq!(play.says(), ["failed web-1 unhealthy exit 143 [\"bye\"]"]);
    play.pass(Millis(120_000));
    assert_eq!(
        play.step(&web(1)),
        "-",
        "its container is kept for its logs, and never starts again"
    );
    play.wants(9, []);
    assert_eq!(play.step(&web(1)), "remove");
}

#[test]
fn what_does_not_answer_within_its_time_is_failed() {
    let mut play = Play::running(&[web(1)]);
    play.probe(&web(1), Answers::Bad);
    play.pass(Millis(60_000));
    play.ends(&web(1), 0);
    play.did(&web(1), Outcome::Tail(vec![]));
    assert_eq!(play.says(), ["failed web-1 not ready in time exit 0 []"]);
}

#[test]
fn what_cannot_be_started_here_is_failed_at_once() {
    let mut play = Play::begin();
    play.wants(5, [(web(1), ReplicaPhase::Run)]);
    play.learns_specs();
    play.did(
        &web(1),
        Outcome::Refuse {
            because: "manifest unknown".to_owned(),
        },
    );
    assert_eq!(
        play.says(),
        [
            "joined",
            "failed web-1 cannot start: manifest unknown exit - []"
        ]
    );
    assert_eq!(play.step(&web(1)), "-");
}

#[test]
fn a_registry_that_is_away_is_tried_again_with_growing_waits_and_fails_nobody() {
    let mut play = Play::begin();
    play.wants(5, [(web(1), ReplicaPhase::Run)]);
    play.learns_specs();
    for wait in [
        500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ] {
        assert_eq!(play.step(&web(1)), "pull");
        play.did(
            &web(1),
            Outcome::Retry {
                because: "refused".to_owned(),
            },
        );
        assert_eq!(play.step(&web(1)), "-");
        assert_eq!(play.stage(&web(1)), Stage::Pulling);
        play.pass(Millis(wait));
    }
    assert_eq!(play.says(), ["joined"]);
}

#[test]
fn a_start_that_fails_eight_times_is_failed() {
    let mut play = Play::begin();
    play.wants(5, [(web(1), ReplicaPhase::Run)]);
    play.learns_specs();
    play.did(&web(1), Outcome::Pulled);
    play.creates(&web(1));
    for _ in 0..8 {
        assert_eq!(play.step(&web(1)), "start");
        play.did(
            &web(1),
            Outcome::Retry {
                because: "no cgroup".to_owned(),
            },
        );
        play.pass(Millis(30_000));
    }
    assert_eq!(
        play.says(),
        ["joined", "failed web-1 cannot start: no cgroup exit - []"]
    );
}

#[test]
fn an_engine_whose_clock_jumped_back_still_has_its_processes_counted_and_started_after_their_wait()
{
    let mut play = Play::ready(&[web(1)]);
    play.ends(&web(1), 1);
    assert_eq!(play.says(), ["restarted web-1 1 exit 1 after 1s"]);
    play.pass(SECOND);
    play.starts(&web(1));
    play.probe(&web(1), Answers::Good);
    assert_eq!(play.says(), ["ready web-1 10.0.0.5"]);
    play.ends_an_hour_ago(&web(1), 2);
    assert_eq!(play.says(), ["restarted web-1 2 exit 2 after 2s"]);
    assert_eq!(play.step(&web(1)), "-", "not before its time");
    play.pass(Millis(2000));
    assert_eq!(play.step(&web(1)), "start");
}

#[test]
fn a_failed_replica_kept_for_its_lines_never_runs_again_however_many_end_after_it() {
    let mut play = Play::ready(&[web(1)]);
    play.make_unready(&web(1));
    play.pass(Millis(10_000));
    play.ends(&web(1), 143);
    play.did(&web(1), Outcome::Tail(vec![]));
    assert_eq!(play.says(), ["failed web-1 unhealthy exit 143 []"]);
    for seq in 9..20 {
        let others = (seq * 100..seq * 100 + 100)
            .map(|number| (web(number), ReplicaPhase::Stop { grace: SECOND }));
        play.wants(
            seq.into(),
            others
                .chain([(web(1), ReplicaPhase::Run)])
                .collect::<Vec<_>>(),
        );
        assert_eq!(play.says_unchecked().len(), 100);
    }
    for _ in 0..2 {
        play.pass(Millis(120_000));
        assert_eq!(play.step(&web(1)), "-");
        assert_eq!(play.stage(&web(1)), Stage::Failed);
        assert_eq!(play.says_unchecked(), Vec::<String>::new());
        play.restart_worker();
    }
    play.wants(20, []);
    play.pass(Millis(5000));
    assert_eq!(play.step(&web(1)), "remove");
}
