//! Nodes that fall silent, are lost, and return; machines that are gone.

use gantry_events::Millis;
use gantry_scheduler_core::Reading;

use crate::scene::{NONE, Scene, deployed, deployed_with, file, file_with, place, rollout, secs};

const ALL: &[&str] = &["n1", "n2", "n3"];
const BUT_N1: &[&str] = &["n2", "n3"];

/// Three ready replicas on three nodes that are heard.
fn heard() -> Scene {
    let mut scene = deployed();
    scene.listens(true);
    assert_eq!(scene.pass_hearing(ALL, secs(5)), [""; 0]);
    scene
}

/// The same after the first node was lost, with its slot filled anew.
fn lost() -> Scene {
    let mut scene = heard();
    let said = scene.pass_hearing(BUT_N1, secs(15));
    assert_eq!(
        said,
        [
            "suspect n1",
            "lose n1",
            "lose web.0#1",
            "place web.0#2 on n2"
        ]
    );
    scene
}

#[test]
fn a_silent_node_is_suspect_gets_nothing_and_keeps_what_it_has() {
    let mut scene = heard();
    assert_eq!(scene.pass_hearing(BUT_N1, Millis(2000)), [""; 0]);
    assert_eq!(scene.pass_hearing(BUT_N1, Millis(1000)), ["suspect n1"]);
    assert_eq!(scene.replicas()[0], "web.0#1 n1 ready");
    assert_eq!(scene.scale("web", 4)[2..], ["place web.3#1 on n2"]);
    assert_eq!(scene.hear(ALL, &[]), ["n1 returns"]);
    scene.run(NONE);
    scene.holds();
}

#[test]
fn what_ran_on_a_lost_node_is_replaced_at_once_elsewhere() {
    let scene = lost();
    assert_eq!(
        scene.replicas(),
        [
            "web.0#1 n1 lost",
            "web.0#2 n2 placed",
            "web.1#1 n2 ready",
            "web.2#1 n3 ready"
        ]
    );
    // Nothing is to be stopped there as long as nobody knows.
    let n1 = &scene.stage.wanted().nodes[&"n1".parse().unwrap()];
    assert_eq!(n1.len(), 1);
    scene.holds();
}

#[test]
fn a_replica_whose_node_returns_after_its_slot_was_filled_leaves() {
    let mut scene = lost();
    scene.ready("web.0#2");
    assert_eq!(
        scene.hear(ALL, &[]),
        ["n1 returns", "drain web.0#1: returned", "stop web.0#1"]
    );
    scene.stopped("web.0#1");
    assert_eq!(
        scene.replicas(),
        ["web.0#2 n2 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene.holds();
}

#[test]
fn a_replica_whose_node_returns_before_its_slot_was_filled_counts_again() {
    let mut scene = lost();
    assert_eq!(scene.hear(ALL, &[]), ["n1 returns", "regain web.0#1"]);
    assert_eq!(
        scene.replicas()[..2],
        ["web.0#1 n1 ready", "web.0#2 n2 placed"]
    );
    // Two of one slot are one too many: the newer stays once it is ready.
    assert_eq!(
        scene.ready("web.0#2"),
        ["drain web.0#1: replaced", "stop web.0#1"]
    );
    scene.holds();
}

#[test]
fn a_slot_that_fitted_nowhere_else_is_not_filled_again_beside_the_replica_that_returns() {
    let mut scene = Scene::of(&["n1", "n2"]).with_balancer();
    let apart = place(r#""per_node":1"#);
    scene.deploy(&file_with(&[("web", "web:1", 2)], &apart));
    scene.run(NONE);
    scene.listens(true);
    let said = scene.pass_hearing(&["n2"], secs(16));
    assert!(
        said.last().unwrap().starts_with("unplaced web.0"),
        "{said:?}"
    );
    assert_eq!(
        scene.hear(&["n1", "n2"], &[]),
        ["n1 returns", "regain web.0#1"]
    );
    scene.holds();
}

#[test]
fn a_node_that_returns_is_as_full_as_what_it_brings_back_makes_it() {
    let mut scene = Scene::of(&["n1", "n2"]).with_balancer();
    let apart = place(r#""per_node":1"#);
    scene.deploy(&file_with(&[("web", "web:1", 2)], &apart));
    scene.run(NONE);
    scene.listens(true);
    scene.pass_hearing(&["n2"], secs(16));
    scene.scale("web", 3);
    let said = scene.hear(&["n1", "n2"], &[]);
    assert_eq!(
        said,
        [
            "n1 returns",
            "regain web.0#1",
            "unplaced web.2: all 2 nodes have as many replicas of the service as they may: 1",
            "advance web to 2 of 3"
        ]
    );
    scene.holds();
}

#[test]
fn a_slot_whose_replica_became_ready_while_its_node_was_lost_has_been_seen_to_work() {
    let mut scene = heard();
    scene.cordon("n2");
    scene.cordon("n3");
    assert_eq!(scene.scale("web", 4).last().unwrap(), "place web.3#1 on n1");
    scene.pass_hearing(BUT_N1, secs(15));
    scene.ready("web.3#1");
    assert_eq!(scene.hear(ALL, &[]).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn what_a_lost_node_says_of_its_replicas_meanwhile_counts_when_it_returns() {
    let mut scene = lost();
    scene.unready("web.0#1");
    assert_eq!(scene.replicas()[0], "web.0#1 n1 lost");
    scene.hear(ALL, &[]);
    assert_eq!(scene.replicas()[0], "web.0#1 n1 unready");
    scene.holds();
}

#[test]
fn while_the_own_link_is_down_nobody_is_silent_and_afterwards_all_count_afresh() {
    let mut scene = heard();
    scene.listens(false);
    assert_eq!(scene.pass(secs(3600)), [""; 0]);
    scene.listens(true);
    assert_eq!(scene.pass(Millis(2400)), [""; 0]);
    assert_eq!(scene.hear(ALL, &[]), [""; 0]);
    scene.holds();
}

#[test]
fn a_suspect_node_is_not_lost_by_the_count_of_an_observer_that_has_just_begun() {
    let mut scene = heard();
    scene.pass_hearing(BUT_N1, secs(10));
    scene.stage.restart();
    scene.listens(true);
    // Its deadline passes; it gets the whole time once more.
    let said = scene.pass_hearing(BUT_N1, secs(14));
    assert_eq!(said, ["suspect n1"]);
    let said = scene.pass_hearing(BUT_N1, secs(5));
    assert_eq!(said[0], "lose n1");
    scene.holds();
}

#[test]
fn many_silent_at_once_are_waited_for_longer() {
    let mut scene = heard();
    let said = scene.pass_hearing(&["n3"], secs(3));
    assert_eq!(said, ["suspect n1 with others", "suspect n2 with others"]);
    assert_eq!(scene.pass_hearing(&["n3"], secs(56)), [""; 0]);
    let said = scene.pass_hearing(&["n3"], secs(2));
    assert_eq!(
        said[..4],
        ["lose n1", "lose n2", "lose web.0#1", "lose web.1#1"]
    );
    scene.holds();
}

#[test]
fn one_that_falls_silent_after_another_makes_it_widespread_for_both() {
    let mut scene = heard();
    assert_eq!(scene.pass_hearing(BUT_N1, secs(5)), ["suspect n1"]);
    let said = scene.pass_hearing(&["n3"], secs(3));
    assert_eq!(said, ["suspect n1 with others", "suspect n2 with others"]);
    scene.holds();
}

#[test]
fn a_scheduler_that_was_paused_takes_nobody_for_silent() {
    let mut scene = heard();
    let before = scene.stage.now;
    scene.stage.pass(secs(7200));
    assert_eq!(scene.settle(), [""; 0]);
    // A word that lay unread all the while.
    assert_eq!(scene.hear_at(before, &["n1"], &[]), [""; 0]);
    assert_eq!(scene.listens(true), [""; 0]);
    assert_eq!(scene.hear(BUT_N1, &[]), [""; 0]);
    assert_eq!(scene.pass_hearing(BUT_N1, secs(3)), ["suspect n1"]);
    scene.holds();
}

#[test]
fn a_clock_that_jumps_unseen_makes_nodes_suspect_and_never_lost() {
    let mut scene = heard();
    scene.stage.pass(secs(7200));
    let said = scene.hear(&[], &[]);
    assert_eq!(said.len(), 3, "{said:?}");
    let said = scene.hear(ALL, &[]);
    assert_eq!(said, ["n1 returns", "n2 returns", "n3 returns"]);
    scene.holds();
}

#[test]
fn a_machine_that_is_gone_is_lost_at_once_and_forgotten() {
    let mut scene = deployed();
    assert_eq!(
        scene.machine_gone("n1"),
        ["lose n1", "lose web.0#1", "place web.0#2 on n2"]
    );
    assert!(!scene.stage.state.nodes.contains_key(&"n1".parse().unwrap()));
    scene.holds();
    // One that was lost before is forgotten without another word.
    let mut scene = lost();
    assert_eq!(scene.machine_gone("n1"), [""; 0]);
    assert_eq!(scene.replicas().len(), 3);
    scene.holds();
}

#[test]
fn a_drain_ends_when_its_node_is_lost_and_all_of_it_runs_elsewhere() {
    let mut scene = heard();
    scene.drain("n1");
    let said = scene.pass_hearing(BUT_N1, secs(16));
    assert_eq!(said[said.len() - 2..], ["lose n1", "lose web.0#1"]);
    assert_eq!(scene.ready("web.0#2"), ["n1 is empty", "succeed"]);
    scene.holds();
    // And when its machine is gone.
    let mut scene = deployed();
    scene.drain("n1");
    assert_eq!(
        scene.machine_gone("n1"),
        ["lose n1", "lose web.0#1", "succeed"]
    );
    scene.holds();
}

#[test]
fn a_node_that_is_back_is_empty_only_once_what_was_told_to_stop_there_has_stopped() {
    let mut scene = heard();
    scene.scale("web", 4);
    scene.ready("web.3#1");
    scene.scale("web", 3);
    assert_eq!(scene.replicas()[3], "web.3#1 n1 stopping");
    scene.pass_hearing(BUT_N1, secs(16));
    scene.ready("web.0#2");
    // It is heard, and should be emptied, at once.
    let all = ALL.iter().map(|node| node.parse().unwrap()).collect();
    scene.stage.reading(Reading::Heard {
        at: scene.stage.now,
        nodes: all,
        balancers: [].into(),
    });
    let said = scene.drain("n1");
    assert_eq!(
        said,
        [
            "empty n1",
            "n1 returns",
            "regain web.3#1",
            "drain web.0#1: returned",
            "stop web.0#1"
        ]
    );
    scene.stopped("web.0#1");
    assert_eq!(scene.stopped("web.3#1"), ["n1 is empty", "succeed"]);
    scene.holds();
}

#[test]
fn a_rollout_waits_for_a_suspect_node_and_goes_on_when_it_is_lost() {
    let mut scene = heard();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.pass_hearing(BUT_N1, secs(16));
    assert_eq!(
        scene.replicas(),
        [
            "web.0#1 n1 lost",
            "web.0#2 n1 lost",
            "web.0#3 n2 placed",
            "web.1#1 n2 ready",
            "web.2#1 n3 ready"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn a_balancer_that_fell_silent_holds_nothing_up_while_another_is_heard() {
    let mut scene = heard();
    scene.apply_at("b2", [].into(), [].into());
    scene.deploy(&file(&[("web", "web:2", 3)]));
    assert_eq!(scene.ready("web.0#2"), [""; 0], "b2 does not route to it");
    let said = scene.pass_hearing(ALL, secs(30));
    assert!(
        said.contains(&"drain web.0#1: replaced".to_owned()),
        "{said:?}"
    );
    scene.holds();
    // The last of them goes on with the table it has: what it last said is all that is known.
    let mut scene = heard();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.balancer_rests();
    scene.ready("web.0#2");
    for _ in 0..120 {
        assert_eq!(scene.pass(Millis(500)), [""; 0]);
        assert_eq!(scene.hear(ALL, &[]), [""; 0]);
    }
    scene.holds();
}

#[test]
fn a_change_that_waits_for_a_drain_alone_is_not_late_by_the_word_of_a_silent_balancer() {
    let mut scene = deployed_with(&rollout(1, 0, "20s"));
    scene.apply_at("b2", [].into(), [].into());
    scene.listens(true);
    scene.pass_hearing(ALL, secs(30));
    // The replica that goes has requests in flight until the end of its drain.
    scene.balancer_rests();
    assert_eq!(
        scene.scale("web", 2).last().unwrap(),
        "drain web.2#1: scaled down"
    );
    assert_eq!(scene.pass_hearing(ALL, secs(30)), [""; 0]);
    scene.holds();
    assert_eq!(scene.pass_hearing(ALL, secs(5)), ["stop web.2#1"]);
    assert_eq!(scene.stopped("web.2#1"), ["finish web", "succeed"]);
    scene.holds();
}
