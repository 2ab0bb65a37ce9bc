//! Nodes: heard or not, open or not, and the operations that wait for them.

mod world;

use gantry_events::*;
use gantry_views::*;
use world::*;

/// A world with two nodes and one replica on the first.
fn running() -> World {
    let mut world = World::default();
    for (node_id, machine) in [("n1", "m1"), ("n2", "m2")] {
        world
            .says(Writer::Api, admitted(node_id, machine))
            .says(node(node_id), joined(node_id));
    }
    world
        .decides(operation(1), configured("web", 1, 1))
        .decides(operation(1), placed("web-aaaaaa", 0, "n1"))
        .says(node("n1"), ready("web-aaaaaa", "n1"));
    world
}

fn suspected(widespread: bool) -> NodeSuspected {
    NodeSuspected {
        node: id("n1"),
        since: second(2),
        widespread,
        until: second(40),
    }
}

fn lost() -> NodeLost {
    NodeLost {
        node: id("n1"),
        since: second(2),
    }
}

fn lost_replica() -> ReplicaLost {
    ReplicaLost {
        project: project(),
        replica: id("web-aaaaaa"),
        node: id("n1"),
    }
}

fn unplaced() -> ServiceUnplaced {
    ServiceUnplaced {
        project: project(),
        service: id("web"),
        ordinal: 0,
        further: 0,
        explanation: Explanation {
            because: "every node is full".into(),
            ..Explanation::default()
        },
        until: second(60),
    }
}

fn returned() -> NodeReturned {
    NodeReturned { node: id("n1") }
}

fn regained() -> ReplicaRegained {
    ReplicaRegained {
        project: project(),
        replica: id("web-aaaaaa"),
        node: id("n1"),
        until: second(90),
    }
}

fn cordoned() -> NodeCordoned {
    NodeCordoned {
        node: id("n1"),
        operation: operation(2),
    }
}

fn uncordoned() -> NodeUncordoned {
    NodeUncordoned {
        node: id("n1"),
        operation: None,
        unplaced: Vec::new(),
    }
}

fn draining() -> NodeDraining {
    NodeDraining {
        node: id("n1"),
        operation: Some(operation(2)),
        until: second(600),
    }
}

#[test]
fn a_silent_node_is_suspect_then_lost_and_what_it_takes_is_kept_apart() {
    let rows: [(Fact, NodeState, Option<&str>); 7] = [
        (
            suspected(false).into(),
            NodeState::Suspect,
            Some("its heartbeat"),
        ),
        (cordoned().into(), NodeState::Suspect, Some("its heartbeat")),
        (
            lost().into(),
            NodeState::Lost,
            Some("its heartbeat, for as long as its machine is there"),
        ),
        (returned().into(), NodeState::Cordoned, None),
        (
            draining().into(),
            NodeState::Draining,
            Some("1 replica to move elsewhere"),
        ),
        (
            NodeOverdue {
                node: id("n1"),
                waiting_for: "web fits nowhere".into(),
                until: second(900),
            }
            .into(),
            NodeState::Draining,
            Some("1 replica to move elsewhere: web fits nowhere"),
        ),
        (uncordoned().into(), NodeState::Ready, None),
    ];
    let mut world = running();
    for (fact, state, waiting_for) in rows {
        world.says(Writer::Scheduler, fact);
        let doc = world.node("n1");
        assert_eq!(
            (doc.state, doc.standing.waiting_for.as_deref()),
            (state, waiting_for)
        );
    }
    world.says(Writer::Scheduler, suspected(true));
    let doc = world.node("n1");
    assert!(
        doc.standing
            .waiting_for
            .as_ref()
            .unwrap()
            .contains("many nodes are silent")
    );
    assert_eq!(
        (doc.standing.since, doc.standing.until),
        (second(2), Some(second(40)))
    );
}

#[test]
fn a_lost_replica_counts_for_nothing_until_it_is_regained_as_what_it_was() {
    let mut world = running();
    world
        .says(Writer::Scheduler, lost())
        .says(Writer::Scheduler, lost_replica())
        .says(Writer::Scheduler, unplaced());
    let doc = world.replica("web-aaaaaa");
    assert_eq!(
        (doc.state, doc.was),
        (ReplicaState::Lost, Some(ReplicaState::Ready))
    );
    assert!(world.service("web").unplaced.is_some());
    assert_eq!(
        world.service("web").replicas,
        ReplicaCounts {
            wanted: 1,
            present: 0,
            ready: 0
        }
    );
    assert_eq!(world.node("n1").replicas, 0);
    world
        .says(Writer::Scheduler, returned())
        .says(Writer::Scheduler, regained());
    let doc = world.replica("web-aaaaaa");
    assert_eq!(
        (doc.state, doc.was, doc.address.is_some()),
        (ReplicaState::Ready, None, true)
    );
    assert_eq!(world.service("web").unplaced, None, "its slot is filled");
    assert_eq!(
        world.service("web").replicas,
        ReplicaCounts {
            wanted: 1,
            present: 1,
            ready: 1
        }
    );
    assert_eq!(world.node("n1").replicas, 1);
}

#[test]
fn what_a_node_says_of_a_lost_replica_holds_once_it_is_regained() {
    let unready = ReplicaUnready {
        project: project(),
        replica: id("web-aaaaaa"),
        node: id("n1"),
        reason: "status 500".into(),
    };
    let mut world = running();
    world
        .says(Writer::Scheduler, lost_replica())
        .says(node("n1"), unready);
    assert_eq!(world.replica("web-aaaaaa").state, ReplicaState::Lost);
    world.says(Writer::Scheduler, regained());
    let doc = world.replica("web-aaaaaa");
    assert_eq!(
        (doc.state, doc.probe.as_deref()),
        (ReplicaState::Unready, Some("status 500"))
    );
    assert_eq!(doc.standing.until, Some(second(90)));
}

#[test]
fn a_lost_replica_whose_slot_was_filled_leaves_when_its_node_is_back() {
    let mut world = running();
    world.says(Writer::Scheduler, lost_replica()).says(
        Writer::Scheduler,
        ReplicaDraining {
            project: project(),
            replica: id("web-aaaaaa"),
            why: RetireReason::Returned,
            drain: Millis(1),
            until: second(90),
        },
    );
    assert_eq!(world.replica("web-aaaaaa").state, ReplicaState::Draining);
    world.says(node("n1"), stopped("web-aaaaaa", "n1"));
    assert_eq!(world.replica("web-aaaaaa").state, ReplicaState::Stopped);
    assert_eq!(world.node("n1").replicas, 0);
}

#[test]
fn a_drain_tells_its_operation_how_many_have_moved() {
    let op = operation(2);
    let mut world = running();
    world
        .says(Writer::Scheduler, placed("web-bbbbbb", 1, "n1"))
        .asks(op, Intent::DrainNode(DrainNode { node: id("n1") }))
        .decides(op, draining());
    let doc = world.operation(op);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("2 replicas of n1 to move elsewhere, 0 of 2")
    );
    assert_eq!(doc.standing.until, Some(second(600)));
    world.says(node("n1"), stopped("web-aaaaaa", "n1"));
    assert_eq!(
        world.operation(op).steps.steps[0].progress,
        Some(Progress { done: 1, of: 2 })
    );
    world
        .says(node("n1"), stopped("web-bbbbbb", "n1"))
        .says(Writer::Scheduler, NodeDrained { node: id("n1") });
    assert_eq!(world.operation(op).steps.steps[0].state, StepState::Done);
    assert_eq!(world.node("n1").state, NodeState::Drained);
}

#[test]
fn a_replica_that_never_was_ready_keeps_its_probe_and_its_last_lines() {
    let mut world = running();
    world
        .says(Writer::Scheduler, placed("web-bbbbbb", 1, "n2"))
        .says(
            node("n2"),
            ReplicaStopped {
                probe: Some("connection refused".into()),
                log_tail: vec!["no such table".into()],
                ..stopped("web-bbbbbb", "n2")
            },
        );
    let doc = world.replica("web-bbbbbb");
    assert_eq!(doc.probe.as_deref(), Some("connection refused"));
    assert_eq!(doc.log_tail, ["no such table"]);
}

#[test]
fn the_last_failure_of_a_service_shows_until_a_rollout_is_done() {
    let op = operation(3);
    let failed = ReplicaFailed {
        project: project(),
        replica: id("web-aaaaaa"),
        node: id("n1"),
        reason: FailureReason::NotReadyInTime {
            probe: "status 503".into(),
        },
        exit: Some(1),
        log_tail: Vec::new(),
    };
    let mut world = running();
    world.says(node("n1"), failed);
    let failure = world.service("web").last_failure.clone().unwrap();
    assert_eq!(failure.replica, id("web-aaaaaa"));
    assert_eq!(failure.reason, "was not ready in time: status 503");
    world.decides(op, configured("web", 2, 1));
    assert!(world.service("web").last_failure.is_some());
    world
        .decides(op, rollout(op, "web", second(300)))
        .decides(op, rolled_out(op, "web"));
    assert_eq!(world.service("web").last_failure, None);
}
