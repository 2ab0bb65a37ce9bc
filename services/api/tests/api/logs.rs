//! Log lines asked of nodes, and what nodes say of themselves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use gantry_bus::{AppendOutcome, Log, NatsBus, NodeKey};
use gantry_events::{
    Bytes, Capacity, Digest, Explanation, Fact, Heartbeat, MilliCpu, NodeId, OutputAnswer,
    OutputAsked, OutputFrom, OutputLine, OutputPlace, OutputStream, ReleaseNumber, ReplicaId,
    ReplicaKey, ReplicaPlaced, ReplicaStopped, Slot, Stage, Standing, Time, Writer,
};
use gantry_rest::{Lines, LogLine, LogQuery, NOTICE, ReadAt};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{node_commit, node_says, until, within};
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
    let Member { id, key, bus } = world.node(name).await;
    (id, key, bus)
}

/// Lines of replicas as their nodes have them; a line's place is its number.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<BTreeMap<ReplicaId, Vec<OutputLine>>>>);

impl Paper {
    fn write(&self, n: u32, second: i64, text: &str) {
        let mut papers = self.0.lock().unwrap();
        let lines = papers.entry(replica(n)).or_default();
        let place = OutputPlace {
            file: n,
            end: lines.len() as u64 + 1,
        };
        lines.push(OutputLine {
            time: Time::from_unix_millis(1_700_000_000_000 + second * 1000),
            stream: OutputStream::Stdout,
            line: text.to_owned(),
            place,
        });
    }

    fn answer(&self, asked: &OutputAsked) -> OutputAnswer {
        let papers = self.0.lock().unwrap();
        let Some(lines) = papers.get(&asked.replica.replica) else {
            return OutputAnswer::Unknown;
        };
        let first = match &asked.from {
            OutputFrom::Tail { lines: tail, .. } => lines.len().saturating_sub(*tail as usize),
            OutputFrom::Since { time } => lines.iter().filter(|line| line.time < *time).count(),
            OutputFrom::After { place } => place.end as usize,
        };
        let after = |end: usize| OutputFrom::After {
            place: OutputPlace {
                file: lines.first().map_or(0, |line| line.place.file),
                end: end as u64,
            },
        };
        // Pages of two, so that there are several.
        let end = lines.len().min(first + 2);
        OutputAnswer::Lines {
            lines: lines[first..end].to_vec(),
            begin: after(first),
            next: after(end),
            more: end < lines.len(),
            lost: false,
        }
    }

    /// Answers questions to a node.
    async fn answering(&self, bus: &NatsBus, node: &NodeId) {
        let paper = self.clone();
        let mut questions = bus.serve(&format!("ask.node.{node}")).await.unwrap();
        tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                let asked: OutputAsked = serde_json::from_slice(&question.payload).unwrap();
                let answer = serde_json::to_vec(&paper.answer(&asked)).unwrap();
                question.answer(answer).await;
            }
        });
    }
}

const PATH: &str = "/v1/projects/shop/services/web/logs";

/// The lines of an answer with an end, and who is missing.
async fn read(world: &World, query: &str) -> (Vec<LogLine>, Option<String>) {
    let answer = world.get(&format!("{PATH}{query}")).await;
    assert_eq!(answer.status(), 200, "{query}");
    let missing = answer.headers().get("gantry-missing");
    let missing = missing.map(|v| v.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    let lines = text.lines().map(|l| serde_json::from_str(l).unwrap());
    (lines.collect(), missing)
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.line.as_str()).collect()
}

async fn follow(world: &World, since: Option<&str>) -> Lines<LogLine> {
    let query = LogQuery {
        follow: true,
        since: since.map(str::to_owned),
        ..LogQuery::default()
    };
    world.client().logs(&shop(), &web(), &query).await.unwrap()
}

/// The next lines that replicas wrote.
async fn next(follow: &mut Lines<LogLine>, count: usize) -> Vec<LogLine> {
    let mut lines = Vec::new();
    while lines.len() < count {
        let line = within("a line comes", follow.next())
            .await
            .unwrap()
            .unwrap();
        if line.stream != NOTICE {
            lines.push(line);
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_all_replicas_come_in_the_order_they_were_written() {
    let world = World::start_with(|s| s.node_within = gantry_events::Millis(500)).await;
    let (n1, _, first) = node(&world, "n1").await;
    let (n2, _, second) = node(&world, "n2").await;
    let silent: NodeId = "n3".parse().unwrap();
    placed(&world, &[&n1, &n2, &silent]).await;
    let paper = Paper::default();
    for (n, second, text) in [(0, 1, "a"), (1, 2, "b"), (0, 3, "c"), (0, 3, "d")] {
        paper.write(n, second, text);
    }
    paper.answering(&first, &n1).await;
    paper.answering(&second, &n2).await;
    until("the nodes answer", async || {
        read(&world, "").await.0.len() == 4
    })
    .await;
    let (lines, missing) = read(&world, "").await;
    assert_eq!(texts(&lines), ["a", "b", "c", "d"]);
    assert_eq!(missing.as_deref(), Some("web-2"));
    for (number, line) in lines.iter().enumerate() {
        let (rest, _) = read(&world, &format!("?since={}", line.cursor)).await;
        assert_eq!(rest, lines[number + 1..], "after {}", line.line);
    }
    let (late, _) = read(&world, "?since=2023-11-14T22:13:22Z").await;
    assert_eq!(texts(&late), ["b", "c", "d"]);
    let (one, _) = read(&world, "?replica=web-0&tail=1").await;
    assert_eq!(texts(&one), ["d"]);
    let nobody = world.get(&format!("{PATH}?replica=web-2")).await;
    assert_eq!(
        nobody.json::<Value>().await.unwrap()["code"],
        "node-unreachable"
    );
    let wrong = world.get(&format!("{PATH}?since=yesterday")).await;
    assert_eq!(
        wrong.json::<Value>().await.unwrap()["code"],
        "invalid-parameter"
    );
    let mut follow = follow(&world, None).await;
    let mut lines = Vec::new();
    while lines.len() < 5 {
        lines.push(
            within("a line comes", follow.next())
                .await
                .unwrap()
                .unwrap(),
        );
    }
    let (notices, lines): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.stream == NOTICE);
    assert_eq!(texts(&lines), ["a", "b", "c", "d"]);
    assert_eq!(
        notices[0].replica,
        replica(2),
        "what cannot be read is named"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_service_reads_replicas_that_come_and_those_that_end_and_goes_on_exactly() {
    let world = World::start().await;
    let (n1, key, first) = node(&world, "n1").await;
    let (n2, _, second) = node(&world, "n2").await;
    placed(&world, &[&n1]).await;
    let paper = Paper::default();
    paper.answering(&first, &n1).await;
    paper.answering(&second, &n2).await;
    (0..150).for_each(|second| paper.write(0, second, &format!("early {second}")));
    let mut stream = follow(&world, None).await;
    let tail = next(&mut stream, 100).await;
    assert_eq!(tail[0].line, "early 50");

    // Written before the one that was read: a cursor by time would pass over it.
    paper.write(1, 1, "of the new one");
    world.say(Writer::Scheduler, vec![at(1, &n2).into()]).await;
    let came = next(&mut stream, 1).await;
    assert_eq!(texts(&came), ["of the new one"]);
    drop(stream);

    (0..300).for_each(|n| paper.write(n % 2, 200, &format!("missed {n}")));
    let stopped = ReplicaStopped {
        project: shop(),
        replica: replica(0),
        node: n1.clone(),
        exit: Some(0),
        probe: None,
        log_tail: Vec::new(),
    };
    let said = node_says(&world.server, &key, Fact::from(stopped).into(), ("n1", 0));
    let stored = first.node_log(n1.clone()).append(&said).await;
    assert!(matches!(stored, AppendOutcome::Stored(_)), "{stored:?}");
    let mut again = follow(&world, Some(&came[0].cursor)).await;
    let mut missed = next(&mut again, 300).await;
    missed.sort_by_key(|line| line.line["missed ".len()..].parse::<u32>().unwrap());
    let all: Vec<String> = (0..300).map(|n| format!("missed {n}")).collect();
    assert_eq!(texts(&missed), all, "each once, also of the one that ended");

    until("what ended is read no more", async || {
        paper.write(1, 300, "on");
        let line = next(&mut again, 1).await;
        line[0].cursor.matches('~').count() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_follows_lines_and_goes_on_after_the_last_one_it_has() {
    let world = World::start().await;
    let (n1, _, bus) = node(&world, "n1").await;
    placed(&world, &[&n1]).await;
    let paper = Paper::default();
    paper.answering(&bus, &n1).await;
    (0..3).for_each(|second| paper.write(0, second, &format!("line {second}")));
    let (lines, _) = read(&world, "").await;
    let asked = world.ask(Method::GET, PATH);
    let asked = asked
        .header("accept", "text/event-stream")
        .header("last-event-id", &lines[0].cursor);
    let mut answer = asked.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while text.matches("\n\n").count() < 2 {
        let chunk = within("an event comes", answer.chunk()).await;
        text += &String::from_utf8_lossy(&chunk.unwrap().unwrap());
    }
    assert!(
        text.contains(&format!("id: {}\n", lines[1].cursor)),
        "{text}"
    );
    assert!(
        text.contains("event: line\n") && text.contains("line 2"),
        "{text}"
    );
    assert!(!text.contains("line 0"), "{text}");
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
        world.read("/v1/nodes/n1").await["state"] == "suspect"
    })
    .await;
    let nodes = world.client().nodes(&ReadAt::default()).await.unwrap();
    assert_eq!(nodes.items.len(), 1);
}
