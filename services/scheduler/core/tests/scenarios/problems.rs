//! What a change says that came to nothing.

use crate::scene::{Scene, file, file_with, secs};

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
fn a_first_release_that_crashes_for_ever_fails_with_its_exit_code_its_restarts_and_its_last_lines()
{
    let mut scene = Scene::of(&["n1"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    let long = "x".repeat(400);
    scene.restart_saying("web.0#1", 7, &[&long, "  at main", "no database"]);
    let (replica, _) = scene.find("web.0#1");
    let said = scene.pass(secs(300));
    let problem = format!(
        "web was not as asked for within 5m: {replica} on n1 does not stay up; restarts: 7, its last \
         process ended with code 137; its last lines:\n  at main\nno database"
    );
    assert!(
        said.contains(&format!("fail DeadlinePassed: {problem}")),
        "{said:?}"
    );
    scene.holds();
}

#[test]
fn a_replica_that_stays_up_in_the_end_is_not_what_held_its_change_up() {
    let mut scene = Scene::of(&["n1"]);
    scene.deploy(&file(&[("web", "web:1", 2)]));
    scene.restart_saying("web.0#1", 1, &["no database"]);
    scene.ready("web.0#1");
    let (other, _) = scene.find("web.1#1");
    let said = scene.pass(secs(600));
    let late = format!("{other} waits for n1 to say that it is ready");
    assert!(said.iter().any(|word| word.contains(&late)), "{said:?}");
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
