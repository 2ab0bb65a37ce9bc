//! Services: their changes, what they lack, their end.

mod world;

use gantry_events::*;
use gantry_views::*;
use world::*;

#[test]
fn a_service_changes_rests_goes_and_may_come_again() {
    let op = operation(1);
    let mut world = running();
    assert_eq!(world.service("web").state, ServiceState::Changing);
    world.decides(op, rolled_out(op, "web"));
    assert_eq!(world.service("web").state, ServiceState::Active);
    assert_eq!(world.service("web").standing.waiting_for, None);

    world.decides(
        operation(2),
        ServiceRemoved {
            project: project(),
            service: id("web"),
        },
    );
    let stop = |replica: &str, until| ReplicaStopping {
        project: project(),
        replica: id(replica),
        grace: Millis(1),
        until,
    };
    world.says(Writer::Scheduler, stop("web-aaaaaa", second(400)));
    let doc = world.service("web");
    assert_eq!(
        (doc.state, doc.standing.until),
        (ServiceState::Removing, Some(second(400)))
    );
    world
        .says(node("n1"), stopped("web-aaaaaa", "n1"))
        .says(node("n2"), stopped("web-bbbbbb", "n2"));
    world.decides(
        operation(2),
        ServiceEnded {
            project: project(),
            service: id("web"),
        },
    );
    assert_eq!(world.service("web").state, ServiceState::Removed);
    assert_eq!(world.service("web").replicas, ReplicaCounts::default());
    let of_project = DocKey::project(&project());
    let state = |world: &World| world.find::<ProjectDoc>(&of_project).state;
    assert_eq!(state(&world), ProjectState::Removed);

    world.decides(operation(3), released(operation(3), 2));
    world.decides(operation(3), configured("web", 2, 1));
    assert_eq!(state(&world), ProjectState::Active);
    assert_eq!(
        world.service("web").replicas,
        ReplicaCounts {
            wanted: 1,
            present: 0,
            ready: 0
        }
    );
}

#[test]
fn a_failed_rollout_leaves_the_service_as_it_was_with_its_problem() {
    let op = operation(1);
    let mut world = running();
    let failed = given_up(op, "web");
    world.decides(op, failed.clone());
    let doc = world.service("web");
    assert_eq!(
        (doc.state, doc.problem.as_ref()),
        (ServiceState::Active, Some(&failed.problem))
    );
    world.decides(operation(2), rollout(operation(2), "web", second(900)));
    world.decides(op, rolled_out(op, "web"));
    assert_eq!(
        world.service("web").state,
        ServiceState::Changing,
        "an older rollout's end is not this one's"
    );
}

#[test]
fn a_service_that_rests_with_fewer_ready_than_wanted_is_degraded() {
    let op = operation(1);
    let mut world = running();
    world.decides(op, rolled_out(op, "web"));
    assert_eq!(world.service("web").state, ServiceState::Active);
    world.says(node("n1"), unready("web-aaaaaa", "n1"));
    let doc = world.service("web");
    let says = Document::Service(doc.clone()).says();
    assert!(says.starts_with("service web is degraded"), "{says}");
    assert_eq!(
        doc.standing.since,
        world.replica("web-aaaaaa").standing.since
    );
    world.says(node("n1"), ready("web-aaaaaa", "n1"));
    assert_eq!(world.service("web").state, ServiceState::Active);
}

#[test]
fn a_first_release_that_was_given_up_leaves_its_service_degraded() {
    let op = operation(1);
    let mut world = running();
    world.says(node("n2"), unready("web-bbbbbb", "n2"));
    world.decides(op, given_up(op, "web"));
    let doc = world.service("web");
    assert_eq!(doc.state, ServiceState::Degraded);
    assert!(doc.is_wanted() && doc.problem.is_some());
}

#[test]
fn what_is_given_up_waits_for_no_node_any_more() {
    let op = operation(1);
    let mut world = running();
    world.says(Writer::Scheduler, unplaced("web", 2));
    world.decides(op, given_up(op, "web"));
    let doc = world.service("web");
    assert_eq!((&doc.unplaced, &doc.standing.waiting_for), (&None, &None));
}

#[test]
fn a_slot_without_a_node_shows_until_it_is_filled() {
    let mut world = running();
    world.says(Writer::Scheduler, unplaced("web", 2));
    let doc = world.service("web");
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("a node for slot 2: every node is full")
    );
    assert_eq!(doc.standing.until, Some(second(300)));
    world.says(Writer::Scheduler, placed("web-cccccc", 2, "n1"));
    assert_eq!(world.service("web").unplaced, None);
    assert_eq!(
        world.service("web").standing.waiting_for.as_deref(),
        Some("its replicas to be as asked for")
    );
}

#[test]
fn what_fitted_nowhere_because_of_a_drain_that_ended_waits_for_no_node() {
    let op = operation(1);
    let mut world = running();
    world.decides(op, rolled_out(op, "web"));
    world.says(Writer::Scheduler, unplaced("web", 1));
    assert!(world.service("web").standing.waiting_for.is_some());
    let uncordoned = NodeUncordoned {
        node: id("n2"),
        operation: None,
        unplaced: vec![ServiceKey {
            project: project(),
            service: id("web"),
        }],
    };
    world.says(Writer::Scheduler, uncordoned);
    let doc = world.service("web");
    assert_eq!((&doc.unplaced, &doc.standing.waiting_for), (&None, &None));
}
