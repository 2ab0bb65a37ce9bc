//! Releases: which one runs, what became of the others, and the way back.

mod world;

use gantry_events::*;
use gantry_views::*;
use world::*;

fn release(world: &World, number: u32) -> &ReleaseDoc {
    world.find(&DocKey::release(&project(), ReleaseNumber(number)))
}

fn current(world: &World) -> Option<ReleaseNumber> {
    world
        .find::<ProjectDoc>(&DocKey::project(&project()))
        .current
}

fn succeeded(op: OperationId) -> OperationSucceeded {
    OperationSucceeded {
        operation: op,
        scope: Scope::Project(project()),
    }
}

fn problem() -> Problem {
    Problem::new(
        ProblemCode::DeadlinePassed,
        "web-cccccc is not ready: status 503",
    )
}

fn gave_up(op: OperationId) -> OperationFailed {
    OperationFailed {
        operation: op,
        scope: Scope::Project(project()),
        problem: problem(),
    }
}

fn rollout_failed(op: OperationId) -> RolloutFailed {
    RolloutFailed {
        project: project(),
        service: id("web"),
        operation: op,
        problem: problem(),
    }
}

/// The release that has the content of r1 once r2 has failed.
fn way_back(op: OperationId) -> ReleaseCreated {
    ReleaseCreated {
        rollback_of: Some(ReleaseNumber(1)),
        ..released(op, 3)
    }
}

/// A project whose r1 runs, and whose r2 is rolled out by operation 2.
fn second_release() -> World {
    let (first, next) = (operation(1), operation(2));
    let mut world = World::default();
    world
        .asks(first, put_config())
        .decides(first, released(first, 1))
        .decides(first, configured("web", 1, 2))
        .decides(first, succeeded(first))
        .asks(next, put_config())
        .decides(next, released(next, 2))
        .decides(next, configured("web", 2, 2))
        .decides(next, rollout(next, "web", second(300)));
    world
}

#[test]
fn a_release_runs_once_it_is_rolled_out_whole() {
    let mut world = second_release();
    assert_eq!(release(&world, 1).state, ReleaseState::Current);
    assert_eq!(release(&world, 2).state, ReleaseState::RollingOut);
    assert_eq!(current(&world), Some(ReleaseNumber(1)));
    world.decides(operation(2), succeeded(operation(2)));
    assert_eq!(release(&world, 1).state, ReleaseState::Superseded);
    assert_eq!(release(&world, 2).state, ReleaseState::Current);
    assert_eq!(current(&world), Some(ReleaseNumber(2)));
}

#[test]
fn a_release_that_fails_is_undone_by_one_as_the_last_good_one() {
    let op = operation(2);
    let mut world = second_release();
    world
        .decides(
            op,
            RolloutAdvanced {
                project: project(),
                service: id("web"),
                operation: op,
                done: 1,
                of: 2,
                until: second(400),
            },
        )
        .decides(op, rollout_failed(op))
        .decides(op, way_back(op))
        .decides(op, configured("web", 3, 2))
        .decides(op, rollout(op, "web", second(600)));
    assert_eq!(release(&world, 2).rolled_back_by, Some(ReleaseNumber(3)));
    assert_eq!(release(&world, 2).problem, Some(problem()));
    let doc = world.operation(op);
    assert_eq!(
        (doc.state, doc.release, doc.rolled_back_by),
        (
            OperationState::Running,
            Some(ReleaseNumber(2)),
            Some(ReleaseNumber(3))
        )
    );
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("r2 to give way to r3, which is as r1, and 1 more")
    );
    world
        .decides(op, rolled_out(op, "web"))
        .decides(op, gave_up(op));
    let states: Vec<_> = (1..=3).map(|n| release(&world, n).state).collect();
    assert_eq!(
        states,
        [
            ReleaseState::Superseded,
            ReleaseState::RolledBack,
            ReleaseState::Current
        ]
    );
    assert_eq!(current(&world), Some(ReleaseNumber(3)));
    let steps = &world.operation(op).steps.steps;
    let steps: Vec<_> = steps.iter().map(|s| (s.name.as_str(), s.state)).collect();
    assert_eq!(
        steps,
        [
            ("release/r2", StepState::Done),
            ("service/web", StepState::Failed),
            ("release/r3", StepState::Done),
            ("rollback/r2", StepState::Done),
            ("service/web", StepState::Done),
        ]
    );
}

#[test]
fn a_way_back_that_fails_leaves_no_release_that_runs_whole() {
    let op = operation(2);
    let mut world = second_release();
    world
        .decides(op, rollout_failed(op))
        .decides(op, way_back(op))
        .decides(op, rollout_failed(op))
        .decides(op, gave_up(op));
    assert_eq!(release(&world, 3).state, ReleaseState::Failed);
    assert_eq!(current(&world), Some(ReleaseNumber(1)));
}

#[test]
fn a_first_release_that_fails_is_said_to_have_failed() {
    let op = operation(1);
    let mut world = World::default();
    world
        .asks(op, put_config())
        .decides(op, released(op, 1))
        .decides(op, gave_up(op));
    assert_eq!(release(&world, 1).state, ReleaseState::Failed);
    assert_eq!(current(&world), None);
}

#[test]
fn a_release_that_a_newer_one_overtakes_is_superseded() {
    let mut world = second_release();
    world.decides(operation(3), released(operation(3), 3));
    assert_eq!(release(&world, 2).state, ReleaseState::Superseded);
    assert_eq!(release(&world, 1).state, ReleaseState::Current);
}

#[test]
fn a_release_goes_on_with_the_scale_that_overtakes_its_operation() {
    let (deploy, scale, again) = (operation(2), operation(3), operation(4));
    let overtaken = |operation, by| OperationSuperseded {
        operation,
        scope: Scope::Project(project()),
        by,
    };
    let intent = Intent::ScaleService(ScaleService {
        project: project(),
        service: id("web"),
        replicas: 4,
    });
    let mut world = second_release();
    world
        .asks(scale, intent.clone())
        .decides(scale, overtaken(deploy, scale));
    assert_eq!(release(&world, 2).state, ReleaseState::RollingOut);
    assert_eq!(world.operation(scale).release, Some(ReleaseNumber(2)));
    world
        .asks(again, intent)
        .decides(again, overtaken(scale, again))
        .decides(again, succeeded(again));
    assert_eq!(release(&world, 2).state, ReleaseState::Current);
    assert!(release(&world, 2).ran);
    assert_eq!(current(&world), Some(ReleaseNumber(2)));
}

#[test]
fn an_asked_for_rollback_is_a_release_of_its_own() {
    let op = operation(3);
    let mut world = second_release();
    world.decides(operation(2), succeeded(operation(2)));
    let wish = Rollback {
        project: project(),
        to: ReleaseNumber(1),
        config: "{}".into(),
        images: Default::default(),
    };
    world
        .asks(op, Intent::Rollback(wish))
        .decides(op, way_back(op))
        .decides(op, succeeded(op));
    let states: Vec<_> = (1..=3).map(|n| release(&world, n).state).collect();
    assert_eq!(
        states,
        [
            ReleaseState::Superseded,
            ReleaseState::Superseded,
            ReleaseState::Current
        ]
    );
    assert_eq!(world.operation(op).rolled_back_by, None);
}

#[test]
fn a_service_shows_how_far_its_change_is_and_how_it_may_be_changed() {
    let op = operation(2);
    let mut world = second_release();
    let domains = [
        ("shop.example.com", None),
        ("www.example.com", Some("shop.example.com")),
    ];
    let domains = domains.map(|(host, to)| Domain {
        host: id(host),
        redirect: to.map(id),
    });
    world.decides(
        op,
        ServiceConfigured {
            domains: domains.into(),
            place: PlacePolicy {
                require: [("zone".to_owned(), "eu".to_owned())].into(),
                per_node: Some(2),
                ..PlacePolicy::default()
            },
            ..configured("web", 2, 2)
        },
    );
    world.decides(
        op,
        RolloutAdvanced {
            project: project(),
            service: id("web"),
            operation: op,
            done: 1,
            of: 2,
            until: second(500),
        },
    );
    let doc = world.service("web");
    assert_eq!(doc.progress, Some(Progress { done: 1, of: 2 }));
    assert_eq!(doc.standing.until, Some(second(500)));
    assert_eq!(
        doc.rollout,
        "surge 1, unavailable 0, drain 30s, grace 10s, deadline 5m"
    );
    assert_eq!(doc.place, "require zone=eu, 2 a node at most");
    assert_eq!(
        doc.domains,
        ["shop.example.com", "www.example.com -> shop.example.com"]
    );
    assert_eq!(world.operation(op).standing.until, Some(second(500)));
    world.decides(op, rolled_out(op, "web"));
    assert_eq!(world.service("web").progress, None);
    world.decides(
        op,
        ServiceRestarted {
            project: project(),
            service: id("web"),
            round: 3,
        },
    );
    assert_eq!(world.service("web").round, 3);
}

#[test]
fn a_project_tells_where_it_was_last_changed_by_hand() {
    let mut world = second_release();
    let changed = |world: &World| {
        world
            .find::<ProjectDoc>(&DocKey::project(&project()))
            .changed
    };
    let before = changed(&world);
    world.decides(
        operation(3),
        ServiceScaled {
            project: project(),
            service: id("web"),
            replicas: 5,
        },
    );
    assert!(changed(&world) > before);
}
