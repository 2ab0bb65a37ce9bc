//! Restarts of a whole service: every replica anew, as in a rollout.

use crate::scene::{NONE, deployed, file, secs};

#[test]
fn a_restarted_service_is_replaced_slot_by_slot_by_what_runs_the_same() {
    let mut scene = deployed();
    let said = scene.restart_service("web");
    assert_eq!(
        said,
        ["restart web round 1", "begin web", "place web.0#2 on n1"]
    );
    assert_eq!(scene.run(NONE).last().unwrap(), "succeed");
    assert_eq!(
        scene.replicas(),
        ["web.0#2 n1 ready", "web.1#2 n2 ready", "web.2#2 n3 ready"]
    );
    assert_eq!(scene.release_of("web.0#2"), 1);
    scene.holds();
    let said = scene.restart_service("web");
    assert_eq!(said[0], "restart web round 2");
    scene.holds();
}

#[test]
fn a_restart_that_fails_leaves_the_replicas_that_were_not_reached() {
    let mut scene = deployed();
    scene.restart_service("web");
    let said = scene.pass(secs(300));
    assert!(said.contains(&"give up web".to_owned()), "{said:?}");
    assert!(
        !said.iter().any(|line| line.starts_with("release")),
        "{said:?}"
    );
    scene.run(NONE);
    assert_eq!(
        scene.replicas(),
        ["web.0#1 n1 ready", "web.1#1 n2 ready", "web.2#1 n3 ready"]
    );
    scene.holds();
}

#[test]
fn a_release_that_fails_after_a_restart_took_it_over_goes_back_to_the_replicas_of_before() {
    let mut scene = deployed();
    let before = scene.replicas();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    let said = scene.restart_service("web");
    assert_eq!(
        said[..3],
        ["overtake web", "supersede", "restart web round 1"]
    );
    scene.pass(secs(300));
    scene.run("web:2");
    assert_eq!(scene.replicas(), before);
    // The next restart begins a round of its own.
    assert_eq!(scene.restart_service("web")[0], "restart web round 2");
    scene.holds();
}
