//! The whole service on a real NATS server: a file comes in, and its node is told what to run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test builds on either works or ends it"
)]

#[path = "../../../libs/bus/tests/server/mod.rs"]
mod server;
mod shelf;

use std::path::Path;
use std::time::Duration;

use gantry_bus::{Append, AppendOutcome, Log, NatsBus, NodeKey};
use gantry_events::*;
use gantry_runtime::{Process, Supervisor};
use gantry_scheduler::Settings;
use gantry_spec::ContainerSpec;
use server::{Server, connected, until, within};
use uuid::Uuid;

const FILE: &str = r#"{"gantry":1,"project":"shop","services":{"web":{"image":"localhost:5000/web:1","port":8080,"replicas":2,"health":{"tcp":true,"interval":"5s","timeout":"2s","start_within":"60s"}}}}"#;

struct Scene {
    server: Server,
    folder: tempfile::TempDir,
    registry: String,
    api: NatsBus,
    key: NodeKey,
    node: NatsBus,
}

/// A log with one admitted node, and a registry.
async fn scene() -> Scene {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    write_role(&server, folder.path());
    let api = server.bus(&Writer::Api).await;
    let init = server.log(&Writer::Init).await;
    let log = server.secrets.log;
    store(
        &server,
        &init,
        Writer::Init,
        LogBegun {
            log,
            cluster: "test".to_owned(),
        },
    )
    .await;
    let (key, node) = server.node("n1").await;
    let admitted = NodeAdmitted {
        node: "n1".parse().unwrap(),
        machine: "m1".parse().unwrap(),
        public_key: key.public_key(),
    };
    store(&server, &api.log(), Writer::Api, admitted).await;
    let registry = shelf::registry().await.to_string();
    Scene {
        server,
        folder,
        registry,
        api,
        key,
        node: connected(node).await,
    }
}

fn write_role(server: &Server, folder: &Path) {
    let role = server
        .secrets
        .role_file("scheduler", &Writer::Scheduler)
        .unwrap();
    for (name, text) in role.files() {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// The first commit of a writer of the control plane.
async fn store(server: &Server, log: &impl Log, writer: Writer, fact: impl Into<Event>) {
    let payload = serde_json::to_vec(&commit(&writer, fact.into())).unwrap();
    let subject = LogSubject::Facts(writer);
    let mark = server
        .marker()
        .mark(server.secrets.log, &subject.to_string(), &payload);
    append(
        log,
        Append {
            subject,
            payload,
            mark,
            expects: Seq(0),
        },
    )
    .await;
}

fn commit(writer: &Writer, fact: Event) -> Commit {
    Commit {
        actor: writer.actor(),
        operation: None,
        answers: None,
        cause: None,
        as_of: Seq(0),
        core: "test/1".to_owned(),
        time: Time::default(),
        traceparent: None,
        prev: None,
        evidence: Vec::new(),
        events: vec![fact],
    }
}

async fn append(log: &impl Log, append: Append) {
    let outcome = log.append(&append).await;
    assert!(matches!(outcome, AppendOutcome::Stored(_)), "{outcome:?}");
}

impl Scene {
    async fn scheduler(&self) -> Supervisor {
        let (process, supervisor) = Process::start();
        let settings = Settings {
            nats_url: self.server.url(),
            creds: self.folder.path().to_owned(),
            registry: self.registry.clone(),
        };
        gantry_scheduler::run(process, settings).await.unwrap();
        supervisor
    }

    /// The node says what it has.
    async fn join(&self) {
        let node: NodeId = "n1".parse().unwrap();
        let capacity = Capacity {
            cpu: MilliCpu(4000),
            memory: Bytes(4 << 30),
        };
        let joined = NodeJoined {
            node: node.clone(),
            address: [127, 0, 0, 1].into(),
            capacity,
        };
        let writer = Writer::Node(node.clone());
        let payload = serde_json::to_vec(&commit(&writer, joined.into())).unwrap();
        let subject = LogSubject::Facts(writer);
        let mark = self
            .key
            .marker()
            .mark(self.server.secrets.log, &subject.to_string(), &payload);
        let log = self.node.node_log(node);
        append(
            &log,
            Append {
                subject,
                payload,
                mark,
                expects: Seq(0),
            },
        )
        .await;
    }

    async fn deploy(&self) {
        let put = ConfigPut {
            project: "shop".parse().unwrap(),
            config: FILE.to_owned(),
        };
        let command = Command {
            operation: OperationId(Uuid::now_v7()),
            actor: Actor::User("test".to_owned()),
            time: Time::default(),
            request: Digest::of(b"request"),
            traceparent: None,
            intent: Intent::ConfigPut(put),
            unchanged_since: None,
        };
        let batch = CommandBatch {
            as_of: Seq(0),
            prev: None,
            commands: vec![command],
        };
        let payload = serde_json::to_vec(&batch).unwrap();
        let subject = LogSubject::Commands(Decider::Scheduler);
        let mark =
            self.server
                .marker()
                .mark(self.server.secrets.log, &subject.to_string(), &payload);
        append(
            &self.api.log(),
            Append {
                subject,
                payload,
                mark,
                expects: Seq(0),
            },
        )
        .await;
    }

    /// The answer to a question of the node, opened; none while there is no answer.
    async fn ask(&self, subject: &str, payload: &[u8]) -> Option<Vec<u8>> {
        let answer = self
            .node
            .ask(subject, payload.to_vec(), Duration::from_millis(300))
            .await
            .ok()?;
        let role = self
            .server
            .secrets
            .role_file("scheduler", &Writer::Scheduler)
            .unwrap();
        Some(
            role.answer_public
                .open(&answer)
                .expect("the control plane signed it"),
        )
    }

    async fn wanted(&self) -> Option<WantedSet> {
        let bytes = self.ask("ask.want.n1", b"").await?;
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    async fn tail(&self) -> Seq {
        self.api.log().tail().await.unwrap()
    }
}

#[tokio::test]
async fn a_file_becomes_a_signed_wanted_set_and_its_spec_is_answered_by_digest() {
    let scene = scene().await;
    let supervisor = scene.scheduler().await;
    scene.join().await;
    scene.deploy().await;
    let mut set = None;
    until("both replicas are wanted", async || {
        set = scene.wanted().await.filter(|set| set.replicas.len() == 2);
        set.is_some()
    })
    .await;
    let set = set.unwrap();
    assert_eq!(
        (set.log, set.node.as_str()),
        (scene.server.secrets.log, "n1")
    );
    let replica = set.replicas.values().next().unwrap();
    let asked = replica.spec.to_string();
    let answer = scene.ask("ask.spec.n1", asked.as_bytes()).await.unwrap();
    assert_eq!(Digest::of(&answer), replica.spec);
    let spec: ContainerSpec = serde_json::from_slice(&answer).unwrap();
    let pinned = format!("localhost:5000/web@{}", Digest::of(shelf::MANIFEST));
    assert_eq!(spec.image.as_str(), pinned);
    within("the scheduler stops", supervisor.shut_down())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_scheduler_that_was_ended_goes_on_where_it_was_and_a_standby_keeps_still() {
    let scene = scene().await;
    let first = scene.scheduler().await;
    scene.join().await;
    scene.deploy().await;
    until("both replicas are wanted", async || {
        scene
            .wanted()
            .await
            .is_some_and(|set| set.replicas.len() == 2)
    })
    .await;
    let standby = scene.scheduler().await;
    let tail = scene.tail().await;
    within("the first stops", first.shut_down()).await.unwrap();
    let mut set = None;
    until("the standby answers", async || {
        set = scene.wanted().await;
        set.is_some()
    })
    .await;
    assert_eq!(set.unwrap().replicas.len(), 2);
    assert_eq!(scene.tail().await, tail, "nothing is decided twice");
    within("the standby stops", standby.shut_down())
        .await
        .unwrap();
}
