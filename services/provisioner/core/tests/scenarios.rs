//! Pools and machines as tables: what is told, and what the provisioner says to it.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod cast;

use cast::*;
use gantry_decider::Core;
use gantry_events::{Fact, Millis, Writer};
use gantry_provisioner_core::Reading;

#[test]
fn a_pool_and_its_machines_are_asked_for_in_one_answer() {
    let mut stage = stage();
    let (_, said) = stage.command(pool("local", "local", 3));
    assert_eq!(
        lines(&said),
        [
            "pool.created local",
            "machine.requested m1",
            "machine.requested m2",
            "machine.requested m3"
        ]
    );
    assert!(stage.settle().is_empty());
    let wanted = stage.wanted().machines;
    let nodes: Vec<_> = wanted
        .iter()
        .map(|(id, one)| format!("{id} {} {}", one.node, one.attempt))
        .collect();
    assert_eq!(nodes, ["m1 n1 1", "m2 n2 1", "m3 n3 1"]);
}

#[test]
fn a_second_pool_goes_on_with_the_numbers_of_the_first() {
    let mut stage = stage();
    stage.command(pool("local", "local", 2));
    let (_, said) = stage.command(pool("more", "local", 1));
    assert_eq!(lines(&said), ["pool.created more", "machine.requested m3"]);
}

#[test]
fn a_wish_is_refused_or_changes_nothing_where_it_should() {
    let rows = [
        (pool("local", "local", 3), "operation.unchanged"),
        (pool("local", "local", 4), "operation.refused PoolExists"),
        (
            pool("local", "moon", 3),
            "operation.refused ProviderUnknown",
        ),
        (
            pool("other", "moon", 3),
            "operation.refused ProviderUnknown",
        ),
        (
            pool("other", "local", 1001),
            "operation.refused InvalidConfig",
        ),
    ];
    for (wish, answer) in rows {
        let mut stage = stage();
        stage.command(pool("local", "local", 3));
        let (_, said) = stage.command(wish.clone());
        assert_eq!(lines(&said), [answer], "{wish:?}");
        assert_eq!(stage.wanted().machines.len(), 3);
    }
}

#[test]
fn a_refusal_says_what_exists() {
    let mut stage = stage();
    stage.command(pool("local", "local", 3));
    let (_, said) = stage.command(pool("local", "local", 4));
    let Fact::OperationRefused(refused) = &said[0] else {
        panic!("{said:?}")
    };
    assert_eq!(
        refused.problem.detail,
        "pool local exists with provider local and 3 machines, and local with 4 was asked for; choose another name, or scale the one there is"
    );
}

#[test]
fn a_machine_is_created_once_seen_and_ready_once_its_node_joined() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    stage.reading(absent("m1"));
    assert!(stage.settle().is_empty());
    stage.pass(Millis(300)).reading(seen("m1", false));
    assert_eq!(lines(&stage.settle()), ["machine.created m1"]);
    stage.pass(Millis(300)).reading(seen("m1", true));
    assert!(stage.settle().is_empty(), "a first start is no second one");
    join(&mut stage, "n1");
    assert_eq!(
        lines(&stage.settle()),
        ["machine.ready m1", "operation.succeeded"]
    );
    assert!(stage.core.deadlines(&stage.state).is_empty());
}

#[test]
fn a_node_may_join_before_its_machine_was_said_to_be_there() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    join(&mut stage, "n1");
    assert!(stage.settle().is_empty());
    stage.reading(seen("m1", true));
    assert_eq!(
        lines(&stage.settle()),
        [
            "machine.created m1",
            "machine.ready m1",
            "operation.succeeded"
        ]
    );
}

#[test]
fn a_pool_succeeds_only_with_its_last_machine() {
    let mut stage = stage();
    stage.command(pool("local", "local", 2));
    stage.reading(seen("m1", true)).reading(seen("m2", true));
    stage.settle();
    join(&mut stage, "n2");
    assert_eq!(lines(&stage.settle()), ["machine.ready m2"]);
    join(&mut stage, "n1");
    assert_eq!(
        lines(&stage.settle()),
        ["machine.ready m1", "operation.succeeded"]
    );
}

#[test]
fn a_pool_without_machines_is_whole_at_once() {
    let mut stage = stage();
    stage.command(pool("none", "local", 0));
    assert_eq!(lines(&stage.settle()), ["operation.succeeded"]);
}

#[test]
fn every_passed_deadline_is_said_and_the_next_one_is_later() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    stage.reading(Reading::ProviderSaid {
        machine: m("m1"),
        error: "no such image".to_owned(),
    });
    let said = stage.settle_for(Millis::from_secs(600));
    assert_eq!(
        lines(&said),
        [
            "machine.overdue m1",
            "machine.overdue m1",
            "machine.overdue m1",
            "operation.failed MachineFailed",
            "machine.overdue m1"
        ]
    );
    let Fact::MachineOverdue(overdue) = &said[0] else {
        panic!("{said:?}")
    };
    assert_eq!(
        overdue.waiting_for,
        "the provider to make it; the provider last said: no such image"
    );
    let Fact::OperationFailed(failed) = &said[3] else {
        panic!("{said:?}")
    };
    assert_eq!(
        failed.problem.detail,
        "pool local has not become 1 ready machines: m1 waits for the provider to make it; the provider last said: no such image. They are tried further; mend what is named"
    );
}

#[test]
fn a_machine_that_comes_after_its_pool_failed_is_ready_all_the_same() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    stage.settle_for(Millis::from_secs(300));
    stage.reading(seen("m1", true));
    join(&mut stage, "n1");
    assert_eq!(
        lines(&stage.settle()),
        ["machine.created m1", "machine.ready m1"]
    );
}

#[test]
fn a_stopped_machine_that_runs_again_was_started() {
    let (mut stage, _) = ready(1);
    stage.reading(seen("m1", false));
    assert!(stage.settle().is_empty());
    stage.pass(Millis(500)).reading(seen("m1", true));
    assert_eq!(lines(&stage.settle()), ["machine.started m1"]);
    stage.pass(Millis(500)).reading(seen("m1", true));
    assert!(stage.settle().is_empty(), "said once");
}

#[test]
fn a_restart_forgets_readings_and_repeats_nothing() {
    let (mut stage, _) = ready(2);
    let state = stage.state.clone();
    stage.restart();
    stage.reading(seen("m1", true)).reading(seen("m2", true));
    assert!(stage.settle().is_empty());
    assert_eq!(stage.state, state);
}

#[test]
fn steps_of_machines_belong_to_the_operation_of_their_pool() {
    let (stage, operation) = ready(1);
    let own = stage
        .told
        .iter()
        .filter(|told| told.writer == Writer::Provisioner);
    assert!(
        own.map(|told| told.operation)
            .all(|of| of == Some(operation))
    );
}
