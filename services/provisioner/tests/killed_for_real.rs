//! The saga killed before and after every append and every call that changes something, by enumeration, on
//! a real NATS server and a real engine: the machines are counted in Docker.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first surprise"
)]

mod fuse;
mod others;
#[path = "../../../libs/bus/tests/server/mod.rs"]
mod server;
mod toll;
mod yard;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fuse::Fuse;
use futures::StreamExt;
use futures::stream::BoxStream;
use gantry_bus::{
    Append, AppendOutcome, JoinKey, Ledger, Log, LogError, NatsBus, NodeLog, Stored, mint_node,
};
use gantry_events::{CreatePool, Intent, LogSubject, MachineId, NodeId, RemovePool, Seq, Writer};
use gantry_provisioner::Tending;
use gantry_provisioner::providers::local::Local;
use gantry_provisioner_core::ProvisionerCore;
use gantry_runtime::{Duty, Process, Setup, drive};
use others::{Others, Owed, Wish};
use server::{Server, connected};
use toll::TolledLog;
use yard::{Yard, docker};

/// Longest time for one list of wishes, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// A pool is made, loses its machine, has it replaced, and goes.
fn wishes() -> Vec<Wish> {
    vec![
        Wish::Ask(Intent::CreatePool(CreatePool {
            pool: "local".parse().unwrap(),
            provider: "local".to_owned(),
            size: 1,
            labels: Default::default(),
        })),
        Wish::Vanish("m1".parse().unwrap()),
        Wish::Ask(Intent::RemovePool(RemovePool {
            pool: "local".parse().unwrap(),
        })),
    ]
}

/// One list of wishes, made true on a log of its own.
struct Run<'a> {
    yard: &'a Yard,
    server: Server,
    fuse: Fuse,
    folder: tempfile::TempDir,
    others: Others,
    log: BoxStream<'static, Result<Stored, LogError>>,
    nodes: BTreeMap<NodeId, NodeLog>,
}

impl<'a> Run<'a> {
    async fn new(yard: &'a Yard, fuse: Fuse) -> Self {
        let server = Server::start().await;
        let (log, key) = (server.secrets.log, server.secrets.control_key.clone());
        let stream = server.log(&Writer::Api).await.follow(Seq(0));
        Self {
            yard,
            fuse,
            folder: tempfile::tempdir().unwrap(),
            others: Others::new(log, key, wishes()),
            log: stream,
            nodes: BTreeMap::new(),
            server,
        }
    }

    /// Processes one after the other, until the list is done: each one's death is the fuse's.
    async fn live(&mut self) {
        let mut process = self.process();
        let end = Instant::now() + DEADLINE;
        while !self.others_act().await {
            assert!(
                Instant::now() < end,
                "the list is not done: {:?}",
                self.others.said
            );
            if self.fuse.is_burnt() {
                kill(process);
                self.fuse.replace();
                process = self.process();
            }
        }
        // The last answer may be on its way when the log shows the end.
        while self.fuse.is_armed() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        kill(process);
    }

    /// A provisioner as a process of its own: with its runtime, everything it does ends.
    fn process(&self) -> tokio::runtime::Runtime {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let credential = self
            .server
            .secrets
            .credential(&Writer::Provisioner)
            .unwrap();
        let (url, marker, fuse) = (self.server.url(), self.server.marker(), self.fuse.clone());
        let ledger = Ledger::of_control_plane(
            self.server.secrets.log,
            self.server.secrets.control_key.clone(),
        );
        let mut settings = self.yard.settings.clone();
        // A socket's path is short, and each process has its own gate.
        let folder = self
            .folder
            .path()
            .join(self.fuse.passed().len().to_string());
        std::fs::create_dir(&folder).unwrap();
        settings.docker_socket = toll::open(&folder, fuse.clone());
        runtime.spawn(async move {
            let bus = connected(NatsBus::connect(&url, &credential).await.unwrap()).await;
            let (process, supervisor) = Process::start();
            let (_lease, held) = tokio::sync::watch::channel(true);
            let setup = Setup {
                core: ProvisionerCore,
                ledger,
                marker,
                log: TolledLog {
                    log: bus.log(),
                    fuse,
                },
                duty: Duty::Leased(held.clone()),
                resume: None,
                keep: None,
            };
            let driven = drive(&process, setup);
            let local = Local::new(settings.local().unwrap(), JoinKey::new([7; 32]));
            process.spawn(
                "machines",
                Tending::new(&process, driven, held, local).tend(),
            );
            // Nothing but the fuse may end it.
            supervisor.wait().await.unwrap();
        });
        runtime
    }

    /// Whether the list is done.
    async fn others_act(&mut self) -> bool {
        let pause = Duration::from_millis(50);
        while let Ok(Some(stored)) = tokio::time::timeout(pause, self.log.next()).await {
            self.others.read(&stored.unwrap());
        }
        let now = gantry_runtime::Clock::default().now();
        match self.others.owe(&self.running(), now) {
            Owed::Write(append) => self.write(append).await,
            Owed::Vanish(machine) => {
                docker(&["rm", "-f", &self.yard.name(machine.as_str())]);
            }
            Owed::Nothing => {}
            Owed::Over => return self.is_empty(),
        }
        false
    }

    fn is_empty(&self) -> bool {
        self.yard.containers().is_empty() && self.yard.volumes().is_empty()
    }

    fn running(&self) -> BTreeSet<MachineId> {
        let names = self.yard.running();
        assert!(names.len() <= 1, "one machine at a time: {names:?}");
        let cut = |name: &String| name.rsplit('-').next().unwrap().parse().unwrap();
        names.iter().map(cut).collect()
    }

    async fn write(&mut self, append: Append) {
        let outcome = match &append.subject {
            LogSubject::Facts(Writer::Node(node)) => {
                let log = self.node_log(&node.clone()).await;
                log.append(&append).await
            }
            LogSubject::Facts(writer) => self.server.log(writer).await.append(&append).await,
            LogSubject::Commands(_) => {
                let api = self.server.log(&Writer::Api).await;
                api.append(&append).await
            }
        };
        let AppendOutcome::Stored(seq) = outcome else {
            panic!("{outcome:?}")
        };
        // Read back before anything else is written: the same is not owed twice.
        while self.others.read_to() < seq {
            let stored = self.log.next().await.unwrap().unwrap();
            self.others.read(&stored);
        }
    }

    async fn node_log(&mut self, node: &NodeId) -> &NodeLog {
        if !self.nodes.contains_key(node) {
            let key = self.others.key_of(node);
            let jwt = mint_node(self.server.secrets.nodes_account(), node, &key.public_key());
            let credential = key.credential(&jwt.unwrap()).unwrap();
            let bus = NatsBus::connect(&self.server.url(), &credential).await;
            let log = connected(bus.unwrap()).await.node_log(node.clone());
            self.nodes.insert(node.clone(), log);
        }
        &self.nodes[node]
    }
}

/// Everything a process does ends with its runtime.
fn kill(process: tokio::runtime::Runtime) {
    tokio::task::block_in_place(|| process.shutdown_timeout(Duration::from_secs(10)));
}

fn sorted(said: &[&'static str]) -> Vec<&'static str> {
    let mut said = said.to_vec();
    said.sort_unstable();
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_point_it_says_the_same_and_neither_leaks_nor_doubles() {
    let yard = Yard::new();
    let mut clean = Run::new(&yard, Fuse::default()).await;
    clean.live().await;
    let (points, expected) = (clean.fuse.passed(), sorted(&clean.others.said));
    drop(clean);
    assert!(points.len() > 40, "{} points: {points:?}", points.len());
    let lanes = (0..LANES).map(|lane| {
        let (points, expected) = (&points, &expected);
        async move {
            let yard = Yard::new();
            for number in (lane..points.len()).step_by(LANES) {
                let mut run = Run::new(&yard, Fuse::at(number)).await;
                run.live().await;
                let point = format!("killed at {number}: {}", points[number]);
                assert_eq!(sorted(&run.others.said), *expected, "{point}");
                // Two facts that share a commit in this run, and did not in the first, make one point less.
                let is_reached = run.fuse.passed().len() > number;
                assert_eq!(run.fuse.burns() == 1, is_reached, "{point}");
            }
        }
    });
    futures::future::join_all(lanes).await;
}

/// Runs at a time; each has an engine's folder, a server and a name of its own.
const LANES: usize = 3;
