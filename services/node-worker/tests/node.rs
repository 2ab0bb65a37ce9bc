//! A whole node on a real engine and a real bus: it joins, runs what it is told, heals it while the bus
//! is away, goes on after its own restart, and stops only what a set says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on may end"
)]

#[path = "../../../libs/bus/tests/server/mod.rs"]
mod server;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use gantry_bus::{Log, NatsBus, Signer, mint_node};
use gantry_events::{
    Commit, Fact, Millis, ReleaseNumber, ReplicaKey, ReplicaPhase, Seq, WantedReplica, WantedSet,
    Writer,
};
use gantry_node_worker::{Settings, run};
use gantry_rest::{JoinAnswer, JoinNode};
use gantry_runtime::{Process, Supervisor};
use server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use world::{World, docker, until};

/// The scheduler as a node meets it: it answers the set it has now, and the one spec there is.
#[derive(Clone)]
struct Scheduler {
    bus: NatsBus,
    signer: Signer,
    set: Arc<Mutex<WantedSet>>,
}

impl Scheduler {
    async fn begin(server: &Server, world: &World) -> Self {
        let role = server
            .secrets
            .role_file("scheduler", &Writer::Scheduler)
            .unwrap();
        let set = WantedSet {
            log: server.secrets.log,
            seq: Seq(1),
            node: world.node(),
            replicas: BTreeMap::new(),
        };
        let bus = server.bus(&Writer::Scheduler).await;
        let scheduler = Self {
            bus,
            signer: role.answer_key.unwrap(),
            set: Arc::new(Mutex::new(set)),
        };
        tokio::spawn(scheduler.clone().answer_sets());
        tokio::spawn(scheduler.clone().answer_specs());
        scheduler
    }

    fn signed(&self) -> Vec<u8> {
        self.signer
            .sign(&serde_json::to_vec(&*self.set.lock().unwrap()).unwrap())
    }

    async fn answer_sets(self) {
        let mut questions = self.bus.serve("ask.want.*").await.unwrap();
        while let Some(question) = questions.next().await {
            question.answer(self.signed()).await;
        }
    }

    async fn answer_specs(self) {
        let mut questions = self.bus.serve("ask.spec.*").await.unwrap();
        while let Some(question) = questions.next().await {
            question
                .answer(self.signer.sign(world::server().canonical().as_bytes()))
                .await;
        }
    }

    async fn wants(&self, seq: u64, replica: Option<(&ReplicaKey, ReplicaPhase)>) {
        let wanted = |phase| WantedReplica {
            service: "web".parse().unwrap(),
            release: ReleaseNumber(1),
            spec: world::server().digest(),
            phase,
        };
        {
            let mut set = self.set.lock().unwrap();
            set.seq = Seq(seq);
            set.replicas = replica
                .into_iter()
                .map(|(key, phase)| (key.clone(), wanted(phase)))
                .collect();
        }
        self.bus.publish("want.n1", self.signed()).await.unwrap();
    }
}

/// Lets every machine join, as node n1.
async fn api(server: &Server, cluster: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let role = server
        .secrets
        .role_file("scheduler", &Writer::Scheduler)
        .unwrap();
    let public = String::from(role.answer_key.unwrap().verifier());
    let (account, log, cluster) = (
        server.secrets.nodes_account().clone(),
        server.secrets.log,
        cluster.to_owned(),
    );
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
            let asked: JoinNode = loop {
                let read = client.read(&mut chunk).await.unwrap();
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request);
                if let Some(body) = text.split("\r\n\r\n").nth(1)
                    && let Ok(asked) = serde_json::from_str(body)
                {
                    break asked;
                }
            };
            let jwt = mint_node(&account, &"n1".parse().unwrap(), &asked.public_key).unwrap();
            let node = "n1".parse().unwrap();
            let answer = JoinAnswer {
                node,
                cluster: cluster.clone(),
                log,
                jwt,
                answer_public: public.clone(),
            };
            let body = serde_json::to_string(&answer).unwrap();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            client.write_all((head + &body).as_bytes()).await.unwrap();
        }
    });
    address
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_joins_runs_heals_without_its_bus_restarts_and_stops_only_what_it_is_told() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut server = Server::start().await;
    let world = World::new("node");
    let (folder, replica) = (tempfile::tempdir().unwrap(), world.replica("web-aaaaaa"));
    let api = api(&server, &world.cluster).await;
    let scheduler = Scheduler::begin(&server, &world).await;
    scheduler
        .wants(2, Some((&replica, ReplicaPhase::Run)))
        .await;

    let worker = node(&server, api, folder.path()).await;
    says(&server, &["node.joined", "ready"]).await;
    let id = world.containers().pop().expect("it has a container");
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
