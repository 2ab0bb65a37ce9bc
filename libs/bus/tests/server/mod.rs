//! A real NATS server for one test: identities of its own, a free port, a store that goes with it.
//! Ended when it is dropped.

#![allow(dead_code, reason = "each test file uses its own part of the fixture")]

pub mod proxy;

use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gantry_bus::credentials::{Secrets, ServerPlaces, server_config};
use gantry_bus::{Append, JetStreamLog, Marker, NatsBus, NodeKey, mint_node};
use gantry_events::{Bytes, Commit, LogBegun, LogSubject, NodeJoined, Seq, Time, Writer};
use tempfile::TempDir;

/// Longest wait for anything in a test.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Server {
    pub secrets: Secrets,
    pub port: u16,
    pub monitor: u16,
    folder: TempDir,
    child: Child,
}

pub fn balancer() -> Writer {
    Writer::Balancer("b1".parse().unwrap())
}

pub fn writers() -> [Writer; 5] {
    [
        Writer::Init,
        Writer::Api,
        Writer::Scheduler,
        Writer::Provisioner,
        balancer(),
    ]
}

impl Server {
    /// A server whose log has room and is empty.
    pub async fn start() -> Self {
        let secrets = Secrets::roll(
            "test",
            &writers(),
            Time::from_unix_millis(1_700_000_000_000),
        );
        let folder = tempfile::tempdir().unwrap();
        let (port, monitor) = (free_port(), free_port());
        let config = server_config(&secrets, &places(folder.path(), port, monitor));
        std::fs::write(folder.path().join("nats.conf"), config).unwrap();
        let child = run(folder.path());
        let server = Self {
            secrets,
            port,
            monitor,
            folder,
            child,
        };
        let init = server.bus(&Writer::Init).await.log();
        until("the streams are made", async || {
            init.create_streams(Bytes(64 << 20)).await.is_ok()
        })
        .await;
        server
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor)
    }

    pub async fn bus(&self, writer: &Writer) -> NatsBus {
        self.bus_at(writer, &self.url()).await
    }

    pub async fn bus_at(&self, writer: &Writer, url: &str) -> NatsBus {
        let credential = self.secrets.credential(writer).unwrap();
        connected(NatsBus::connect(url, &credential).await.unwrap()).await
    }

    pub async fn log(&self, writer: &Writer) -> JetStreamLog {
        self.bus(writer).await.log()
    }

    /// A node with a key of its own.
    pub async fn node(&self, name: &str) -> (NodeKey, NatsBus) {
        self.node_at(name, &self.url()).await
    }

    pub async fn node_at(&self, name: &str, url: &str) -> (NodeKey, NatsBus) {
        let key = NodeKey::generate();
        let jwt = mint_node(
            self.secrets.nodes_account(),
            &name.parse().unwrap(),
            &key.public_key(),
        )
        .unwrap();
        let bus = NatsBus::connect(url, &key.credential(&jwt).unwrap())
            .await
            .unwrap();
        (key, connected(bus).await)
    }

    pub fn marker(&self) -> Marker {
        Marker::Control(self.secrets.control_key.clone())
    }

    /// Ended as a crash ends it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn start_again(&mut self) {
        self.child = run(self.folder.path());
    }

    /// Stands still with all its connections open, until it goes on.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let ended = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(ended.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn places(folder: &Path, port: u16, monitor: u16) -> ServerPlaces {
    ServerPlaces {
        listen: format!("127.0.0.1:{port}"),
        monitor: format!("127.0.0.1:{monitor}"),
        store: folder.join("store").display().to_string(),
    }
}

/// The server on the configuration in this folder.
pub fn run(folder: &Path) -> Child {
    Command::new(program())
        .arg("-c")
        .arg(folder.join("nats.conf"))
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.join("nats.log")).unwrap())
        .spawn()
        .expect("nats-server can be started; `make up` installs it, or set GANTRY_NATS_SERVER")
}

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("GANTRY_NATS_SERVER") {
        return named.into();
    }
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&searched).map(|folder| folder.join("nats-server"));
    let cache = std::env::var_os("GANTRY_CACHE").map(PathBuf::from);
    let home = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache/gantry");
    let cached = cache.unwrap_or_else(home).join("nats/nats-server");
    in_path
        .chain([cached])
        .find(|path| path.is_file())
        .unwrap_or_else(|| "nats-server".into())
}

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub async fn connected(bus: NatsBus) -> NatsBus {
    within("the bus is connected", bus.link().wait_for(|link| link.up))
        .await
        .unwrap();
    bus
}

/// What comes within the deadline.
pub async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, wait)
        .await
        .unwrap_or_else(|_| panic!("not within {DEADLINE:?}: {what}"))
}

/// Asks again and again until it holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    within(what, async {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        while !holds().await {
            pace.tick().await;
        }
    })
    .await;
}

/// A commit of that writer which says `note`, expecting that sequence last on its subject.
pub fn commit(server: &Server, writer: Writer, note: &str, expects: u64) -> Append {
    let log = server.secrets.log;
    let begun = LogBegun {
        log,
        cluster: note.to_owned(),
    };
    append(server, &server.marker(), writer, begun.into(), expects)
}

/// A commit of a node, marked with its key.
pub fn node_commit(server: &Server, key: &NodeKey, node: &str, expects: u64) -> Append {
    let joined = NodeJoined {
        node: node.parse().unwrap(),
        address: Ipv4Addr::LOCALHOST.into(),
        capacity: gantry_events::Capacity::default(),
    };
    node_says(server, key, joined.into(), (node, expects))
}

pub fn node_says(
    server: &Server,
    key: &NodeKey,
    fact: gantry_events::Event,
    (node, expects): (&str, u64),
) -> Append {
    let writer = Writer::Node(node.parse().unwrap());
    append(server, &key.marker(), writer, fact, expects)
}

fn append(
    server: &Server,
    marker: &Marker,
    writer: Writer,
    fact: gantry_events::Event,
    expects: u64,
) -> Append {
    let commit = Commit {
        actor: writer.actor(),
        operation: None,
        answers: None,
        cause: None,
        as_of: Seq(expects),
        core: "test/1".to_owned(),
        time: Time::default(),
        traceparent: None,
        prev: None,
        evidence: Vec::new(),
        events: vec![fact],
    };
    let payload = serde_json::to_vec(&commit).unwrap();
    let subject = LogSubject::Facts(writer);
    let mark = marker.mark(server.secrets.log, &subject.to_string(), &payload);
    Append {
        subject,
        payload,
        mark,
        expects: Seq(expects),
    }
}
