//! Whatever is said, a document stays small; whatever is said, folds are the same again.

mod world;

use std::collections::BTreeMap;

use gantry_events::*;
use proptest::prelude::*;
use world::*;

/// The world holds every document below its limit after every entry.
#[test]
fn documents_stay_small_whatever_others_write() {
    let long = "\u{1}\"é".repeat(5000);
    let op = operation(1);
    let longest_name = "a".repeat(40);
    let mut world = World::default();
    world
        .says(Writer::Api, admitted("n1", "m1"))
        .says(node("n1"), joined("n1"));
    world.asks(op, put_config());
    let images = (0..1000).map(|n| {
        (
            format!("registry.example.com/{n}/{longest_name}"),
            format!("{longest_name}@sha256:{}", "0".repeat(64)),
        )
    });
    world.decides(
        op,
        ReleaseCreated {
            images: images.collect(),
            ..released(op, 1)
        },
    );
    for n in 0..50 {
        let service = format!("{}{n}", "s".repeat(38));
        world
            .decides(op, configured(&service, 1, 1))
            .decides(op, rollout(op, &service, second(9)));
    }
    let problem = Problem::new(ProblemCode::DeadlinePassed, long.clone());
    let service: ServiceName = id(&format!("{}0", "s".repeat(38)));
    world.decides(
        op,
        RolloutFailed {
            project: project(),
            service: service.clone(),
            operation: op,
            problem: problem.clone(),
        },
    );
    let nodes = (0..500).map(|n| id::<NodeId>(&format!("n{n}")));
    let explanation = Explanation {
        fit: nodes.clone().collect(),
        unfit: nodes
            .map(|n| {
                (
                    n,
                    Unfit::Memory {
                        free: Bytes(u64::MAX),
                        asked: Bytes(u64::MAX),
                    },
                )
            })
            .collect(),
        because: long.clone(),
    };
    world.decides(
        op,
        ServiceUnplaced {
            project: project(),
            service,
            ordinal: 0,
            further: 0,
            explanation: explanation.clone(),
            until: second(1),
        },
    );
    world.decides(
        op,
        ReplicaPlaced {
            explanation,
            ..placed("web-aaaaaa", 0, "n1")
        },
    );
    world.says(
        node("n1"),
        ReplicaUnready {
            project: project(),
            replica: id("web-aaaaaa"),
            node: id("n1"),
            reason: long.clone(),
        },
    );
    world.says(
        node("n1"),
        ReplicaFailed {
            project: project(),
            replica: id("web-aaaaaa"),
            node: id("n1"),
            reason: FailureReason::CannotStart { said: long.clone() },
            exit: Some(i64::MIN),
            log_tail: vec![long.clone(); 20],
        },
    );
    world.decides(
        op,
        OperationFailed {
            operation: op,
            scope: Scope::Project(project()),
            problem,
        },
    );
    assert_eq!(world.documents.iter().count(), 55);
    worst_of_machines(&mut world, &long);
    worst_of_services(&mut world, &long);
}

fn worst_of_machines(world: &mut World, long: &str) {
    let label = |n: u32| (format!("{n}{long}"), long.to_owned());
    world
        .says(
            Writer::Provisioner,
            MachineRequested {
                machine: id("m7"),
                node: id("n7"),
                pool: id("farm"),
                labels: (0..50).map(label).collect(),
                attempt: u32::MAX,
                until: second(1),
            },
        )
        .says(
            Writer::Provisioner,
            MachineCreated {
                machine: id("m7"),
                provider_id: long.to_owned(),
                until: second(1),
            },
        )
        .says(Writer::Api, admitted("n7", "m7"))
        .says(node("n7"), joined("n7"))
        .says(
            Writer::Scheduler,
            NodeDraining {
                node: id("n7"),
                operation: Some(operation(1)),
                until: second(1),
            },
        )
        .says(
            Writer::Scheduler,
            NodeOverdue {
                node: id("n7"),
                waiting_for: long.to_owned(),
                until: second(1),
            },
        );
}

fn worst_of_services(world: &mut World, long: &str) {
    let host = |n: u32| Domain {
        host: id(&format!("h{n}.{}.example.com", "a".repeat(60))),
        redirect: Some(id("example.com")),
    };
    let labels = (0..50).map(|n| (format!("{n}{long}"), long.to_owned()));
    world.says(
        Writer::Scheduler,
        ServiceConfigured {
            domains: (0..500).map(host).collect(),
            place: PlacePolicy {
                require: labels.collect(),
                ..PlacePolicy::default()
            },
            ..configured(&format!("{}0", "s".repeat(38)), 1, 1)
        },
    );
    world.says(
        node("n1"),
        ReplicaStopped {
            probe: Some(long.to_owned()),
            log_tail: vec![long.to_owned(); 20],
            ..stopped("web-bbbbbb", "n1")
        },
    );
}

/// One of a few facts about a few things, by number.
fn fact(choice: u8, which: u8) -> (Writer, Fact) {
    let replica = ["web-aaaaaa", "web-bbbbbb", "api-cccccc"][usize::from(which % 3)];
    let service = ["web", "web", "api"][usize::from(which % 3)];
    let on = ["n1", "n2"][usize::from(which % 2)];
    let op = operation(u128::from(which % 4));
    let (project, name) = (project(), id(service));
    let scheduler = |fact: Fact| (Writer::Scheduler, fact);
    match choice % 26 {
        0 => (Writer::Api, admitted(on, "m1").into()),
        1 => (node(on), joined(on).into()),
        2 => scheduler(configured(service, u32::from(which), 2).into()),
        3 => scheduler(rollout(op, service, second(u64::from(which))).into()),
        4 => scheduler(rolled_out(op, service).into()),
        5 | 6 => scheduler(placed(replica, u32::from(which % 3), on).into()),
        7 | 8 => (node(on), ready(replica, on).into()),
        9 => (node(on), stopped(replica, on).into()),
        10 => scheduler(
            ServiceScaled {
                project,
                service: name,
                replicas: u32::from(which),
            }
            .into(),
        ),
        11 => scheduler(
            ServiceRemoved {
                project,
                service: name,
            }
            .into(),
        ),
        12 => scheduler(
            ServiceEnded {
                project,
                service: name,
            }
            .into(),
        ),
        13 => scheduler(released(op, u32::from(which)).into()),
        14 => (
            node(on),
            ReplicaUnready {
                project,
                replica: id(replica),
                node: id(on),
                reason: "x".into(),
            }
            .into(),
        ),
        15 => scheduler(
            ReplicaLost {
                project,
                replica: id(replica),
                node: id(on),
            }
            .into(),
        ),
        16 => scheduler(
            ReplicaRegained {
                project,
                replica: id(replica),
                node: id(on),
                until: second(9),
            }
            .into(),
        ),
        17 => scheduler(
            NodeDraining {
                node: id(on),
                operation: Some(op),
                until: second(9),
            }
            .into(),
        ),
        18 => scheduler(NodeDrained { node: id(on) }.into()),
        19 => scheduler(
            ReleaseCreated {
                rollback_of: Some(ReleaseNumber(1)),
                ..released(op, u32::from(which))
            }
            .into(),
        ),
        20 => scheduler(
            OperationSucceeded {
                operation: op,
                scope: Scope::Project(project),
            }
            .into(),
        ),
        21 => (
            Writer::Provisioner,
            MachineRequested {
                machine: id("m1"),
                node: id(on),
                pool: id("farm"),
                labels: Default::default(),
                attempt: 1,
                until: second(9),
            }
            .into(),
        ),
        22 => (
            Writer::Provisioner,
            PoolScaled {
                pool: id("farm"),
                size: u32::from(which),
                operation: op,
                until: second(9),
            }
            .into(),
        ),
        23 => (
            Writer::Provisioner,
            MachineLeaving {
                machine: id("m1"),
                node: id(on),
                until: second(9),
            }
            .into(),
        ),
        24 => scheduler(
            RolloutFailed {
                project,
                service: name,
                operation: op,
                problem: Problem::new(ProblemCode::DeadlinePassed, "late"),
            }
            .into(),
        ),
        _ => scheduler(
            ReplicaDraining {
                project,
                replica: id(replica),
                why: RetireReason::Removed,
                drain: Millis(1),
                until: second(9),
            }
            .into(),
        ),
    }
}

proptest! {
    // The laws the world holds look at every document after every entry, so fewer cases do.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Along the way, the world holds that folds touch only what they name and survive JSON.
    #[test]
    fn the_same_entries_give_the_same_documents(said in prop::collection::vec((any::<u8>(), any::<u8>()), 0..60)) {
        let tell = || {
            let mut world = World::default();
            for n in 0..4 {
                world.asks(operation(n), put_config());
            }
            for (choice, which) in &said {
                let (writer, fact) = fact(*choice, *which);
                world.says(writer, fact);
            }
            world.documents
        };
        let documents = tell();
        prop_assert_eq!(&documents, &tell());
        let mut present: BTreeMap<String, u32> = BTreeMap::new();
        for (_, document) in documents.iter() {
            if let gantry_views::Document::Replica(doc) = document
                && !doc.state.is_final()
            {
                *present.entry(doc.node.to_string()).or_default() += 1;
            }
        }
        for (key, document) in documents.iter() {
            if let gantry_views::Document::Node(doc) = document {
                prop_assert!(doc.replicas <= present.get(&key.id).copied().unwrap_or(0));
            }
        }
    }
}
