//! The control plane as a node meets it: a scheduler that answers sets and specs, an api that lets it join.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use gantry_bus::{NatsBus, Signer, mint_node};
use gantry_events::{
    ReleaseNumber, ReplicaKey, ReplicaPhase, Seq, WantedReplica, WantedSet, Writer,
};
use gantry_rest::{JoinAnswer, JoinNode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::Server;
use crate::world::{self, World};

/// The scheduler as a node meets it: it answers the set it has now, and the one spec there is.
#[derive(Clone)]
pub struct Scheduler {
    bus: NatsBus,
    signer: Signer,
    set: Arc<Mutex<WantedSet>>,
}

impl Scheduler {
    pub async fn begin(server: &Server, world: &World) -> Self {
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

    pub async fn wants(&self, seq: u64, replica: Option<(&ReplicaKey, ReplicaPhase)>) {
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
pub async fn api(server: &Server, cluster: &str) -> SocketAddr {
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
