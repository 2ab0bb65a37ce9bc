//! One api with its server, and the hands that play everybody else.

use std::time::Duration;

use gantry_api::{Settings, start};
use gantry_bus::credentials::Secrets;
use gantry_bus::{Append, AppendOutcome, Log, Marker, NatsBus, NodeKey};
use gantry_events::{
    Actor, CommandBatch, Commit, Digest, Event, Fact, LogSubject, MachineRequested, Millis,
    NodeAdmitted, NodeId, OperationId, Place, ProjectName, Seq, ServiceName, Time, Writer,
};
use gantry_rest::Client;
use gantry_runtime::{Process, Supervisor};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, commit, until};

/// The smallest file.
pub const FILE: &str =
    "gantry: 1\nproject: shop\nservices: {web: {image: 'localhost:5000/web:1', port: 8080}}\n";

/// A running api.
pub struct World {
    pub server: Server,
    pub process: Process,
    pub url: String,
    pub http: reqwest::Client,
    pub settings: Settings,
    supervisor: Option<Supervisor>,
    folder: TempDir,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = begun().await;
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(&server.secrets, &folder);
        (settings.nats_url, settings.nats_monitor_url) = (server.url(), server.monitor_url());
        change(&mut settings);
        let (process, supervisor) = Process::start();
        let bound = start(&process, settings.clone()).await.unwrap();
        let world = Self {
            server,
            process,
            url: format!("http://{bound}"),
            http: client(),
            settings,
            supervisor: Some(supervisor),
            folder,
        };
        world.ready().await;
        world
    }

    pub async fn ready(&self) {
        until("the api is ready", async || {
            let answer = self.http.get(format!("{}/readyz", self.url)).send().await;
            answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
        })
        .await;
    }

    /// Ends the api and starts it anew, after `meanwhile` was done to its read model's folder.
    pub async fn restart(&mut self, meanwhile: impl FnOnce(&std::path::Path)) {
        let supervisor = self.supervisor.take().unwrap();
        supervisor.shut_down().await.unwrap();
        meanwhile(&self.folder.path().join("read-model"));
        let (process, supervisor) = Process::start();
        let bound = start(&process, self.settings.clone()).await.unwrap();
        self.url = format!("http://{bound}");
        (self.process, self.supervisor) = (process, Some(supervisor));
        self.ready().await;
    }

    pub fn token(&self) -> &str {
        &self.server.secrets.token
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url, Some(self.token().to_owned())).unwrap()
    }

    /// A request with the operator's token.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.bearer_auth(self.token())
    }

    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.unwrap()
    }

    /// What a path answers once the read model has reached the log's end.
    pub async fn read(&self, path: &str) -> Value {
        let tail = self.server.log(&Writer::Api).await.tail().await.unwrap();
        let sign = if path.contains('?') { '&' } else { '?' };
        let answer = self.get(&format!("{path}{sign}min_seq={tail}")).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Puts the file and gives the operation's id and place.
    pub async fn put(&self, file: &str) -> (OperationId, Place) {
        let answer = self
            .ask(Method::PUT, "/v1/projects/shop/config")
            .body(file.to_owned());
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let doc: Value = answer.json().await.unwrap();
        let operation = doc["id"].as_str().unwrap().parse().unwrap();
        let seq = Seq(doc["seq"].as_u64().unwrap());
        (operation, Place { seq, index: 0 })
    }

    /// Somebody says something in one commit; the answer is where it stands.
    pub async fn say(&self, writer: Writer, facts: Vec<Fact>) -> Seq {
        self.answer(writer, None, facts).await
    }

    /// The same as part of an operation, answering its command.
    pub async fn answer(
        &self,
        writer: Writer,
        answers: Option<(OperationId, Place)>,
        facts: Vec<Fact>,
    ) -> Seq {
        let context = Context {
            operation: answers.map(|(operation, _)| operation),
            answers: answers.map(|(_, place)| place),
            cause: None,
        };
        self.commit(writer, context, facts).await
    }

    /// The scheduler goes on with an operation.
    pub async fn go_on(&self, operation: OperationId, facts: Vec<Fact>) -> Seq {
        let context = Context {
            operation: Some(operation),
            ..Context::default()
        };
        self.commit(Writer::Scheduler, context, facts).await
    }

    /// The scheduler says something that follows from another message.
    pub async fn follow(&self, cause: Seq, facts: Vec<Fact>) -> Seq {
        let cause = Place {
            seq: cause,
            index: 0,
        };
        let context = Context {
            cause: Some(cause),
            ..Context::default()
        };
        self.commit(Writer::Scheduler, context, facts).await
    }

    async fn commit(&self, writer: Writer, context: Context, facts: Vec<Fact>) -> Seq {
        let log = self.server.log(&writer).await;
        let hand = (&log, &self.server.marker());
        self.store(hand, writer, context, facts).await
    }

    /// A node that is admitted and on the bus.
    pub async fn node(&self, name: &str) -> Member {
        let (key, bus) = self.server.node(name).await;
        let requested = MachineRequested {
            machine: name.replace('n', "m").parse().unwrap(),
            node: name.parse().unwrap(),
            pool: "farm".parse().unwrap(),
            attempt: 1,
            until: Time::from_unix_millis(1_700_000_060_000),
            labels: Default::default(),
        };
        let admitted = NodeAdmitted {
            node: requested.node.clone(),
            machine: requested.machine.clone(),
            public_key: key.public_key(),
        };
        let id = requested.node.clone();
        self.say(Writer::Provisioner, vec![requested.into()]).await;
        self.say(Writer::Api, vec![admitted.into()]).await;
        Member { id, key, bus }
    }

    /// A node says something of itself.
    pub async fn hear(&self, node: &Member, facts: Vec<Fact>) -> Seq {
        let log = node.bus.node_log(node.id.clone());
        let writer = Writer::Node(node.id.clone());
        let hand = (&log, &node.key.marker());
        self.store(hand, writer, Context::default(), facts).await
    }

    async fn store(
        &self,
        (log, marker): (&impl Log, &Marker),
        writer: Writer,
        context: Context,
        facts: Vec<Fact>,
    ) -> Seq {
        let subject = LogSubject::Facts(writer.clone());
        let stored = self.server.log(&Writer::Api).await;
        let last = stored.last_on(&subject).await.unwrap();
        let commit = Commit {
            actor: writer.actor(),
            operation: context.operation,
            answers: context.answers,
            cause: context.cause,
            as_of: Seq(0),
            core: "test/1".to_owned(),
            time: Time::from_unix_millis(1_700_000_001_000),
            traceparent: None,
            prev: last.as_ref().map(|last| Digest::of(&last.payload)),
            evidence: Vec::new(),
            events: facts.into_iter().map(|fact| Event { fact }).collect(),
        };
        let expects = last.map_or(Seq(0), |last| last.seq);
        let append = self.marked(marker, subject, &commit, expects);
        let AppendOutcome::Stored(seq) = log.append(&append).await else {
            panic!("not stored");
        };
        seq
    }

    /// Another instance of the api writes commands of its own.
    pub async fn rival(&self, commands: Vec<gantry_events::Command>) -> AppendOutcome {
        let log = self.server.log(&Writer::Api).await;
        let subject = LogSubject::Commands(commands[0].intent.decider());
        let last = log.last_on(&subject).await.unwrap();
        let batch = CommandBatch {
            as_of: Seq(0),
            prev: last.as_ref().map(|last| Digest::of(&last.payload)),
            commands,
        };
        let expects = last.map_or(Seq(0), |last| last.seq);
        let marker = self.server.marker();
        log.append(&self.marked(&marker, subject, &batch, expects))
            .await
    }

    fn marked(
        &self,
        marker: &Marker,
        subject: LogSubject,
        said: &impl serde::Serialize,
        expects: Seq,
    ) -> Append {
        let payload = serde_json::to_vec(said).unwrap();
        let mark = marker.mark(self.server.secrets.log, &subject.to_string(), &payload);
        Append {
            subject,
            payload,
            mark,
            expects,
        }
    }
}

/// A node with its key, on the bus.
pub struct Member {
    pub id: NodeId,
    pub key: NodeKey,
    pub bus: NatsBus,
}

/// What a commit belongs to and follows from.
#[derive(Default)]
struct Context {
    operation: Option<OperationId>,
    answers: Option<Place>,
    cause: Option<Place>,
}

pub fn shop() -> ProjectName {
    "shop".parse().unwrap()
}

pub fn web() -> ServiceName {
    "web".parse().unwrap()
}

pub fn operator() -> Actor {
    Actor::Token("operator".to_owned())
}

/// A server whose log has begun.
pub async fn begun() -> Server {
    let server = Server::start().await;
    let log = server.log(&Writer::Init).await;
    let first = commit(&server, Writer::Init, "test", 0);
    assert_eq!(log.append(&first).await, AppendOutcome::Stored(Seq(1)));
    server
}

pub fn settings(secrets: &Secrets, folder: &TempDir) -> Settings {
    let creds = folder.path().join("creds");
    std::fs::create_dir_all(&creds).unwrap();
    let role = secrets.role_file("api", &Writer::Api).unwrap();
    for (name, text) in role.files() {
        std::fs::write(creds.join(name), text).unwrap();
    }
    Settings {
        creds,
        read_model: folder.path().join("read-model"),
        api_address: "127.0.0.1:0".parse().unwrap(),
        command_within: Millis(3000),
        read_within: Millis(1000),
        ..Settings::default()
    }
}

pub fn client() -> reqwest::Client {
    // The second test in a process finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}
