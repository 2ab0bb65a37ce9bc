//! A whole node on a real engine and a real bus: it joins, runs what it is told, heals it while the bus
//! is away, goes on after its own restart and its machine's, and stops only what a set says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

mod control;
#[path = "../../../../libs/bus/tests/server/mod.rs"]
mod server;
#[path = "../world/mod.rs"]
mod world;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use control::{Scheduler, api};
use futures::StreamExt;
use gantry_bus::Log;
use gantry_events::{Commit, Fact, Millis, ReplicaKey, ReplicaPhase, Seq, Writer};
use gantry_node_worker::{Settings, run};
use gantry_runtime::{Process, Supervisor};
use rustix::process::{Pid, Signal, kill_process};
use server::Server;
use tempfile::TempDir;
use world::{World, docker, until};

async fn node(server: &Server, api: SocketAddr, data: &Path) -> Supervisor {
    let settings = Settings {
        machine: Some("m1".parse().unwrap()),
        node: Some("n1".parse().unwrap()),
        join_token: Some("token".to_owned()),
        api_url: format!("http://{api}"),
        nats_url: server.url(),
        relay_address: SocketAddr::from(([127, 0, 0, 1], 0)),
        address: Some(
            gantry_node_worker::host::address_towards("10.254.254.254:1")
                .await
                .unwrap(),
        ),
        data: data.to_owned(),
        ..Settings::default()
    };
    let (process, supervisor) = Process::start();
    run(process, settings).await.unwrap();
    supervisor
}

/// Everything the node has said, in words.
async fn said(server: &Server) -> Vec<String> {
    let log = server.log(&Writer::Scheduler).await;
    let tail = log.tail().await.unwrap();
    let mut words = Vec::new();
    let mut messages = log.follow(Seq(0)).take(usize::try_from(tail.0).unwrap());
    while let Some(Ok(stored)) = messages.next().await {
        let commit: Commit = serde_json::from_slice(&stored.payload).unwrap();
        words.extend(commit.events.iter().map(|event| word(&event.fact)));
    }
    words
}

fn word(fact: &Fact) -> String {
    match fact {
        Fact::ReplicaRestarted(restarted) => format!("restarted {}", restarted.restarts),
        other => other
            .type_name()
            .trim_start_matches("replica.")
            .trim_end_matches(".v1")
            .to_owned(),
    }
}

async fn says(server: &Server, what: &[&str]) {
    until(&format!("{what:?}"), || async {
        said(server).await == what
    })
    .await;
}

fn started_at(id: &str) -> String {
    docker(&[
        "inspect",
        "-f",
        "{{.State.Running}} {{.State.StartedAt}}",
        id,
    ])
    .1
}

/// A node whose one replica is ready, with all that it stands on.
struct Begun {
    server: Server,
    world: World,
    folder: TempDir,
    api: SocketAddr,
    scheduler: Scheduler,
    replica: ReplicaKey,
    worker: Supervisor,
    /// The replica's container.
    id: String,
}

impl Begun {
    async fn on(name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Server::start().await;
        let world = World::new(name);
        let (folder, replica) = (tempfile::tempdir().unwrap(), world.replica("web-aaaaaa"));
        let api = api(&server, &world.cluster).await;
        let scheduler = Scheduler::begin(&server, &world).await;
        let runs = Some((&replica, ReplicaPhase::Run));
        scheduler.wants(2, runs).await;
        let worker = node(&server, api, folder.path()).await;
        says(&server, &["node.joined", "ready"]).await;
        let id = world.containers().pop().expect("it has a container");
        Self {
            server,
            world,
            folder,
            api,
            scheduler,
            replica,
            worker,
            id,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_joins_runs_heals_without_its_bus_restarts_and_stops_only_what_it_is_told() {
    let Begun {
        mut server,
        world,
        folder,
        api,
        scheduler,
        replica,
        worker,
        id,
    } = Begun::on("node").await;
    let first = started_at(&id);

    worker.shut_down().await.unwrap();
    let worker = node(&server, api, folder.path()).await;

    server.kill();
    assert!(docker(&["kill", &id]).0, "it ran on");
    until("another run, without the bus", || async {
        started_at(&id).starts_with("true") && started_at(&id) != first
    })
    .await;
    server.start_again();
    says(&server, &["node.joined", "ready", "restarted 1", "ready"]).await;

    scheduler
        .wants(
            3,
            Some((
                &replica,
                ReplicaPhase::Stop {
                    grace: Millis(5000),
                },
            )),
        )
        .await;
    says(
        &server,
        &["node.joined", "ready", "restarted 1", "ready", "stopped"],
    )
    .await;
    assert_eq!(world.containers().len(), 1, "kept for its lines");
    scheduler.wants(4, None).await;
    until("its container is removed", || async {
        world.containers().is_empty()
    })
    .await;
    worker.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_comes_back_while_the_bus_is_away_runs_what_it_last_knew() {
    let Begun {
        mut server,
        world,
        folder,
        api,
        scheduler: _scheduler,
        worker,
        id,
        ..
    } = Begun::on("reboot").await;

    server.kill();
    worker.shut_down().await.unwrap();
    assert!(
        docker(&["stop", &id]).0,
        "as the engine does when its machine goes down"
    );
    let worker = node(&server, api, folder.path()).await;
    until("it runs again, without the bus", || async {
        started_at(&id).starts_with("true")
    })
    .await;
    let second = started_at(&id);
    assert!(docker(&["kill", &id]).0);
    until("it is healed, without the bus", || async {
        started_at(&id).starts_with("true") && started_at(&id) != second
    })
    .await;

    server.start_again();
    says(&server, &["node.joined", "ready", "restarted 2", "ready"]).await;
    assert_eq!(world.containers(), [id], "the very same container");
    worker.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_hangs_is_unready_within_five_seconds_and_is_ended() {
    let Begun {
        server,
        scheduler: _scheduler,
        folder: _folder,
        world: _world,
        worker,
        id,
        ..
    } = Begun::on("hang").await;

    let (_, processes) = docker(&["top", &id, "-o", "pid,args"]);
    let server_process = processes
        .lines()
        .find(|line| line.contains("busybox httpd -f -p") && !line.contains("sh -c"));
    let pid = server_process.and_then(|line| line.split_whitespace().next());
    let pid = Pid::from_raw(pid.unwrap().parse().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let hung = Instant::now();
    says(&server, &["node.joined", "ready", "unready"]).await;
    let took = hung.elapsed();
    println!("unready after {took:?}");
    // Three times the figure: a test machine is busier than a real one.
    assert!(took.as_secs() < 15, "{took:?}");
    says(&server, &["node.joined", "ready", "unready", "failed"]).await;
    assert!(started_at(&id).starts_with("false"));
    worker.shut_down().await.unwrap();
}
