//! Replicas, nodes, balancers, projects: the life of each.

mod world;

use std::collections::BTreeSet;

use gantry_events::*;
use gantry_views::*;
use world::*;

#[test]
fn a_replica_waits_is_ready_drains_stops_and_has_stopped() {
    let replica: ReplicaId = id("web-aaaaaa");
    let drain = ReplicaDraining {
        project: project(),
        replica: replica.clone(),
        why: RetireReason::ScaledDown,
        drain: Millis(1),
        until: second(90),
    };
    let stop = ReplicaStopping {
        project: project(),
        replica,
        grace: Millis(1),
        until: second(120),
    };
    let rows: [(Writer, Fact, ReplicaState, Option<&str>); 5] = [
        (
            Writer::Scheduler,
            placed("web-aaaaaa", 0, "n1").into(),
            ReplicaState::Placed,
            Some("node n1 to start it and its probe to answer"),
        ),
        (
            node("n1"),
            ready("web-aaaaaa", "n1").into(),
            ReplicaState::Ready,
            None,
        ),
        (
            Writer::Scheduler,
            drain.into(),
            ReplicaState::Draining,
            Some("every balancer to let it go"),
        ),
        (
            Writer::Scheduler,
            stop.into(),
            ReplicaState::Stopping,
            Some("node n1 to stop it"),
        ),
        (
            node("n1"),
            stopped("web-aaaaaa", "n1").into(),
            ReplicaState::Stopped,
            None,
        ),
    ];
    let mut world = World::default();
    for (writer, fact, state, waiting_for) in rows {
        world.says(writer, fact);
        let doc = world.replica("web-aaaaaa");
        assert_eq!(
            (doc.state, doc.standing.waiting_for.as_deref()),
            (state, waiting_for)
        );
        assert_eq!(
            doc.standing.until.is_some(),
            waiting_for.is_some(),
            "{state:?}"
        );
    }
    world.says(node("n1"), ready("web-aaaaaa", "n1"));
    assert_eq!(
        world.replica("web-aaaaaa").state,
        ReplicaState::Stopped,
        "an end is final"
    );
}

#[test]
fn a_node_says_nothing_about_the_replicas_of_another() {
    let mut world = running();
    world.says(node("n2"), stopped("web-aaaaaa", "n1"));
    assert_eq!(world.replica("web-aaaaaa").state, ReplicaState::Ready);
    world.says(node("n1"), stopped("web-aaaaaa", "n1"));
    assert_eq!(world.replica("web-aaaaaa").state, ReplicaState::Stopped);
}

#[test]
fn a_restart_in_place_keeps_the_replica_and_counts() {
    let mut world = running();
    world.says(
        node("n1"),
        ReplicaRestarted {
            project: project(),
            replica: id("web-aaaaaa"),
            node: id("n1"),
            restarts: 3,
            exit: Some(137),
            log_tail: vec!["no database".into()],
            backoff: Millis(4000),
        },
    );
    let doc = world.replica("web-aaaaaa");
    assert_eq!(
        (doc.state, doc.restarts, doc.last_exit.unwrap().code),
        (ReplicaState::Starting, 3, Some(137))
    );
    assert_eq!(doc.log_tail, ["no database"]);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("its process to start again in 4s")
    );
    assert_eq!(
        world.service("web").replicas,
        ReplicaCounts {
            wanted: 2,
            present: 2,
            ready: 1
        }
    );
}

#[test]
fn a_failed_replica_says_why_with_its_last_lines() {
    let mut world = running();
    world.says(
        node("n1"),
        ReplicaFailed {
            project: project(),
            replica: id("web-aaaaaa"),
            node: id("n1"),
            reason: FailureReason::Unhealthy {
                probe: "status 500".into(),
            },
            exit: None,
            log_tail: vec!["bye".into()],
        },
    );
    let doc = world.replica("web-aaaaaa");
    assert_eq!(
        (doc.state, doc.reason.as_deref()),
        (ReplicaState::Failed, Some("stayed unhealthy: status 500"))
    );
    assert_eq!(doc.log_tail, ["bye"]);
    assert_eq!(
        world.service("web").replicas,
        ReplicaCounts {
            wanted: 2,
            present: 1,
            ready: 1
        }
    );
}

#[test]
fn what_replicas_take_is_not_free_on_their_node() {
    let mut world = running();
    let free = |world: &World| (world.node("n1").free.cpu.0, world.node("n1").replicas);
    assert_eq!(free(&world), (1500, 1));
    world.says(Writer::Scheduler, placed("web-cccccc", 2, "n1"));
    assert_eq!(free(&world), (1000, 2));
    world.says(node("n1"), stopped("web-aaaaaa", "n1"));
    assert_eq!(free(&world), (1500, 1));
    world.says(node("n1"), joined("n1"));
    assert_eq!(
        free(&world),
        (1500, 1),
        "joining again measures anew and forgets nothing"
    );
}

#[test]
fn a_node_bears_the_name_its_provider_gave_the_machine() {
    let mut world = World::default();
    let machine: MachineId = id("m1");
    world.says(
        Writer::Provisioner,
        PoolCreated {
            pool: id("workers"),
            provider: "local".into(),
            size: 1,
            operation: operation(1),
            until: second(60),
            labels: Default::default(),
        },
    );
    world.says(
        Writer::Provisioner,
        MachineRequested {
            machine: machine.clone(),
            node: id("n1"),
            pool: id("workers"),
            attempt: 1,
            until: second(30),
            labels: Default::default(),
        },
    );
    world.says(
        Writer::Provisioner,
        MachineCreated {
            machine: machine.clone(),
            provider_id: "gantry-m1".into(),
            until: second(50),
        },
    );
    world.says(Writer::Api, admitted("n1", "m1"));
    let doc = world.node("n1");
    assert_eq!(
        (doc.machine.as_str(), doc.state),
        ("gantry-m1", NodeState::Joining)
    );
    assert_eq!(doc.standing.until, Some(second(50)));
    world.says(
        Writer::Provisioner,
        MachineOverdue {
            machine: machine.clone(),
            waiting_for: "its node".into(),
            until: second(90),
        },
    );
    assert_eq!(world.node("n1").standing.until, Some(second(90)));
    world.says(node("n2"), joined("n1"));
    assert_eq!(
        world.node("n1").state,
        NodeState::Joining,
        "another node's word does not count"
    );
    world.says(node("n1"), joined("n1")).says(
        Writer::Provisioner,
        MachineReady {
            machine,
            node: id("n1"),
        },
    );
    assert_eq!(world.node("n1").state, NodeState::Ready);
    let pool: &PoolDoc = world.find(&DocKey::pool(&id("workers")));
    assert_eq!(
        (pool.state, pool.ready, &pool.standing.waiting_for),
        (PoolState::Ready, 1, &None)
    );
}

#[test]
fn a_balancer_shows_its_live_table() {
    let mut world = World::default();
    let table = |seq, routed| TableApplied {
        balancer: id("b1"),
        table: Seq(seq),
        hosts: 1,
        routed,
        released: BTreeSet::new(),
    };
    let writer = Writer::Balancer(id("b1"));
    world.says(writer.clone(), TableApplied::none_yet(id("b1")));
    let doc: &BalancerDoc = world.find(&DocKey::balancer(&id("b1")));
    assert_eq!((doc.state, doc.table), (BalancerState::Joining, Seq(0)));
    assert_eq!(doc.standing.waiting_for.as_deref(), Some("its first table"));
    world.says(writer.clone(), table(3, BTreeSet::new()));
    world.says(writer, table(5, BTreeSet::from([id("shop/web-aaaaaa")])));
    let doc: &BalancerDoc = world.find(&DocKey::balancer(&id("b1")));
    assert_eq!(
        (doc.state, doc.table, doc.routed),
        (BalancerState::Live, Seq(5), 1)
    );
    assert_eq!(
        (doc.standing.since, &doc.standing.waiting_for),
        (second(2), &None)
    );
}

#[test]
fn a_project_without_services_is_none_that_runs() {
    let mut world = World::default();
    let of_project = DocKey::project(&project());
    let state = |world: &World| world.find::<ProjectDoc>(&of_project).state;
    world.decides(operation(1), released(operation(1), 1));
    assert_eq!(state(&world), ProjectState::Removed);
    world.decides(operation(2), released(operation(2), 2));
    world.decides(operation(2), configured("web", 2, 1));
    assert_eq!(state(&world), ProjectState::Active);
}
