//! The provider `local` on a real engine: whatever happens half-way, there is one machine of each name.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod yard;

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::{join_all, poll_fn};
use gantry_events::MachineId;
use gantry_provisioner::providers::local::{Local, LocalError};
use gantry_provisioner_core::Found;
use yard::{Yard, docker, wanted};

fn m1() -> MachineId {
    "m1".parse().unwrap()
}

/// Ensures as the service does: again while the engine is still busy with an earlier try.
async fn ensure(local: &Local) -> String {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match local.make(&m1(), &wanted("n1")).await {
            Ok(name) => return name,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
    }
}

/// Drives a future for so many polls, then drops it as a crash would. Whether it ended before.
async fn killed_after<T>(polls: usize, work: impl Future<Output = T>) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        left -= 1;
        match work.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

fn assert_one_machine(yard: &Yard) {
    assert_eq!(yard.containers(), [yard.name("m1")]);
    assert_eq!(
        yard.volumes(),
        [yard.name("m1-data"), yard.name("m1-docker")]
    );
    assert_eq!(
        docker(&["inspect", "-f", "{{.State.Running}}", &yard.name("m1")]),
        "true"
    );
}

#[tokio::test]
async fn a_machine_made_by_many_at_once_is_one_machine() {
    let yard = Yard::new();
    let locals: Vec<_> = (0..8).map(|_| yard.local()).collect();
    let names: BTreeSet<_> = join_all(locals.iter().map(ensure))
        .await
        .into_iter()
        .collect();
    assert_eq!(names, [yard.name("m1")].into());
    assert_one_machine(&yard);
}

#[tokio::test]
async fn a_crash_at_any_point_of_making_neither_leaks_nor_doubles() {
    let yard = Yard::new();
    let mut points = 0;
    loop {
        points += 1;
        let ended = killed_after(points, yard.local().make(&m1(), &wanted("n1"))).await;
        ensure(&yard.local()).await;
        assert_one_machine(&yard);
        yard.empty();
        if ended {
            break;
        }
        assert!(points < 200, "making a machine ends");
    }
    assert!(
        points > 5,
        "several calls are made, so there are several points to crash at: {points}"
    );
}

#[tokio::test]
async fn a_stopped_machine_is_the_same_machine_started_again() {
    let yard = Yard::new();
    let local = yard.local();
    let name = ensure(&local).await;
    let id = docker(&["inspect", "-f", "{{.Id}}", &name]);
    docker(&["kill", &name]);
    let present = local.list().await.unwrap();
    assert_eq!(
        (&*present[&m1()].provider_id, present[&m1()].found),
        (&*name, Found::Stopped)
    );
    local.start(&m1()).await.unwrap();
    assert_eq!(local.list().await.unwrap()[&m1()].found, Found::Running);
    assert_eq!(docker(&["inspect", "-f", "{{.Id}}", &name]), id);
}

#[tokio::test]
async fn a_removed_machine_is_made_again_on_its_old_volumes() {
    let yard = Yard::new();
    let local = yard.local();
    let name = ensure(&local).await;
    docker(&["exec", &name, "/busybox", "touch", "/var/lib/gantry/kept"]);
    docker(&["rm", "-f", &name]);
    assert_eq!(local.list().await.unwrap()[&m1()].found, Found::Remains);
    let refused = local.start(&m1()).await.unwrap_err();
    assert!(matches!(refused, LocalError::Changing(_)), "{refused}");
    ensure(&local).await;
    docker(&[
        "exec",
        &name,
        "/busybox",
        "test",
        "-e",
        "/var/lib/gantry/kept",
    ]);
    assert_one_machine(&yard);
}

#[tokio::test]
async fn a_crash_at_any_point_of_removing_leaves_nothing_once_it_is_tried_again() {
    let yard = Yard::new();
    let other: MachineId = "m2".parse().unwrap();
    yard.local().make(&other, &wanted("n2")).await.unwrap();
    let mut points = 0;
    loop {
        points += 1;
        ensure(&yard.local()).await;
        let ended = killed_after(points, yard.local().remove(&m1())).await;
        removed(&yard.local()).await;
        assert_eq!(yard.containers(), [yard.name("m2")]);
        assert_eq!(
            yard.volumes(),
            [yard.name("m2-data"), yard.name("m2-docker")]
        );
        if ended {
            break;
        }
        assert!(points < 200, "removing a machine ends");
    }
    assert!(points > 3, "several calls are made: {points}");
}

/// Removes as the service does: again while the engine is still busy with an earlier try.
async fn removed(local: &Local) {
    let end = Instant::now() + Duration::from_secs(60);
    while let Err(error) = local.remove(&m1()).await {
        assert!(Instant::now() < end, "{error}");
    }
}

#[tokio::test]
async fn what_is_not_ours_is_neither_started_nor_used() {
    let yard = Yard::new();
    let local = yard.local();
    let (name, image) = (yard.name("m1"), &*yard.settings.machine_image);
    docker(&["create", "--name", &name, image]);
    let refused = local.make(&m1(), &wanted("n1")).await.unwrap_err();
    assert!(matches!(refused, LocalError::Foreign { .. }), "{refused}");
    assert_eq!(
        docker(&["inspect", "-f", "{{.State.Running}}", &name]),
        "false"
    );
    let refused = local.remove(&m1()).await.unwrap_err();
    assert!(matches!(refused, LocalError::Foreign { .. }), "{refused}");
    docker(&["rm", &name]);

    let volume = yard.name("m1-data");
    docker(&["volume", "create", &volume]);
    let refused = local.make(&m1(), &wanted("n1")).await.unwrap_err();
    assert!(matches!(refused, LocalError::Foreign { .. }), "{refused}");
    assert!(yard.containers().is_empty());
    local.remove(&m1()).await.unwrap();
    docker(&["volume", "rm", &volume]);
}

#[tokio::test]
async fn a_machine_is_told_who_it_is_and_has_the_rights_of_an_engine() {
    let yard = Yard::new();
    let name = ensure(&yard.local()).await;
    let environment = docker(&["inspect", "-f", "{{json .Config.Env}}", &name]);
    let token = gantry_bus::join_token(&gantry_bus::JoinKey::new([7; 32]), &m1(), 1);
    for pair in [
        "GANTRY_MACHINE=m1",
        "GANTRY_NODE=n1",
        "GANTRY_ATTEMPT=1",
        &format!("GANTRY_JOIN_TOKEN={token}"),
    ] {
        assert!(
            environment.contains(&format!("\"{pair}\"")),
            "{pair} in {environment}"
        );
    }
    let rows = [
        ("{{index .Config.Labels \"gantry.node\"}}", "n1"),
        ("{{.HostConfig.RestartPolicy.Name}}", "no"),
        ("{{.HostConfig.Privileged}}", "false"),
        ("{{json .HostConfig.CapAdd}}", "[\"ALL\"]"),
        ("{{json .HostConfig.CapDrop}}", "[\"SYS_RESOURCE\"]"),
        ("{{.HostConfig.Memory}}", "2147483648"),
        (
            "{{.HostConfig.NetworkMode}}",
            &*yard.settings.machine_network,
        ),
    ];
    for (format, value) in rows {
        assert_eq!(docker(&["inspect", "-f", format, &name]), value, "{format}");
    }
}

#[tokio::test]
async fn a_missing_image_says_what_to_do() {
    let mut yard = Yard::new();
    let image = std::mem::replace(
        &mut yard.settings.machine_image,
        "gantry-test/none".to_owned(),
    );
    let error = yard
        .local()
        .make(&m1(), &wanted("n1"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("run `make images`"), "{error}");
    yard.settings.machine_image = image;
}
