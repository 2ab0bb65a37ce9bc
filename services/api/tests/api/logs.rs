//! Log lines asked of nodes, and what nodes say of themselves.

use futures::StreamExt;
use gantry_bus::{AppendOutcome, Log, NatsBus, NodeKey};
use gantry_events::{
    Bytes, Capacity, Digest, Explanation, Heartbeat, MachineRequested, MilliCpu, NodeAdmitted,
    NodeId, OutputAnswer, OutputAsked, OutputLine, OutputStream, ReleaseNumber, ReplicaId,
    ReplicaKey, ReplicaPlaced, Slot, Stage, Standing, Time, Writer,
};
use gantry_rest::{LogQuery, ReadAt};
use serde_json::{Value, json};

use crate::server::{node_commit, until, within};
use crate::world::*;

fn replica(n: u32) -> ReplicaId {
    format!("web-{n}").parse().unwrap()
}

/// A deploy with replicas on the named nodes.
async fn placed(world: &World, nodes: &[&NodeId]) {
    world.deploy().await;
    let facts = (0..).zip(nodes).map(|(n, node)| at(n, node).into());
    world.say(Writer::Scheduler, facts.collect()).await;
    world.read("/v1/projects/shop/replicas").await;
}

fn at(n: u32, node: &NodeId) -> ReplicaPlaced {
    ReplicaPlaced {
        project: shop(),
        replica: replica(n),
        slot: Slot {
            service: web(),
            ordinal: n,
        },
        epoch: 1,
        release: ReleaseNumber(1),
        node: node.clone(),
        spec: Digest::of(b"spec"),
        cpu: MilliCpu(100),
        memory: Bytes(1 << 20),
        explanation: Explanation::default(),
        until: Time::from_unix_millis(1_700_000_060_000),
        round: 0,
    }
}

/// A node that is admitted and on the bus.
async fn node(world: &World, name: &str) -> (NodeId, NodeKey, NatsBus) {
    let (key, bus) = world.server.node(name).await;
    let (node, machine) = (
        name.parse().unwrap(),
        name.replace('n', "m").parse().unwrap(),
    );
    let requested = MachineRequested {
        machine,
        node,
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
    let node = requested.node.clone();
    world.say(Writer::Provisioner, vec![requested.into()]).await;
    world.say(Writer::Api, vec![admitted.into()]).await;
    (node, key, bus)
}

fn line(second: i64, text: &str) -> OutputLine {
    OutputLine {
        time: Time::from_unix_millis(1_700_000_000_000 + second * 1000),
        stream: OutputStream::Stdout,
        line: text.to_owned(),
    }
}

/// Answers every question for log lines with these.
async fn answering(bus: &NatsBus, node: &NodeId, lines: Vec<OutputLine>) {
    let mut questions = bus.serve(&format!("ask.node.{node}")).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let asked: OutputAsked = serde_json::from_slice(&question.payload).unwrap();
            let since = asked.since.unwrap_or_default();
            let wanted = lines.iter().filter(|line| line.time >= since).cloned();
            let lines = wanted.collect();
            let answer = serde_json::to_vec(&OutputAnswer::Lines { lines }).unwrap();
            question.answer(answer).await;
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_all_replicas_come_in_the_order_they_were_written() {
    let world = World::start_with(|s| s.node_within = gantry_events::Millis(500)).await;
    let (n1, _, first) = node(&world, "n1").await;
    let (n2, _, second) = node(&world, "n2").await;
    let silent: NodeId = "n3".parse().unwrap();
    placed(&world, &[&n1, &n2, &silent]).await;
    answering(&first, &n1, vec![line(1, "a"), line(3, "c"), line(3, "d")]).await;
    answering(&second, &n2, vec![line(2, "b")]).await;
    let path = "/v1/projects/shop/services/web/logs";
    let read = async |query: &str| {
        let answer = world.get(&format!("{path}{query}")).await;
        assert_eq!(answer.status(), 200, "{query}");
        let missing = answer
            .headers()
            .get("gantry-missing")
            .map(|v| v.to_str().unwrap().to_owned());
        let lines: Vec<Value> = answer
            .text()
            .await
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        (lines, missing)
    };
    until("the nodes answer", async || read("").await.0.len() == 4).await;
    let (lines, missing) = read("").await;
    let texts: Vec<&Value> = lines.iter().map(|line| &line["line"]).collect();
    assert_eq!(texts, ["a", "b", "c", "d"]);
    assert_eq!(missing.as_deref(), Some("web-2"));
    let since = lines[2]["cursor"].as_str().unwrap();
    let (rest, _) = read(&format!("?since={since}&replica=web-0")).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["line"], "d");
    let nobody = world.get(&format!("{path}?replica=web-2")).await;
    assert_eq!(
        nobody.json::<Value>().await.unwrap()["code"],
        "node-unreachable"
    );
    let query = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut follow = world.client().logs(&shop(), &web(), &query).await.unwrap();
    for text in ["a", "b", "c", "d"] {
        let line = within("a line comes", follow.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(line.line, text);
    }
    let notice = within("what cannot be read is named", follow.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (notice.stream.as_str(), notice.replica),
        ("notice", replica(2))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_service_reads_replicas_that_come_too() {
    let world = World::start().await;
    let (n1, _, first) = node(&world, "n1").await;
    let (n2, _, second) = node(&world, "n2").await;
    placed(&world, &[&n1]).await;
    answering(&first, &n1, vec![line(1, "old")]).await;
    answering(&second, &n2, vec![line(2, "new")]).await;
    let query = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut follow = world.client().logs(&shop(), &web(), &query).await.unwrap();
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != "old") {
        let next = within("the first replica is read", follow.next()).await;
        texts.push(next.unwrap().unwrap().line);
    }
    world.say(Writer::Scheduler, vec![at(1, &n2).into()]).await;
    let next = within("the one that came is read", follow.next()).await;
    assert_eq!(next.unwrap().unwrap().line, "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nodes_say_of_themselves_is_laid_over_reads_of_now_alone() {
    let world = World::start().await;
    let (n1, key, bus) = node(&world, "n1").await;
    placed(&world, &[&n1]).await;
    let joined = node_commit(&world.server, &key, "n1", 0);
    let stored = bus.node_log(n1.clone()).append(&joined).await;
    assert!(matches!(stored, AppendOutcome::Stored(_)), "{stored:?}");
    let beat = Heartbeat {
        node: n1.clone(),
        log: world.server.secrets.log,
        seq: None,
        capacity: Capacity::default(),
        stages: [(
            ReplicaKey {
                project: shop(),
                replica: replica(0),
            },
            Standing {
                stage: Stage::Pulling,
                held_up: Some("the registry is slow".to_owned()),
            },
        )]
        .into(),
    };
    let beat = serde_json::to_vec(&beat).unwrap();
    let path = "/v1/projects/shop/replicas/web-0";
    until("the stage shows", async || {
        bus.publish(&format!("hb.{n1}"), beat.clone())
            .await
            .unwrap();
        world.read(path).await["state"] == "pulling"
    })
    .await;
    let now = world.get(path).await;
    let tag = now.headers()["etag"].clone();
    let seq = now.headers()["gantry-seq"].to_str().unwrap().to_owned();
    let now: Value = now.json().await.unwrap();
    assert_eq!(now["waiting_for"], "the registry is slow");
    let past = world.get(&format!("{path}?at_seq={seq}")).await;
    assert_eq!(past.headers()["etag"], tag);
    assert_eq!(past.json::<Value>().await.unwrap()["state"], "placed");
    assert_eq!(world.read("/v1/nodes/n1").await["state"], json!("ready"));
    until("the node is silent", async || {
        world.read("/v1/nodes/n1").await["state"] == "silent"
    })
    .await;
    let nodes = world.client().nodes(&ReadAt::default()).await.unwrap();
    assert_eq!(nodes.items.len(), 1);
}
