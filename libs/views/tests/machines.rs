//! Pools and machines: made, kept, removed, gone; and the steps of the operations that ask for it.

mod world;

use std::collections::BTreeMap;

use gantry_events::*;
use gantry_views::*;
use world::*;

fn requested(n: u32) -> MachineRequested {
    MachineRequested {
        machine: id(&format!("m{n}")),
        node: id(&format!("n{n}")),
        pool: id("farm"),
        labels: BTreeMap::from([("pool".into(), "farm".into()), ("zone".into(), "eu".into())]),
        attempt: 1,
        until: second(30),
    }
}

fn scaled(size: u32) -> PoolScaled {
    PoolScaled {
        pool: id("farm"),
        size,
        operation: operation(2),
        until: second(700),
    }
}

/// A machine of the pool from its wish to its node.
fn join(world: &mut World, n: u32) {
    let (machine, node_id) = (format!("m{n}"), format!("n{n}"));
    world
        .says(Writer::Provisioner, requested(n))
        .says(
            Writer::Provisioner,
            MachineCreated {
                machine: id(&machine),
                provider_id: format!("box-{n}"),
                until: second(50),
            },
        )
        .says(Writer::Api, admitted(&node_id, &machine))
        .says(node(&node_id), joined(&node_id))
        .says(
            Writer::Provisioner,
            MachineReady {
                machine: id(&machine),
                node: id(&node_id),
            },
        );
}

/// A pool of so many machines that have joined.
fn pool_of(size: u32) -> World {
    let mut world = World::default();
    let wish = CreatePool {
        pool: id("farm"),
        provider: "local".into(),
        size,
        labels: BTreeMap::new(),
    };
    world.asks(operation(1), Intent::CreatePool(wish)).says(
        Writer::Provisioner,
        PoolCreated {
            pool: id("farm"),
            provider: "local".into(),
            size,
            labels: BTreeMap::new(),
            operation: operation(1),
            until: second(60),
        },
    );
    for n in 1..=size {
        join(&mut world, n);
    }
    world.says(
        Writer::Provisioner,
        OperationSucceeded {
            operation: operation(1),
            scope: Scope::Cluster,
        },
    );
    world
}

fn pool(world: &World) -> &PoolDoc {
    world.find(&DocKey::pool(&id("farm")))
}

fn machine(world: &World, n: u32) -> &MachineDoc {
    world.find(&DocKey::machine(&id(&format!("m{n}"))))
}

fn progress(world: &World, step: &str) -> Option<Progress> {
    let steps = &world.operation(operation(2)).steps.steps;
    steps.iter().find(|s| s.name == step)?.progress
}

fn leaving(n: u32) -> MachineLeaving {
    MachineLeaving {
        machine: id(&format!("m{n}")),
        node: id(&format!("n{n}")),
        until: second(600),
    }
}

fn removing(n: u32) -> MachineRemoving {
    MachineRemoving {
        machine: id(&format!("m{n}")),
        node: id(&format!("n{n}")),
        until: second(650),
    }
}

fn removed(n: u32) -> MachineRemoved {
    MachineRemoved {
        machine: id(&format!("m{n}")),
        node: id(&format!("n{n}")),
    }
}

#[test]
fn a_node_has_the_labels_its_machine_was_asked_for_with() {
    let world = pool_of(1);
    assert_eq!(world.node("n1").labels, requested(1).labels);
    assert_eq!(machine(&world, 1).labels, requested(1).labels);
}

#[test]
fn a_pool_that_grows_counts_those_that_have_joined() {
    let mut world = pool_of(2);
    let scale = ScalePool {
        pool: id("farm"),
        size: 4,
    };
    world
        .asks(operation(2), Intent::ScalePool(scale))
        .says(Writer::Provisioner, scaled(4))
        .says(Writer::Provisioner, requested(3))
        .says(Writer::Provisioner, requested(4));
    let doc = world.operation(operation(2));
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("2 machines to join, 0 of 2, and 2 more")
    );
    assert_eq!(pool(&world).state, PoolState::Filling);
    join(&mut world, 3);
    assert_eq!(
        progress(&world, "pool/farm"),
        Some(Progress { done: 1, of: 2 })
    );
    join(&mut world, 4);
    assert_eq!(
        (pool(&world).state, pool(&world).ready),
        (PoolState::Ready, 4)
    );
}

#[test]
fn a_pool_that_shrinks_drains_removes_and_counts_those_that_have_left() {
    let mut world = pool_of(3);
    let scale = ScalePool {
        pool: id("farm"),
        size: 1,
    };
    world
        .asks(operation(2), Intent::ScalePool(scale))
        .says(Writer::Provisioner, scaled(1))
        .says(Writer::Provisioner, leaving(3))
        .says(Writer::Provisioner, leaving(2));
    assert_eq!(
        (
            pool(&world).state,
            pool(&world).ready,
            pool(&world).leaving,
            pool(&world).machines
        ),
        (PoolState::Shrinking, 1, 2, 3)
    );
    let doc = machine(&world, 3);
    assert_eq!(
        doc.standing.waiting_for.as_deref(),
        Some("its node n3 to be empty")
    );
    assert_eq!(
        progress(&world, "pool/farm"),
        Some(Progress { done: 0, of: 2 })
    );
    world
        .says(Writer::Provisioner, removing(3))
        .says(Writer::Provisioner, removed(3));
    assert_eq!(
        progress(&world, "pool/farm"),
        Some(Progress { done: 1, of: 2 })
    );
    assert_eq!(machine(&world, 3).state, MachineState::Removed);
    assert_eq!(world.node("n3").state, NodeState::Removed);
    world
        .says(Writer::Provisioner, removing(2))
        .says(Writer::Provisioner, removed(2));
    assert_eq!(
        (pool(&world).state, pool(&world).machines),
        (PoolState::Ready, 1)
    );
}

#[test]
fn a_machine_that_stays_after_all_is_what_it_was() {
    let mut world = pool_of(2);
    world.says(Writer::Provisioner, leaving(2)).says(
        Writer::Provisioner,
        MachineKept {
            machine: id("m2"),
            node: id("n2"),
        },
    );
    assert_eq!(machine(&world, 2).state, MachineState::Ready);
    assert_eq!((pool(&world).ready, pool(&world).leaving), (2, 0));
}

#[test]
fn a_machine_that_went_unasked_ends_its_node_and_leaves_the_pool_filling() {
    let mut world = pool_of(2);
    world.says(
        Writer::Provisioner,
        MachineGone {
            machine: id("m2"),
            node: id("n2"),
        },
    );
    assert_eq!(world.node("n2").state, NodeState::Gone);
    assert_eq!(
        (pool(&world).state, pool(&world).machines),
        (PoolState::Filling, 1)
    );
    world.says(
        Writer::Scheduler,
        NodeLost {
            node: id("n2"),
            since: second(1),
        },
    );
    assert_eq!(world.node("n2").state, NodeState::Gone, "an end is final");
    join(&mut world, 3);
    assert_eq!(pool(&world).state, PoolState::Ready);
}

#[test]
fn a_pool_closes_with_its_last_machine_and_may_be_made_again() {
    let mut world = pool_of(1);
    world
        .asks(
            operation(2),
            Intent::RemovePool(RemovePool { pool: id("farm") }),
        )
        .says(
            Writer::Provisioner,
            PoolClosing {
                pool: id("farm"),
                operation: operation(2),
                until: second(700),
            },
        )
        .says(Writer::Provisioner, leaving(1));
    assert_eq!(pool(&world).state, PoolState::Closing);
    assert_eq!(
        pool(&world).standing.waiting_for.as_deref(),
        Some("1 machine to leave")
    );
    world
        .says(Writer::Provisioner, removing(1))
        .says(Writer::Provisioner, removed(1))
        .says(Writer::Provisioner, PoolRemoved { pool: id("farm") });
    assert_eq!(pool(&world).state, PoolState::Removed);
    let step = &world.operation(operation(2)).steps.steps[0];
    assert_eq!(
        (step.name.as_str(), step.state),
        ("pool/farm", StepState::Done)
    );
}
