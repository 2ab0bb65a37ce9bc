//! A change of a running service, slot by slot, by its policy.

use crate::scene::{NONE, Scene, deployed, deployed_with, file, file_with, rollout, secs};

#[test]
fn a_changed_service_is_replaced_one_slot_after_the_other_start_first() {
    let mut scene = deployed();
    let said = scene.deploy(&file(&[("web", "web:2", 3)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "release r2",
            "configure web to 3",
            "begin web",
            "place web.0#2 on n1"
        ]
    );
    let said = scene.ready("web.0#2");
    assert_eq!(
        said,
        [
            "drain web.0#1: replaced",
            "advance web to 1 of 3",
            "place web.1#2 on n2",
            "stop web.0#1"
        ]
    );
    assert_eq!(scene.stopped("web.0#1"), [""; 0]);
    let said = scene.ready("web.1#2");
    assert_eq!(
        said,
        [
            "drain web.1#1: replaced",
            "advance web to 2 of 3",
            "place web.2#2 on n3",
            "stop web.1#1"
        ]
    );
    let said = scene.ready("web.2#2");
    assert_eq!(
        said,
        [
            "drain web.2#1: replaced",
            "stop web.2#1",
            "finish web",
            "succeed"
        ]
    );
    scene.run(NONE);
    assert_eq!(
        scene.replicas(),
        ["web.0#2 n1 ready", "web.1#2 n2 ready", "web.2#2 n3 ready"]
    );
    scene.holds();
}

#[test]
fn an_old_replica_leaves_only_when_every_balancer_routes_to_the_new_one_and_has_let_it_go() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.balancer_rests();
    assert_eq!(scene.ready("web.0#2"), [""; 0]);
    let routed = ["web.0#2", "web.1#1", "web.2#1"]
        .map(|name| scene.key(name))
        .into();
    scene.apply(routed, [].into());
    assert_eq!(
        scene.settle(),
        [
            "drain web.0#1: replaced",
            "advance web to 1 of 3",
            "place web.1#2 on n2"
        ]
    );
    assert_eq!(scene.settle(), [""; 0]);
    let released = [scene.key("web.0#1")].into();
    let routed = ["web.0#2", "web.1#1", "web.2#1"]
        .map(|name| scene.key(name))
        .into();
    scene.apply(routed, released);
    assert_eq!(scene.settle(), ["stop web.0#1"]);
    scene.holds();
}

#[test]
fn a_balancer_that_is_there_and_has_said_nothing_of_a_table_is_waited_for_as_well() {
    let mut scene = deployed();
    // It may be given a table that routes to what leaves, before its word of that is in the log.
    scene.announce("b2");
    assert_eq!(
        scene.scale("web", 2),
        ["scale web to 2", "begin web", "drain web.2#1: scaled down"]
    );
    assert_eq!(scene.settle(), [""; 0], "b1 alone has let it go");
    scene.apply_at("b2", [].into(), [scene.key("web.2#1")].into());
    assert_eq!(scene.settle(), ["stop web.2#1"]);
    scene.holds();
}

#[test]
fn a_drain_goes_on_without_the_balancers_word_once_its_time_is_over() {
    let mut scene = deployed();
    scene.balancer_rests();
    assert_eq!(
        scene.scale("web", 2),
        ["scale web to 2", "begin web", "drain web.2#1: scaled down"]
    );
    assert_eq!(scene.pass(secs(34)), [""; 0]);
    assert_eq!(scene.pass(secs(1)), ["stop web.2#1"]);
    assert_eq!(scene.stopped("web.2#1"), ["finish web", "succeed"]);
    scene.holds();
}

#[test]
fn without_a_balancer_or_a_port_nobody_has_to_let_go() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(scene.ready("web.0#1"), ["finish web", "succeed"]);
    scene.deploy(&file(&[("web", "web:2", 1)]));
    let said = scene.ready("web.0#2");
    assert_eq!(
        said,
        [
            "drain web.0#1: replaced",
            "stop web.0#1",
            "finish web",
            "succeed"
        ]
    );
    scene.holds();
}

#[test]
fn an_unready_replica_holds_up_a_change_until_it_is_ready_or_given_up() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.ready("web.0#2");
    scene.unready("web.0#2");
    assert_eq!(
        scene.ready("web.1#2"),
        ["drain web.1#1: replaced", "stop web.1#1"]
    );
    assert_eq!(
        scene.ready("web.0#2"),
        ["advance web to 2 of 3", "place web.2#2 on n3"]
    );
    scene.holds();
}

#[test]
fn a_surge_of_two_works_at_two_slots_at_once() {
    let mut scene = deployed_with(&rollout(2, 0, "5m"));
    let said = scene.deploy(&file_with(&[("web", "web:2", 3)], &rollout(2, 0, "5m")));
    assert_eq!(said[4..], ["place web.0#2 on n1", "place web.1#2 on n2"]);
    assert_eq!(
        scene.ready("web.1#2"),
        [
            "drain web.1#1: replaced",
            "advance web to 1 of 3",
            "place web.2#2 on n3",
            "stop web.1#1"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn a_slot_that_two_replicas_fill_gets_no_third_however_large_the_surge() {
    let keys = rollout(2, 0, "5m");
    let mut scene = deployed_with(&keys);
    scene.deploy(&file_with(&[("web", "web:2", 3)], &keys));
    scene.balancer_rests();
    scene.ready("web.0#2");
    // Not routed yet, it has not taken the slot over when the next change comes.
    let said = scene.deploy(&file_with(&[("web", "web:3", 3)], &keys));
    assert_eq!(
        said[said.len() - 2..],
        ["place web.1#3 on n2", "stop web.1#2"]
    );
    let mut scene = scene.with_balancer();
    assert_eq!(
        scene.settle(),
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
fn without_a_surge_an_old_replica_makes_way_and_the_new_one_comes_when_it_is_gone() {
    let mut scene = deployed_with(&rollout(0, 1, "5m"));
    let said = scene.deploy(&file_with(&[("web", "web:2", 3)], &rollout(0, 1, "5m")));
    assert_eq!(said[4..], ["drain web.0#1: makes way", "stop web.0#1"]);
    assert_eq!(scene.stopped("web.0#1"), ["place web.0#2 on n1"]);
    assert_eq!(
        scene.ready("web.0#2"),
        [
            "advance web to 1 of 3",
            "drain web.1#1: makes way",
            "stop web.1#1"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn with_both_the_first_slots_are_doubled_and_the_next_make_way() {
    let mut scene = deployed_with(&rollout(1, 1, "5m"));
    let said = scene.deploy(&file_with(&[("web", "web:2", 3)], &rollout(1, 1, "5m")));
    assert_eq!(
        said[4..],
        [
            "drain web.1#1: makes way",
            "place web.0#2 on n1",
            "stop web.1#1"
        ]
    );
    // While slot 1 is missing, slot 2 is doubled and does not make way as well.
    assert_eq!(
        scene.ready("web.0#2"),
        [
            "drain web.0#1: replaced",
            "advance web to 1 of 3",
            "place web.2#2 on n2",
            "stop web.0#1"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    scene.holds();
}

#[test]
fn slots_that_serve_nothing_come_first_as_nothing_is_lost_by_changing_them() {
    let mut scene = deployed_with(&rollout(0, 1, "5m"));
    scene.unready("web.2#1");
    let said = scene.deploy(&file_with(&[("web", "web:2", 3)], &rollout(0, 1, "5m")));
    assert_eq!(said[4..], ["drain web.2#1: makes way", "stop web.2#1"]);
    assert_eq!(scene.stopped("web.2#1"), ["place web.2#2 on n3"]);
    scene.holds();
}

#[test]
fn each_slot_that_is_done_gives_the_next_one_the_whole_time() {
    let keys = rollout(1, 0, "60s");
    let mut scene = deployed_with(&keys);
    scene.deploy(&file_with(&[("web", "web:2", 3)], &keys));
    for slot in 0..3 {
        let said = scene.pass(secs(50));
        assert!(
            !said.iter().any(|line| line.starts_with("give up")),
            "{said:?}"
        );
        scene.ready(&format!("web.{slot}#2"));
        scene.stopped(&format!("web.{slot}#1"));
    }
    assert!(scene.stage.state.operations.is_empty());
    scene.holds();
}

#[test]
fn a_change_of_policy_alone_replaces_nothing() {
    let mut scene = deployed();
    let before = scene.replicas();
    let said = scene.deploy(&file_with(&[("web", "web:1", 3)], &rollout(2, 1, "60s")));
    assert_eq!(
        said[1..],
        [
            "release r2",
            "configure web to 3",
            "begin web",
            "finish web",
            "succeed"
        ]
    );
    assert_eq!(scene.replicas(), before);
    scene.holds();
}

#[test]
fn drain_and_grace_are_those_of_the_policy() {
    let keys =
        r#","rollout":{"surge":1,"unavailable":0,"drain":"3s","grace":"2s","deadline":"5m"}"#;
    let mut scene = deployed_with(keys);
    scene.balancer_rests();
    scene.scale("web", 2);
    // Three seconds for requests in flight, five for the balancer's word.
    assert_eq!(scene.pass(secs(7)), [""; 0]);
    assert_eq!(scene.pass(secs(1)), ["stop web.2#1"]);
    let wanted =
        scene.stage.wanted().nodes[&scene.find("web.2#1").1][&scene.key("web.2#1")].clone();
    let grace = secs(2);
    assert_eq!(wanted.phase, gantry_events::ReplicaPhase::Stop { grace });
    scene.holds();
}
