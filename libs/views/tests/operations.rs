//! Operations: from the command to each of its ends.

mod world;

use gantry_events::*;
use gantry_views::{OperationState, StepState};
use world::*;

const OP: u128 = 1;

#[test]
fn a_deploy_goes_from_queued_over_its_steps_to_its_end() {
    let op = operation(OP);
    let mut world = World::default();
    world.asks(op, put_config());
    let doc = world.operation(op);
    assert_eq!(doc.state, OperationState::Queued);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("the scheduler to decide it")
    );
    assert_eq!((doc.seq, doc.changed), (Seq(1), None));

    world.decides(
        op,
        OperationResolving {
            operation: op,
            project: project(),
            config: Digest::of(b"{}"),
            images: ["web:1".to_owned()].into(),
            until: second(30),
        },
    );
    let doc = world.operation(op);
    assert_eq!(doc.state, OperationState::Running);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("digests of 1 images")
    );
    assert_eq!(doc.standing.until, Some(second(30)));

    world
        .decides(op, released(op, 1))
        .decides(op, configured("web", 1, 2))
        .decides(op, rollout(op, "web", second(300)));
    let doc = world.operation(op);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("replicas of web to be as asked for")
    );
    assert_eq!(doc.standing.until, Some(second(300)));
    let steps = [
        ("images", StepState::Done),
        ("release/r1", StepState::Done),
        ("service/web", StepState::Running),
    ];
    assert_eq!(steps_of(&world), steps);

    world.decides(op, rolled_out(op, "web")).decides(
        op,
        OperationSucceeded {
            operation: op,
            scope: Scope::Project(project()),
        },
    );
    let doc = world.operation(op);
    assert_eq!(
        (doc.state, doc.changed, doc.end_seq),
        (OperationState::Succeeded, Some(true), Some(Seq(7)))
    );
    assert_eq!(
        (&doc.standing.waiting_for, doc.standing.until),
        (&None, None)
    );
    assert_eq!(steps_of(&world)[2], ("service/web", StepState::Done));
}

#[test]
fn each_end_is_what_was_said_and_stays_so() {
    let (op, scope) = (operation(OP), Scope::Project(project()));
    let problem = Problem::new(ProblemCode::NoNodeFits, "no room");
    let rows: [(Fact, OperationState, Option<bool>); 5] = [
        (
            OperationRefused {
                operation: op,
                scope: scope.clone(),
                problem: problem.clone(),
            }
            .into(),
            OperationState::Failed,
            Some(false),
        ),
        (
            OperationFailed {
                operation: op,
                scope: scope.clone(),
                problem,
            }
            .into(),
            OperationState::Failed,
            Some(false),
        ),
        (
            OperationUnchanged {
                operation: op,
                scope: scope.clone(),
            }
            .into(),
            OperationState::Succeeded,
            Some(false),
        ),
        (
            OperationSucceeded {
                operation: op,
                scope: scope.clone(),
            }
            .into(),
            OperationState::Succeeded,
            Some(false),
        ),
        (
            OperationSuperseded {
                operation: op,
                scope: scope.clone(),
                by: operation(2),
            }
            .into(),
            OperationState::Superseded,
            Some(false),
        ),
    ];
    for (fact, state, changed) in rows {
        let mut world = World::default();
        world.asks(op, put_config()).decides(op, fact.clone());
        let doc = world.operation(op).clone();
        assert_eq!(
            (doc.state, doc.changed, doc.end_seq),
            (state, changed, Some(Seq(2))),
            "{fact:?}"
        );
        assert_eq!(doc.problem.is_some(), state == OperationState::Failed);
        world.decides(op, released(op, 1)).decides(
            op,
            OperationSucceeded {
                operation: op,
                scope: scope.clone(),
            },
        );
        assert_eq!(world.operation(op), &doc, "an end is final");
    }
}

#[test]
fn a_removal_waits_for_the_replicas_to_stop() {
    let (first, second_op) = (operation(1), operation(2));
    let mut world = World::default();
    world
        .asks(first, put_config())
        .decides(first, configured("web", 1, 1));
    let remove = RemoveService {
        project: project(),
        service: id("web"),
    };
    world.asks(second_op, Intent::RemoveService(remove));
    world.decides(
        second_op,
        ServiceRemoved {
            project: project(),
            service: id("web"),
        },
    );
    let doc = world.operation(second_op);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("replicas of web to stop")
    );
    world.decides(
        second_op,
        ServiceEnded {
            project: project(),
            service: id("web"),
        },
    );
    assert_eq!(
        world.operation(second_op).steps.steps[0].state,
        StepState::Done
    );
}

#[test]
fn a_pool_tells_its_operation_which_machines_have_joined() {
    let op = operation(OP);
    let mut world = World::default();
    let wish = CreatePool {
        pool: id("workers"),
        provider: "local".into(),
        size: 2,
        labels: Default::default(),
    };
    world.asks(op, Intent::CreatePool(wish));
    world.says(
        Writer::Provisioner,
        PoolCreated {
            pool: id("workers"),
            provider: "local".into(),
            size: 2,
            operation: op,
            until: second(60),
            labels: Default::default(),
        },
    );
    for n in ["1", "2"] {
        world.says(Writer::Provisioner, requested(n));
    }
    assert_eq!(
        world.operation(op).standing.waiting_for.as_deref(),
        Some("2 machines to join, 0 of 2, and 2 more")
    );
    world.says(
        Writer::Provisioner,
        MachineReady {
            machine: id("m1"),
            node: id("n1"),
        },
    );
    let done = ("machine/m1", StepState::Done);
    assert!(steps_of(&world).contains(&done));
}

fn requested(n: &str) -> MachineRequested {
    MachineRequested {
        machine: id(&format!("m{n}")),
        node: id(&format!("n{n}")),
        pool: id("workers"),
        attempt: 1,
        until: second(50),
        labels: Default::default(),
    }
}

fn steps_of(world: &World) -> Vec<(&str, StepState)> {
    let steps = &world.operation(operation(OP)).steps.steps;
    steps
        .iter()
        .map(|step| (step.name.as_str(), step.state))
        .collect()
}
