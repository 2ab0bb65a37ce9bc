//! What the scheduler does, told as it would stand in a manual.

mod scene;

use scene::{Scene, file, file_with, secs};

const NODES: &[&str] = &["n1", "n2", "n3"];
const NONE: &str = "no image is broken";

/// Three ready replicas of one service behind a balancer.
fn deployed() -> Scene {
    let mut scene = Scene::of(NODES).with_balancer();
    scene.deploy(&file(&[("web", "web:1", 3)]));
    scene.run(NONE);
    assert_eq!(
        scene.replicas(),
        ["web.0#1 n1 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene
}

#[test]
fn a_first_deploy_places_all_replicas_at_once_and_spreads_them() {
    let mut scene = Scene::of(NODES).with_balancer();
    assert_eq!(scene.put(&file(&[("web", "web:1", 3)])), ["resolve 1"]);
    let said = scene.find_images();
    assert_eq!(
        said,
        [
            "release r1",
            "configure web to 3",
            "begin web",
            "place web.0#1 on n1",
            "place web.1#1 on n2",
            "place web.2#1 on n3",
        ]
    );
    assert_eq!(scene.ready("web.0#1"), [""; 0]);
    assert_eq!(scene.ready("web.1#1"), [""; 0]);
    assert_eq!(scene.ready("web.2#1"), ["finish web", "succeed"]);
    scene.holds();
}

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
        ["drain web.0#1: replaced", "place web.1#2 on n2"]
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
    let mut scene = Scene::of(NODES);
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
fn the_same_file_again_changes_nothing_and_a_moved_tag_does() {
    let mut scene = deployed();
    let web = file(&[("web", "web:1", 3)]);
    assert_eq!(scene.deploy(&web), ["resolve 1", "unchanged"]);
    scene.pass(secs(1));
    scene.put(&web);
    let digest = gantry_events::Digest::of(b"another build");
    let image = "web:1".to_owned();
    scene
        .stage
        .reading(gantry_scheduler_core::Reading::ImageResolved { image, digest });
    let said = scene.settle();
    assert_eq!(
        said,
        [
            "release r2",
            "configure web to 3",
            "begin web",
            "place web.0#2 on n1"
        ]
    );
    scene.holds();
}

#[test]
fn a_file_that_names_digests_alone_is_answered_unchanged_at_once() {
    let pinned = format!("web@{}", gantry_events::Digest::of(b"1"));
    let web = file(&[("web", &pinned, 2)]);
    let mut scene = Scene::of(NODES);
    let said = scene.put(&web);
    assert_eq!(said[..2], ["resolve 0", "release r1"]);
    assert_eq!(scene.put(&web)[..2], ["resolve 0", "overtake web"]);
    scene.run(NONE);
    assert_eq!(scene.put(&web), ["unchanged"]);
    scene.holds();
}

#[test]
fn deploying_the_file_again_after_a_scale_sets_what_the_file_says() {
    let mut scene = deployed();
    scene.scale("web", 4);
    scene.run(NONE);
    assert_eq!(scene.replicas().len(), 4);
    let said = scene.deploy(&file(&[("web", "web:1", 3)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "release r2",
            "configure web to 3",
            "begin web",
            "drain web.3#1: scaled down",
            "stop web.3#1"
        ]
    );
    assert_eq!(scene.stopped("web.3#1"), ["finish web", "succeed"]);
    scene.holds();
}

#[test]
fn commands_about_what_is_not_there_are_refused() {
    let mut scene = Scene::of(NODES);
    assert_eq!(scene.scale("web", 2), ["refuse ProjectNotFound"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(scene.scale("api", 2), ["refuse ServiceNotFound"]);
    assert_eq!(scene.remove("api"), ["refuse ServiceNotFound"]);
    assert_eq!(scene.scale("web", 1001), ["refuse InvalidConfig"]);
    assert_eq!(scene.scale("web", 1), ["unchanged"]);
    assert_eq!(scene.put("{}"), ["refuse InvalidConfig"]);
    let of_another = file(&[]).replace("shop", "shelf");
    assert_eq!(scene.put(&of_another), ["refuse InvalidConfig"]);
    scene.holds();
}

#[test]
fn a_removed_service_ends_with_its_last_replica() {
    let mut scene = deployed();
    let said = scene.remove("web");
    assert_eq!(
        said,
        [
            "remove web",
            "begin web",
            "drain web.0#1: removed",
            "drain web.1#1: removed",
            "drain web.2#1: removed",
            "stop web.0#1",
            "stop web.1#1",
            "stop web.2#1",
        ]
    );
    scene.stopped("web.0#1");
    scene.stopped("web.1#1");
    assert_eq!(
        scene.stopped("web.2#1"),
        ["finish web", "end web", "succeed"]
    );
    scene.holds();
    // A service of the same name begins with new ids.
    let said = scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(said.last().unwrap(), "place web.0#2 on n1");
    scene.holds();
}

#[test]
fn what_the_file_no_longer_names_is_removed() {
    let mut scene = Scene::of(NODES);
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 1)]));
    scene.run(NONE);
    let said = scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "release r2",
            "remove api",
            "begin api",
            "drain api.0#1: removed",
            "stop api.0#1"
        ]
    );
    assert_eq!(
        scene.stopped("api.0#1"),
        ["finish api", "end api", "succeed"]
    );
    scene.holds();
}

#[test]
fn an_image_that_no_registry_knows_fails_the_operation() {
    let mut scene = Scene::of(NODES);
    scene.put(&file(&[("web", "web:1", 1)]));
    let (image, said) = ("web:1".to_owned(), "manifest unknown".to_owned());
    scene
        .stage
        .reading(gantry_scheduler_core::Reading::ImageRefused { image, said });
    let said = scene.settle();
    assert_eq!(
        said,
        [
            "fail ImageNotFound: the image web:1 cannot be had: manifest unknown; check its name and tag, or push it with `gantry image push`"
        ]
    );
    assert!(scene.stage.state.contents.is_empty());
    scene.holds();
}

#[test]
fn a_registry_that_stays_silent_fails_the_operation_at_its_deadline() {
    let mut scene = Scene::of(NODES);
    scene.put(&file(&[("web", "web:1", 1)]));
    let (image, said) = ("web:1".to_owned(), "connection refused".to_owned());
    scene
        .stage
        .reading(gantry_scheduler_core::Reading::RegistryUnreachable { image, said });
    assert_eq!(scene.settle(), [""; 0]);
    assert_eq!(scene.stage.wanted().resolve.len(), 1);
    assert_eq!(scene.pass(secs(59)), [""; 0]);
    let said = scene.pass(secs(1));
    assert!(said[0].starts_with("fail RegistryUnreachable"), "{said:?}");
    assert!(said[0].contains("connection refused"), "{said:?}");
    scene.holds();
}

#[test]
fn a_failed_replica_is_replaced_on_another_node_after_a_growing_wait() {
    let mut scene = deployed();
    assert_eq!(scene.fail("web.0#1"), [""; 0]);
    assert_eq!(scene.replicas()[0], "web.0#1 n1 failed");
    assert_eq!(scene.pass(secs(1)), ["place web.0#2 on n2"]);
    for (epoch, wait, node) in [(2, 2, "n1"), (3, 4, "n2"), (4, 8, "n1"), (5, 16, "n2")] {
        scene.ready(&format!("web.0#{epoch}"));
        scene.fail(&format!("web.0#{epoch}"));
        assert_eq!(scene.pass(secs(wait - 1)), [""; 0]);
        assert_eq!(
            scene.pass(secs(1)),
            [format!("place web.0#{} on {node}", epoch + 1)]
        );
    }
    scene.ready("web.0#6");
    scene.pass(secs(60));
    scene.fail("web.0#6");
    assert_eq!(
        scene.pass(secs(1)).len(),
        1,
        "a sound replica's failure is the first of a new row"
    );
    scene.holds();
}

#[test]
fn a_node_whose_clock_runs_ahead_cannot_delay_healing() {
    let mut scene = deployed();
    let now = scene.stage.now;
    scene.stage.now = now + secs(7200);
    let (replica, node) = scene.find("web.0#1");
    scene.stage.fact(
        gantry_events::Writer::Node(node.clone()),
        gantry_events::ReplicaFailed {
            project: scene.project.clone(),
            replica,
            node,
            reason: gantry_events::FailureReason::CannotStart {
                said: "no".to_owned(),
            },
            exit: None,
            log_tail: Vec::new(),
        },
    );
    scene.stage.now = now;
    assert_eq!(scene.settle(), ["place web.0#2 on n2"]);
}

#[test]
fn a_first_release_that_never_gets_ready_is_tried_until_its_deadline_and_then_stops() {
    let mut scene = Scene::of(&["n1"]).with_balancer();
    scene.deploy(&file(&[("web", "web:1", 1)]));
    for (epoch, wait) in [(1, 1), (2, 2), (3, 4)] {
        scene.pass(secs(60));
        scene.fail(&format!("web.0#{epoch}"));
        let next = format!("place web.0#{} on n1", epoch + 1);
        assert_eq!(scene.pass(secs(wait)), [next]);
    }
    scene.fail("web.0#4");
    let (replica, _) = scene.find("web.0#4");
    let said = scene.pass(secs(3600));
    assert_eq!(said[0], "place web.0#5 on n1");
    let problem = format!(
        "web was not as asked for within 5m: {replica} on n1 was not ready within the time its file \
         allows; its probe said: GET /healthz gave 503; its last lines:\nno database"
    );
    assert!(
        said.contains(&format!("fail DeadlinePassed: {problem}")),
        "{said:?}"
    );
    assert_eq!(scene.stopped("web.0#5"), [""; 0]);
    assert_eq!(scene.pass(secs(3600)), [""; 0]);
    scene.holds();
}

#[test]
fn the_last_container_of_a_first_release_that_failed_is_kept_for_its_logs() {
    let mut scene = Scene::of(&["n1"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    scene.pass(secs(299));
    scene.fail("web.0#1");
    let said = scene.pass(secs(3600));
    assert!(
        said.last().unwrap().starts_with("fail DeadlinePassed"),
        "{said:?}"
    );
    assert_eq!(scene.replicas(), ["web.0#1 n1 failed"]);
    assert_eq!(scene.stage.wanted().nodes.values().next().unwrap().len(), 1);
    scene.holds();
}

#[test]
fn a_change_that_fails_leaves_the_old_replicas_routed_and_heals_with_what_worked() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.fail("web.0#2");
    let said = scene.pass(secs(300));
    let ends: Vec<_> = said
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            "place web.0#3 on n2",
            "overdue web.0#3",
            "overdue web.0#3",
            "give up web",
            "fail DeadlinePassed",
            "drain web.0#3",
            "stop web.0#3"
        ]
    );
    scene.stopped("web.0#3");
    assert_eq!(
        scene.replicas(),
        ["web.0#1 n1 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene.holds();
    scene.fail("web.1#1");
    assert_eq!(scene.pass(secs(1)), ["place web.1#2 on n1"]);
    assert_eq!(scene.release_of("web.1#2"), 1);
    scene.ready("web.1#2");
    // The same file again is tried again, and the old one brings back what it says.
    assert_eq!(scene.deploy(&file(&[("web", "web:2", 3)]))[1], "release r3");
    scene.run("web:2");
    let said = scene.deploy(&file(&[("web", "web:1", 3)]));
    assert!(said.contains(&"succeed".to_owned()), "{said:?}");
    scene.holds();
}

#[test]
fn a_newer_deploy_takes_over_a_running_one() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.ready("web.0#2");
    let said = scene.deploy(&file(&[("web", "web:3", 3)]));
    assert_eq!(
        said,
        [
            "resolve 1",
            "overtake web",
            "supersede",
            "release r3",
            "configure web to 3",
            "begin web",
            "drain web.1#2: abandoned",
            "place web.0#3 on n1",
            "stop web.1#2",
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(
        scene.replicas(),
        ["web.0#3 n1 ready", "web.1#3 n2 ready", "web.2#2 n3 ready"]
    );
    scene.holds();
}

#[test]
fn a_scale_takes_over_a_running_deploy_and_brings_it_to_its_end() {
    let mut scene = deployed();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    let said = scene.scale("web", 4);
    assert_eq!(
        said,
        [
            "overtake web",
            "supersede",
            "scale web to 4",
            "begin web",
            "place web.3#1 on n2"
        ]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(
        scene.replicas(),
        [
            "web.0#2 n1 ready",
            "web.1#2 n1 ready",
            "web.2#2 n3 ready",
            "web.3#1 n2 ready"
        ]
    );
    scene.holds();
}

#[test]
fn a_release_of_several_services_succeeds_with_the_last_of_them() {
    let mut scene = Scene::of(NODES).with_balancer();
    scene.deploy(&file(&[("api", "api:1", 1), ("web", "web:1", 1)]));
    assert_eq!(scene.ready("web.0#1"), ["finish web"]);
    assert_eq!(scene.ready("api.0#1"), ["finish api", "succeed"]);
    // A service that stays as it is does not appear.
    let said = scene.deploy(&file(&[("api", "api:2", 1), ("web", "web:1", 1)]));
    assert_eq!(
        said[1..],
        [
            "release r2",
            "configure api to 1",
            "begin api",
            "place api.0#2 on n3"
        ]
    );
    scene.holds();
}

#[test]
fn a_scale_up_fills_all_new_slots_at_once_and_nothing_else() {
    let mut scene = deployed();
    let said = scene.scale("web", 5);
    assert_eq!(
        said,
        [
            "scale web to 5",
            "begin web",
            "place web.3#1 on n1",
            "place web.4#1 on n2"
        ]
    );
    scene.ready("web.4#1");
    assert_eq!(scene.ready("web.3#1"), ["finish web", "succeed"]);
    scene.holds();
}

#[test]
fn of_two_files_on_their_way_the_newer_wins_whichever_is_known_first() {
    let mut scene = Scene::of(NODES);
    scene.put(&file(&[("web", "web:1", 1)]));
    scene.put(&file(&[("web", "web:2", 1)]));
    let (image, digest) = ("web:2".to_owned(), gantry_events::Digest::of(b"2"));
    scene
        .stage
        .reading(gantry_scheduler_core::Reading::ImageResolved { image, digest });
    let said = scene.settle();
    assert_eq!(
        said,
        [
            "supersede",
            "release r1",
            "configure web to 1",
            "begin web",
            "place web.0#1 on n1"
        ]
    );
    assert_eq!(scene.find_images(), [""; 0]);
    assert!(scene.stage.state.contents.is_empty());
    scene.holds();
}

#[test]
fn a_slot_that_fits_nowhere_says_why_and_is_placed_once_a_node_has_room() {
    let mut scene = Scene::of(&["n1"]);
    let large = file_with(
        &[("web", "web:1", 2)],
        r#","resources":{"cpu":3,"memory":"1Gi"}"#,
    );
    let said = scene.deploy(&large);
    assert_eq!(
        said[4..],
        [
            "place web.0#1 on n1",
            "unplaced web.1: the only node has no room for 3 cores and 1Gi"
        ]
    );
    scene.ready("web.0#1");
    assert_eq!(scene.pass(secs(60)).len(), 1, "said again");
    scene.join("n2");
    assert_eq!(scene.settle(), ["place web.1#1 on n2"]);
    scene.holds();
}

#[test]
fn what_fits_nowhere_until_the_deadline_fails_with_no_node_fits() {
    let mut scene = Scene::of(&[]);
    let said = scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(said[4], "unplaced web.0: no node has joined yet");
    let said = scene.pass(secs(300));
    assert!(
        said.last()
            .unwrap()
            .starts_with("fail NoNodeFits: slot 0 of web fits no node")
    );
    scene.holds();
}

#[test]
fn a_node_speaks_for_its_own_replicas_alone() {
    let mut scene = deployed();
    let (replica, node) = scene.find("web.0#1");
    let stranger = gantry_events::Writer::Node("n3".parse().unwrap());
    let (project, reason) = (scene.project.clone(), "down".to_owned());
    scene.stage.fact(
        stranger,
        gantry_events::ReplicaUnready {
            project,
            replica,
            node,
            reason,
        },
    );
    assert_eq!(scene.replicas()[0], "web.0#1 n1 ready");
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
    assert_eq!(scene.ready("web.0#2"), ["place web.2#2 on n3"]);
    scene.holds();
}

#[test]
fn a_restart_in_place_is_the_nodes_own_and_keeps_the_replica() {
    let mut scene = deployed();
    assert_eq!(scene.restart("web.0#1"), [""; 0]);
    assert_eq!(scene.replicas()[0], "web.0#1 n1 unready");
    assert_eq!(scene.ready("web.0#1"), [""; 0]);
    assert_eq!(scene.replicas()[0], "web.0#1 n1 ready");
    scene.holds();
}

#[test]
fn a_node_that_does_not_answer_is_reminded_ever_more_rarely() {
    let mut scene = deployed();
    scene.remove("web");
    scene.stopped("web.1#1");
    scene.stopped("web.2#1");
    let said = scene.pass(secs(24 * 3600));
    let reminders = said
        .iter()
        .filter(|line| line.starts_with("overdue web.0#1"))
        .count();
    assert!((20..40).contains(&reminders), "{reminders}");
    assert_eq!(scene.stopped("web.0#1"), ["end web"]);
    scene.holds();
}
