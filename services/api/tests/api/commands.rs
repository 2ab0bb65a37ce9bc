//! From a request to a command in the log, once.

use std::collections::BTreeSet;

use futures::future::join_all;
use gantry_bus::{Append, AppendOutcome, Log};
use gantry_events::{
    Command, CommandBatch, Digest, Intent, OperationFailed, OperationId, OperationSuperseded,
    OperationUnchanged, Problem, ProblemCode, ScaleService, Scope, Seq, ServiceEnded, Time, Writer,
};
use gantry_views::OperationDoc;
use reqwest::Method;
use serde_json::{Value, json};

use crate::decider::decide_at_once;
use crate::server::within;
use crate::world::*;

const CONFIG: &str = "/v1/projects/shop/config";
const SCALE: &str = "/v1/projects/shop/services/web/scale";

/// Every command in the log.
pub async fn commands(world: &World) -> Vec<Command> {
    let log = world.server.log(&Writer::Api).await;
    let tail = log.tail().await.unwrap();
    let mut all = Vec::new();
    for seq in 1..=tail.0 {
        let stored = log.get(Seq(seq)).await.unwrap().unwrap();
        if stored.subject.starts_with("cmd.") {
            let batch: CommandBatch = serde_json::from_slice(&stored.payload).unwrap();
            all.extend(batch.commands);
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_one_command_whose_place_the_answer_tells() {
    let world = World::start().await;
    let answer = world
        .ask(Method::PUT, CONFIG)
        .body(FILE)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let seq = answer.headers()["gantry-seq"].to_str().unwrap().to_owned();
    let doc: Value = answer.json().await.unwrap();
    assert_eq!(
        (&doc["state"], &doc["kind"]),
        (&json!("queued"), &json!("config.put"))
    );
    assert_eq!(doc["seq"].to_string(), seq);
    assert_eq!(
        location,
        format!("/v1/operations/{}", doc["id"].as_str().unwrap())
    );
    assert_eq!(world.read(&location).await, doc);
    let command = commands(&world).await.remove(0);
    assert_eq!(command.actor, operator());
    let Intent::ConfigPut(put) = command.intent else {
        panic!("{command:?}");
    };
    let parsed = gantry_spec::parse(FILE).unwrap().project;
    assert_eq!(put.config, parsed.canonical());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_fifty_times_at_once_is_one_command() {
    let world = World::start().await;
    let one = async || {
        let request = world
            .ask(Method::PUT, CONFIG)
            .header("Idempotency-Key", "k1");
        let answer = request.body(FILE).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let doc: Value = answer.json().await.unwrap();
        doc["id"].as_str().unwrap().to_owned()
    };
    let ids: BTreeSet<String> = join_all((0..50).map(|_| one())).await.into_iter().collect();
    let expected = OperationId::of_key("token:operator", "k1").to_string();
    assert_eq!(ids, BTreeSet::from([expected]));
    assert_eq!(commands(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_share_messages_and_each_is_its_own_operation() {
    let world = World::start().await;
    let one = async |n: u32| {
        let request = world.ask(Method::POST, SCALE).json(&json!({"replicas": n}));
        let doc: Value = request.send().await.unwrap().json().await.unwrap();
        (doc["id"].to_string(), doc["seq"].as_u64().unwrap())
    };
    let answers = join_all((0..60).map(one)).await;
    let ids: BTreeSet<_> = answers.iter().map(|(id, _)| id).collect();
    let messages: BTreeSet<_> = answers.iter().map(|(_, seq)| seq).collect();
    assert_eq!((ids.len(), commands(&world).await.len()), (60, 60));
    assert!(
        messages.len() < ids.len(),
        "{} messages for as many commands",
        messages.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_came_with_another_request_is_refused_and_nothing_is_written() {
    let world = World::start().await;
    let ask = async |path: &str, body: &'static str| {
        let method = if path == CONFIG {
            Method::PUT
        } else {
            Method::POST
        };
        let request = world.ask(method, path).header("Idempotency-Key", "k1");
        request.body(body).send().await.unwrap()
    };
    assert_eq!(ask(CONFIG, FILE).await.status(), 202);
    assert_eq!(ask(CONFIG, FILE).await.status(), 202);
    let pool = r#"{"name": "farm", "provider": "local", "size": 1}"#;
    for (path, body) in [(SCALE, r#"{"replicas": 1}"#), ("/v1/pools", pool)] {
        let answer = ask(path, body).await;
        assert_eq!(answer.status(), 422, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "idempotency-key-reused", "{path}");
    }
    assert_eq!(commands(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rival_instance_that_writes_first_only_delays() {
    let world = World::start().await;
    let key = OperationId::of_key("token:operator", "theirs");
    let theirs = |n: u32| Command {
        operation: OperationId::of_key("token:operator", &format!("theirs{n}")),
        actor: operator(),
        time: Time::from_unix_millis(1_700_000_000_000),
        request: Digest::of(b"theirs"),
        traceparent: None,
        intent: Intent::ScaleService(ScaleService {
            project: shop(),
            service: web(),
            replicas: n,
        }),
        unchanged_since: None,
    };
    let rivals = async {
        for n in 0..20 {
            world.rival(vec![theirs(n)]).await;
        }
    };
    let ours = async {
        for n in 0..20 {
            let request = world.ask(Method::POST, SCALE).json(&json!({"replicas": n}));
            assert_eq!(request.send().await.unwrap().status(), 202);
        }
    };
    within("both have written", futures::future::join(rivals, ours)).await;
    let all = commands(&world).await;
    let ours = all.iter().filter(|c| c.request != Digest::of(b"theirs"));
    assert_eq!(ours.count(), 20);
    assert!(all.iter().all(|command| command.operation != key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_answers_with_the_end_of_the_operation() {
    let world = World::start().await;
    let ask = async |key: &'static str, seconds: u32| {
        let request = world
            .ask(Method::PUT, CONFIG)
            .header("Idempotency-Key", key);
        let request = request.header("Prefer", format!("respond-async, wait={seconds}"));
        request.body(FILE).send().await.unwrap()
    };
    assert_eq!(ask("slow", 1).await.status(), 202);

    let scope = || Scope::Project(shop());
    type End = fn(OperationId, Scope) -> gantry_events::Fact;
    let ends: [(&'static str, End, u16, &str); 3] = [
        (
            "unchanged",
            |operation, scope| OperationUnchanged { operation, scope }.into(),
            200,
            "succeeded",
        ),
        (
            "superseded",
            |operation, scope| {
                let by = OperationId::of_key("token:operator", "slow");
                OperationSuperseded {
                    operation,
                    scope,
                    by,
                }
                .into()
            },
            200,
            "superseded",
        ),
        (
            "failed",
            |operation, scope| {
                let problem = Problem::new(ProblemCode::ImageNotFound, "no such image");
                OperationFailed {
                    operation,
                    scope,
                    problem,
                }
                .into()
            },
            422,
            "image-not-found",
        ),
    ];
    for (key, end, status, said) in ends {
        let operation = OperationId::of_key("token:operator", key);
        let decide = async {
            let path = format!("/v1/operations/{operation}");
            crate::server::until("the command is accepted", async || {
                world.get(&path).await.status() == 200
            })
            .await;
            world
                .say(Writer::Scheduler, vec![end(operation, scope())])
                .await;
        };
        let (answer, ()) = futures::future::join(ask(key, 20), decide).await;
        assert_eq!(answer.status(), status, "{key}");
        let body: Value = answer.json().await.unwrap();
        let told = if status == 200 {
            &body["state"]
        } else {
            &body["code"]
        };
        assert_eq!(told, said);
        if status != 200 {
            assert_eq!(body["operation"], operation.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_comes_just_as_the_wait_begins_is_not_missed() {
    let world = World::start().await;
    decide_at_once(&world).await;
    let scale = async |wait: &'static str| {
        let request = world.ask(Method::POST, SCALE).header("Prefer", wait);
        let answer = request.json(&json!({"replicas": 8})).send().await;
        answer.unwrap().status()
    };
    for round in 0..200 {
        scale("wait=0").await;
        assert_eq!(scale("wait=10").await, 200, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_may_be_required_to_be_there_still() {
    let world = World::start().await;
    let end = world.deploy().await;
    let read = world.get(&format!("{CONFIG}?min_seq={end}")).await;
    let tag = read.headers()["etag"].to_str().unwrap().to_owned();
    let put = async |tag: &str| {
        let request = world.ask(Method::PUT, CONFIG).header("If-Match", tag);
        request.body(FILE).send().await.unwrap().status()
    };
    assert_eq!(put("\"0\"").await, 412);
    assert_eq!(put(&tag).await, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_marked_counts_for_nothing_and_stops_nobody() {
    let world = World::start().await;
    world.put(FILE).await;
    let log = world.server.log(&Writer::Api).await;
    let subject = "cmd.scheduler".parse().unwrap();
    let last = log.last_on(&subject).await.unwrap().unwrap();
    let void = Append {
        subject,
        payload: last.payload.clone(),
        mark: "hs256:".to_owned(),
        expects: last.seq,
    };
    assert!(matches!(log.append(&void).await, AppendOutcome::Stored(_)));
    world.put(FILE).await;
    let operations = world.read("/v1/operations").await;
    assert_eq!(operations["items"].as_array().unwrap().len(), 2);
    let metrics = world.http.get(format!("{}/metrics", world.url)).send();
    let metrics = metrics.await.unwrap().text().await.unwrap();
    let counted = "gantry_log_void_messages_total{subject=\"cmd.scheduler\"} 1";
    assert!(metrics.lines().any(|line| line == counted), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_removed_by_one_command_and_is_listed_no_more() {
    let world = World::start().await;
    let gone = world.ask(Method::DELETE, "/v1/projects/shop");
    assert_eq!(gone.send().await.unwrap().status(), 404);
    world.deploy().await;
    let path = "/v1/projects/shop";
    assert_eq!(world.read(path).await["services"], 1);
    let answer = world.ask(Method::DELETE, path).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let operation: OperationDoc = answer.json().await.unwrap();
    let all = commands(&world).await;
    let command = all.last().unwrap();
    assert_eq!(command.operation, operation.id);
    let file = gantry_spec::parse(command.intent.file().unwrap()).unwrap();
    assert!(file.project.services.is_empty());

    let (project, service) = (shop(), web());
    let ended = vec![ServiceEnded { project, service }.into()];
    let seq = world.say(Writer::Scheduler, ended).await;
    let listed = async |all: &str| {
        let answer = world.get(&format!("/v1/projects?min_seq={seq}{all}")).await;
        let list: Value = answer.json().await.unwrap();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("").await, listed("&all=true").await), (0, 1));
    assert_eq!(world.read(path).await["state"], "removed");
}
