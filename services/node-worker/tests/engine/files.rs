//! Files that a service brings to its replicas.

use std::collections::BTreeMap;

use gantry_events::{Millis, ReplicaPhase, Seq, WantedReplica, WantedSet};
use gantry_node_worker_core::{Action, Outcome};
use gantry_spec::ContainerSpec;

use crate::begin;
use crate::world::{World, docker, server};

fn with_file(path: &str, content: &[u8]) -> ContainerSpec {
    ContainerSpec {
        files: BTreeMap::from([(path.parse().unwrap(), content.to_vec().into())]),
        ..server()
    }
}

#[tokio::test]
async fn a_replica_finds_its_files_unchanged_after_a_restart_and_cannot_write_them() {
    let world = World::new("files");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let spec = with_file("/etc/shop: a/features.toml", b"on = true");
    let container = begin(&engine, &replica, spec.clone(), 28_471).await.id;
    let run = |script: &str| docker(&["exec", &container.0, "sh", "-c", script]);
    let path = "'/etc/shop: a/features.toml'";
    for _ in 0..2 {
        assert_eq!(run(&format!("busybox cat {path}")).1, "on = true");
        assert_eq!(run(&format!("busybox stat -c %a {path}")).1, "444");
        assert!(
            !run(&format!("echo off >{path}")).0,
            "read-only, also for root"
        );
        let stop = Action::Stop {
            container: container.clone(),
            grace: Millis(5000),
        };
        engine.carry_out(&replica, &stop).await;
        let container = container.clone();
        let started = engine
            .carry_out(&replica, &Action::Start { container })
            .await;
        assert!(matches!(started, Outcome::Done { .. }), "{started:?}");
    }

    let set = |replicas| WantedSet {
        log: "00000000-0000-4000-8000-00000000000a".parse().unwrap(),
        seq: Seq(1),
        node: world.node(),
        replicas,
    };
    let wanted = WantedReplica {
        service: "web".parse().unwrap(),
        release: gantry_events::ReleaseNumber(1),
        spec: spec.digest(),
        phase: ReplicaPhase::Run,
    };
    world
        .files()
        .sweep(&set([(replica.clone(), wanted)].into()));
    assert!(world.has_files(), "it is still named");
    world.files().sweep(&set(BTreeMap::new()));
    assert!(!world.has_files());
}

#[tokio::test]
async fn a_file_where_the_image_has_a_folder_can_never_start() {
    let world = World::new("folder");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let create = Action::Create(Box::new(crate::world::creation(
        with_file("/www", b"no folder"),
        28_472,
    )));
    let container = crate::make(&engine, &replica, create).await.id;
    let started = engine
        .carry_out(&replica, &Action::Start { container })
        .await;
    assert!(matches!(started, Outcome::Refuse { .. }), "{started:?}");
}
