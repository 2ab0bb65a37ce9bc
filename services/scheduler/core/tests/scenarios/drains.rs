//! Nodes that should take nothing more, or nothing at all: cordon, drain, machines that leave.

use crate::scene::{NONE, Scene, deployed, file, file_with, secs};

#[test]
fn a_cordoned_node_keeps_what_runs_there_and_gets_nothing_more() {
    let mut scene = deployed();
    assert_eq!(scene.cordon("n1"), ["cordon n1", "succeed"]);
    assert_eq!(scene.cordon("n1"), ["unchanged"]);
    assert_eq!(scene.cordon("n9"), ["refuse NodeNotFound"]);
    let said = scene.scale("web", 6);
    assert_eq!(
        said[2..],
        [
            "place web.3#1 on n2",
            "place web.4#1 on n3",
            "place web.5#1 on n2"
        ]
    );
    scene.run(NONE);
    assert_eq!(scene.uncordon("n1"), ["uncordon n1", "succeed"]);
    assert_eq!(scene.uncordon("n1"), ["unchanged"]);
    assert_eq!(scene.scale("web", 7)[2..], ["place web.6#1 on n1"]);
    scene.holds();
}

#[test]
fn a_drained_node_is_emptied_start_first_one_slot_of_a_service_at_a_time() {
    let mut scene = Scene::of(&["n1"]).with_balancer();
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 2)]));
    scene.run(NONE);
    scene.join("n2");
    assert_eq!(
        scene.drain("n1"),
        ["empty n1", "place api.0#2 on n2", "place web.0#2 on n2"]
    );
    // What runs there serves until its replacement does.
    assert_eq!(
        scene.ready("web.0#2"),
        [
            "drain web.0#1: replaced",
            "place web.1#2 on n2",
            "stop web.0#1"
        ]
    );
    scene.stopped("web.0#1");
    scene.ready("web.1#2");
    scene.stopped("web.1#1");
    assert_eq!(
        scene.ready("api.0#2"),
        ["drain api.0#1: replaced", "stop api.0#1"]
    );
    assert_eq!(scene.stopped("api.0#1"), ["n1 is empty", "succeed"]);
    assert_eq!(scene.drain("n1"), ["unchanged"]);
    assert_eq!(scene.uncordon("n1"), ["uncordon n1", "succeed"]);
    scene.holds();
}

#[test]
fn a_drain_that_finds_no_room_fails_at_its_deadline_and_goes_on_all_the_same() {
    let mut scene = Scene::of(&["n1", "n2"]).with_balancer();
    let large = r#","resources":{"cpu":3,"memory":"1Gi"}"#;
    scene.deploy(&file_with(&[("web", "web:1", 2)], large));
    scene.run(NONE);
    let because = "none of 2 nodes fits: 1 is draining, 1 has no room for 3 cores and 1Gi";
    assert_eq!(
        scene.drain("n1"),
        ["empty n1".to_owned(), format!("unplaced web.0: {because}")]
    );
    let said = scene.pass(secs(600));
    let failed = said.iter().find(|line| line.starts_with("fail ")).unwrap();
    assert_eq!(
        *failed,
        format!(
            "fail DrainBlocked: n1 could not be emptied in time: 1 replica is still there; slot 0 of \
             web in shop fits no other node: {because}; it goes on being drained, and is empty once \
             they fit elsewhere"
        )
    );
    scene.holds();
    scene.join("n3");
    assert_eq!(scene.settle(), ["place web.0#2 on n3"]);
    assert_eq!(scene.run(NONE).last().unwrap(), "n1 is empty");
    scene.holds();
}

#[test]
fn what_fitted_nowhere_else_is_named_when_its_node_takes_replicas_again() {
    let mut scene = Scene::of(&["n1"]).with_balancer();
    scene.deploy(&file(&[("web", "web:1", 1)]));
    scene.run(NONE);
    assert_eq!(scene.drain("n1").len(), 2);
    assert_eq!(
        scene.uncordon("n1"),
        ["supersede", "uncordon n1 for web", "succeed"]
    );
    scene.holds();
}

#[test]
fn uncordon_ends_a_drain_and_a_newer_drain_takes_over() {
    let mut scene = deployed();
    scene.drain("n1");
    assert_eq!(scene.drain("n1")[..2], ["supersede", "empty n1"]);
    assert_eq!(
        scene.uncordon("n1"),
        ["supersede", "uncordon n1", "succeed"]
    );
    // The replacement that was on its way takes over all the same; nothing more moves.
    scene.run(NONE);
    assert_eq!(
        scene.replicas(),
        ["web.0#2 n2 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene.holds();
}

#[test]
fn a_move_that_goes_on_after_its_drain_ended_holds_back_the_next() {
    let mut scene = deployed();
    scene.drain("n1");
    scene.uncordon("n1");
    assert_eq!(scene.drain("n2"), ["empty n2"]);
    assert_eq!(
        scene.ready("web.0#2"),
        [
            "drain web.0#1: replaced",
            "place web.0#3 on n1",
            "stop web.0#1"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn a_rollout_goes_first_and_the_drain_follows_it() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    assert_eq!(scene.drain("n3"), ["empty n3"]);
    let said = scene.run(NONE);
    assert_eq!(said[said.len() - 2..], ["n3 is empty", "succeed"]);
    assert_eq!(
        scene.replicas(),
        ["web.0#2 n1 ready", "web.1#2 n2 ready", "web.2#2 n1 ready"]
    );
    scene.holds();
}

#[test]
fn what_ran_before_a_change_that_came_to_nothing_moves_once_whatever_was_ready_there_meanwhile() {
    let mut scene = deployed();
    scene.restart_service("web");
    scene.balancer_rests();
    scene.ready("web.0#2");
    scene.fail("web.0#2");
    let said = scene.pass(secs(600));
    assert!(said.contains(&"give up web".to_owned()), "{said:?}");
    scene.fail("web.0#3");
    scene.pass(secs(60));
    let mut scene = scene.with_balancer();
    assert_eq!(scene.drain("n1"), ["empty n1", "place web.0#4 on n3"]);
    scene.ready("web.0#4");
    assert_eq!(scene.stopped("web.0#1"), ["n1 is empty", "succeed"]);
    scene.holds();
}

#[test]
fn the_node_of_a_machine_that_leaves_is_drained_and_opened_again_if_it_stays() {
    let mut scene = deployed();
    assert_eq!(
        scene.machine_leaves("n3"),
        ["empty n3", "place web.2#2 on n1"]
    );
    assert_eq!(scene.uncordon("n3"), ["refuse NodeLeaving"]);
    assert_eq!(scene.run(NONE).last().unwrap(), "n3 is empty");
    assert_eq!(scene.machine_kept("n3"), ["uncordon n3"]);
    assert_eq!(scene.scale("web", 4)[2..], ["place web.3#1 on n3"]);
    scene.holds();
    // Before anything was said of it, there is nothing to take back.
    scene.run(NONE);
    assert_eq!(scene.machine_kept("n1"), [""; 0]);
    scene.holds();
}

#[test]
fn a_removed_machine_takes_its_node_along() {
    let mut scene = deployed();
    scene.machine_leaves("n3");
    scene.run(NONE);
    assert_eq!(scene.machine_removed("n3"), [""; 0]);
    assert!(!scene.stage.state.nodes.contains_key(&"n3".parse().unwrap()));
    assert!(
        !scene
            .stage
            .wanted()
            .nodes
            .contains_key(&"n3".parse().unwrap())
    );
    assert_eq!(scene.cordon("n3"), ["refuse NodeNotFound"]);
    scene.holds();
}

#[test]
fn a_label_that_is_required_anew_moves_what_runs_elsewhere_and_nothing_else() {
    let mut scene = Scene::of(&[]).with_balancer();
    scene.join_labelled("n1", &[("zone", "us")]);
    scene.join_labelled("n2", &[("zone", "eu")]);
    scene.deploy(&file(&[("web", "web:1", 2)]));
    scene.run(NONE);
    let required = r#","place":{"require":{"zone":"eu"}}"#;
    let said = scene.deploy(&file_with(&[("web", "web:1", 2)], required));
    assert_eq!(
        said[1..],
        [
            "release r2",
            "configure web to 2",
            "begin web",
            "place web.0#2 on n2"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(scene.replicas(), ["web.0#2 n2 ready", "web.1#1 n2 ready"]);
    scene.holds();
}
