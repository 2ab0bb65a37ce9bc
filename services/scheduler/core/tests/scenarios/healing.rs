//! What fails is replaced, and what came to nothing is kept for its logs.

use crate::scene::{deployed, secs};

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
