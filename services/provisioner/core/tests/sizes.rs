//! Pools that grow, shrink, lose machines and go, as tables.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod cast;

use cast::*;
use gantry_decider::Core;
use gantry_events::{CreatePool, Fact, Intent, Millis, Seq};
use gantry_provisioner_core::Aim;

#[test]
fn a_growing_pool_asks_for_what_is_missing_and_succeeds_once_it_is_ready() {
    let (mut stage, _) = ready(3);
    let (_, said) = stage.command(scale("local", 4));
    assert_eq!(lines(&said), ["pool.scaled local", "machine.requested m4"]);
    assert_eq!(
        arrive(&mut stage, &[4]),
        ["machine.ready m4", "operation.succeeded"]
    );
}

#[test]
fn labels_of_a_pool_are_those_of_its_machines_with_pool_and_provider() {
    let mut stage = stage();
    let wish = CreatePool {
        pool: "fast".parse().unwrap(),
        provider: "local".to_owned(),
        size: 1,
        labels: [("disk".to_owned(), "nvme".to_owned())].into(),
    };
    stage.command(Intent::CreatePool(wish));
    let (_, said) = stage.command(scale("fast", 2));
    let Some(Fact::MachineRequested(requested)) = said.last() else {
        panic!("{said:?}")
    };
    let labels: Vec<_> = requested
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    assert_eq!(labels, ["disk=nvme", "pool=fast", "provider=local"]);
}

#[test]
fn a_shrinking_pool_lets_the_newest_go_once_their_nodes_are_empty() {
    let (mut stage, _) = ready(4);
    let (_, said) = stage.command(scale("local", 2));
    assert_eq!(
        lines(&said),
        [
            "pool.scaled local",
            "machine.leaving m4",
            "machine.leaving m3"
        ]
    );
    assert!(stage.settle().is_empty(), "their nodes are not empty yet");
    drain(&mut stage, "n4");
    assert_eq!(lines(&stage.settle()), ["machine.removing m4"]);
    stage.reading(absent("m4"));
    assert_eq!(lines(&stage.settle()), ["machine.removed m4"]);
    drain(&mut stage, "n3");
    assert_eq!(lines(&stage.settle()), ["machine.removing m3"]);
    stage.reading(absent("m3"));
    assert_eq!(
        lines(&stage.settle()),
        ["machine.removed m3", "operation.succeeded"]
    );
    assert!(stage.core.deadlines(&stage.state).is_empty());
}

#[test]
fn machines_that_are_not_ready_leave_first_and_are_removed_at_once() {
    let (mut stage, _) = ready(3);
    stage.command(scale("local", 5));
    arrive(&mut stage, &[5]);
    let (_, said) = stage.command(scale("local", 3));
    assert_eq!(
        lines(&said),
        [
            "operation.superseded",
            "pool.scaled local",
            "machine.leaving m4",
            "machine.leaving m5"
        ]
    );
    assert_eq!(lines(&stage.settle()), ["machine.removing m4"]);
}

#[test]
fn a_node_that_was_drained_before_its_machine_left_is_empty_unless_it_was_opened_since() {
    let (mut stage, _) = ready(3);
    for node in ["n2", "n3"] {
        drain(&mut stage, node);
    }
    uncordon(&mut stage, "n2");
    let (_, said) = stage.command(scale("local", 1));
    assert_eq!(
        lines(&said),
        [
            "pool.scaled local",
            "machine.leaving m3",
            "machine.leaving m2"
        ]
    );
    assert_eq!(lines(&stage.settle()), ["machine.removing m3"]);
    drain(&mut stage, "n2");
    assert_eq!(lines(&stage.settle()), ["machine.removing m2"]);
}

#[test]
fn a_pool_that_grows_again_keeps_leaving_machines_before_it_asks_for_more() {
    let (mut stage, _) = ready(4);
    stage.command(scale("local", 2));
    let (_, said) = stage.command(scale("local", 5));
    assert_eq!(
        lines(&said),
        [
            "operation.superseded",
            "pool.scaled local",
            "machine.kept m3",
            "machine.kept m4",
            "machine.requested m5"
        ]
    );
    assert_eq!(
        arrive(&mut stage, &[5]),
        ["machine.ready m5", "operation.succeeded"]
    );
}

#[test]
fn a_machine_that_is_being_removed_is_not_kept() {
    let (mut stage, _) = ready(2);
    stage.command(scale("local", 1));
    drain(&mut stage, "n2");
    stage.settle();
    let (_, said) = stage.command(scale("local", 2));
    assert_eq!(
        lines(&said),
        [
            "operation.superseded",
            "pool.scaled local",
            "machine.requested m3"
        ]
    );
}

#[test]
fn the_last_of_many_sizes_holds_and_every_operation_ends() {
    let (mut stage, _) = ready(3);
    let mut said = Vec::new();
    for size in (0..100).map(|n| n % 7) {
        said.extend(stage.command(scale("local", size)).1);
    }
    said.extend(stage.settle());
    let ends = lines(&said);
    let count = |end: &str| ends.iter().filter(|line| *line == end).count();
    assert_eq!(count("operation.superseded"), 99);
    assert_eq!(stage.state.pools[&"local".parse().unwrap()].size, 1);
    for node in ["n2", "n3"] {
        drain(&mut stage, node);
    }
    stage.settle();
    let leaving: Vec<String> = stage
        .wanted()
        .machines
        .iter()
        .filter(|(_, one)| one.aim == Aim::Away)
        .map(|(id, _)| id.to_string())
        .collect();
    for machine in &leaving {
        stage.reading(absent(machine));
    }
    assert_eq!(
        lines(&stage.settle()).last().unwrap(),
        "operation.succeeded"
    );
    assert_eq!(stage.state.machines.len(), 1);
}

#[test]
fn a_size_that_is_there_already_changes_nothing() {
    let (mut stage, _) = ready(2);
    let (_, said) = stage.command(scale("local", 2));
    assert_eq!(lines(&said), ["operation.unchanged"]);
}

#[test]
fn the_same_size_again_takes_over_the_waiting() {
    let mut stage = stage();
    stage.command(pool("local", "local", 1));
    let (_, said) = stage.command(scale("local", 1));
    assert_eq!(lines(&said), ["operation.superseded", "pool.scaled local"]);
    assert_eq!(
        arrive(&mut stage, &[1]).last().unwrap(),
        "operation.succeeded"
    );
}

#[test]
fn a_drain_that_is_held_up_fails_its_operation_by_name_and_goes_on() {
    let (mut stage, _) = ready(2);
    stage.command(scale("local", 1));
    stage.settle_for(Millis::from_secs(599));
    blocked(&mut stage, "n2", "shop/web slot 0 to fit elsewhere");
    let said = stage.settle_for(Millis::from_secs(70));
    assert_eq!(
        lines(&said),
        [
            "machine.overdue m2",
            "machine.overdue m2",
            "operation.failed DrainBlocked"
        ]
    );
    let Some(Fact::OperationFailed(failed)) = said.last() else {
        panic!("{said:?}")
    };
    assert_eq!(
        failed.problem.detail,
        "pool local has not come down to 1 machines: m2 waits for node n2 to be empty, which waits for shop/web slot 0 to fit elsewhere. They go on leaving; make room elsewhere, or scale the pool up to keep them"
    );
    drain(&mut stage, "n2");
    assert_eq!(lines(&stage.settle()), ["machine.removing m2"]);
    stage.reading(absent("m2"));
    assert_eq!(lines(&stage.settle()), ["machine.removed m2"]);
}

#[test]
fn a_pool_goes_with_its_last_machine() {
    let (mut stage, _) = ready(1);
    let (_, said) = stage.command(remove("local"));
    assert_eq!(lines(&said), ["pool.closing local", "machine.leaving m1"]);
    drain(&mut stage, "n1");
    stage.settle();
    stage.reading(absent("m1"));
    assert_eq!(
        lines(&stage.settle()),
        [
            "machine.removed m1",
            "pool.removed local",
            "operation.succeeded"
        ]
    );
    let (_, said) = stage.command(pool("local", "local", 1));
    assert_eq!(
        lines(&said),
        ["pool.created local", "machine.requested m2"],
        "numbers are not used again"
    );
}

#[test]
fn a_closing_pool_that_is_scaled_stays() {
    let (mut stage, _) = ready(1);
    stage.command(remove("local"));
    let (_, said) = stage.command(scale("local", 1));
    assert_eq!(
        lines(&said),
        [
            "operation.superseded",
            "pool.scaled local",
            "machine.kept m1"
        ]
    );
    assert_eq!(lines(&stage.settle()), ["operation.succeeded"]);
}

#[test]
fn what_does_not_fit_the_pools_there_are_is_refused() {
    let rows = [
        (scale("other", 1), "operation.refused PoolNotFound"),
        (remove("other"), "operation.refused PoolNotFound"),
        (scale("local", 1001), "operation.refused InvalidConfig"),
    ];
    for (wish, answer) in rows {
        let (mut stage, _) = ready(1);
        let (_, said) = stage.command(wish);
        assert_eq!(lines(&said), [answer]);
    }
}

#[test]
fn a_wish_that_rests_on_an_older_read_is_refused() {
    let (mut stage, _) = ready(1);
    let read = stage.seq();
    stage.command_on(scale("local", 2), Some(read));
    for wish in [scale("local", 3), remove("local")] {
        let (_, said) = stage.command_on(wish, Some(read));
        assert_eq!(lines(&said), ["operation.refused VersionConflict"]);
    }
    let read = stage.seq();
    let (_, said) = stage.command_on(scale("local", 1), Some(read));
    assert_eq!(
        lines(&said),
        [
            "operation.superseded",
            "pool.scaled local",
            "machine.leaving m2"
        ]
    );
}

#[test]
fn facts_of_nodes_that_are_no_machine_of_ours_change_nothing() {
    let (mut stage, _) = ready(1);
    let before = stage.state.clone();
    drain(&mut stage, "n7");
    blocked(&mut stage, "n7", "nothing");
    uncordon(&mut stage, "n7");
    assert_eq!(stage.state, before);
    assert_ne!(stage.seq(), Seq(0));
}
