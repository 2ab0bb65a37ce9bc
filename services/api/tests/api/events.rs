//! Events as pages and streams, cut between commits, resumed where a client stopped.

use gantry_events::{Fact, MachineRequested, Time, Writer};
use gantry_rest::{EventQuery, ProblemCode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::within;
use crate::world::*;

fn requested(n: u32) -> Fact {
    MachineRequested {
        machine: format!("m{n}").parse().unwrap(),
        node: format!("n{n}").parse().unwrap(),
        pool: "farm".parse().unwrap(),
        attempt: 1,
        until: Time::from_unix_millis(1_700_000_060_000),
        labels: Default::default(),
    }
    .into()
}

async fn page(world: &World, query: &str) -> Value {
    let answer = world.get(&format!("/v1/events{query}")).await;
    assert_eq!(answer.status(), 200, "{query}");
    answer.json().await.unwrap()
}

fn types(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_reads_as_events_with_their_places_and_causes() {
    let world = World::start().await;
    let end = world.deploy().await;
    world.read("/v1/projects/shop").await;
    let all = page(&world, "").await;
    assert_eq!(
        types(&all),
        [
            "log.begun.v1",
            "operation.accepted.v1",
            "operation.resolving.v1",
            "release.created.v1",
            "service.configured.v1",
            "operation.succeeded.v1"
        ]
    );
    let log = world.server.secrets.log;
    let configured = &all["items"][4];
    assert_eq!(configured["id"], format!("{log}:{end}.1"));
    assert_eq!(configured["specversion"], "1.0");
    assert_eq!(configured["source"], "scheduler");
    assert_eq!(configured["subject"], "service/web");
    assert_eq!(configured["scope"], "shop");
    assert_eq!(configured["data"]["replicas"], 1);
    let accepted = &all["items"][1];
    assert_eq!(
        (&accepted["source"], &accepted["actor"]),
        (&json!("api"), &json!("token:operator"))
    );
    assert_eq!(accepted["data"]["kind"], "config.put");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_what_they_are_about() {
    let world = World::start().await;
    world.deploy().await;
    world.read("/v1/projects/shop").await;
    let operation =
        page(&world, "?type=operation.accepted.v1").await["items"][0]["operation"].clone();
    let operation = operation.as_str().unwrap().to_owned();
    for (query, count) in [
        ("?type=operation.*", 3),
        ("?type=release.created.v1", 1),
        ("?scope=shop", 5),
        ("?scope=cluster", 1),
        ("?kind=service&id=web", 1),
        ("?actor=token:operator", 1),
        ("?actor=nobody", 0),
        (&format!("?operation={operation}"), 5),
    ] {
        assert_eq!(types(&page(&world, query).await).len(), count, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_end_between_commits_unless_one_alone_is_longer() {
    let world = World::start().await;
    for commit in [1..=3, 4..=6, 7..=16] {
        world
            .say(Writer::Provisioner, commit.map(requested).collect())
            .await;
    }
    world.read("/v1/machines").await;
    let (mut sizes, mut after) = (Vec::new(), "1".to_owned());
    loop {
        let page = page(&world, &format!("?limit=5&after={after}")).await;
        sizes.push(types(&page).len());
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(sizes, [3, 3, 5, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_be_held_back_until_there_is_something_in_it() {
    let world = World::start().await;
    world.read("/v1/machines").await;
    let empty = page(&world, "?after=1&type=machine.*&wait=100ms").await;
    assert_eq!(types(&empty), [""; 0]);
    let held = page(&world, "?after=1&type=machine.*&wait=20s");
    let said = world.say(Writer::Provisioner, vec![requested(1)]);
    let (page, _) = within("the page comes", futures::future::join(held, said)).await;
    assert_eq!(types(&page), ["machine.requested.v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_come_as_they_are_said_and_go_on_after_the_last_one_seen() {
    let world = World::start().await;
    world
        .say(Writer::Provisioner, vec![requested(1), requested(2)])
        .await;
    let query = EventQuery {
        type_name: Some("machine.*".to_owned()),
        ..EventQuery::default()
    };
    let client = world.client();
    let mut lines = client.follow_events(&query).await.unwrap();
    let mut next = async || {
        within("an event comes", lines.next())
            .await
            .unwrap()
            .unwrap()
    };
    let first = next().await;
    assert_eq!(next().await.subject, "machine/m2");
    world.say(Writer::Provisioner, vec![requested(3)]).await;
    assert_eq!(next().await.subject, "machine/m3");
    let after = EventQuery {
        after: Some(first.id),
        ..query
    };
    let mut resumed = client.follow_events(&after).await.unwrap();
    let second = within("an event comes", resumed.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(second.subject, "machine/m2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_goes_on_by_its_last_event_id() {
    let world = World::start().await;
    let seq = world
        .say(Writer::Provisioner, vec![requested(1), requested(2)])
        .await;
    world.read("/v1/machines").await;
    let log = world.server.secrets.log;
    let request = world.ask(Method::GET, "/v1/events?after=0");
    let request = request.header("Accept", "text/event-stream");
    let mut answer = request
        .header("Last-Event-ID", format!("{log}:{seq}.0"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let chunk = within("an event comes", answer.chunk())
        .await
        .unwrap()
        .unwrap();
    let text = String::from_utf8(chunk.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.contains(&format!("id: {log}:{seq}.1").as_str()),
        "{text}"
    );
    assert!(lines.contains(&"event: machine.requested.v1"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_api_stops() {
    let mut world = World::start().await;
    let client = world.client();
    let query = EventQuery {
        after: Some("1".to_owned()),
        ..EventQuery::default()
    };
    let mut lines = client.follow_events(&query).await.unwrap();
    let restarted = world.restart(|_| {});
    let ended = async { while let Ok(Some(_)) = lines.next().await {} };
    within("both end", futures::future::join(restarted, ended)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_beyond_the_logs_end_is_told_so_at_once() {
    let world = World::start().await;
    for accept in ["application/json", "application/x-ndjson"] {
        let request = world.ask(Method::GET, "/v1/events?after=4711&wait=30s");
        let answer = request.header("Accept", accept).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let problem: gantry_rest::Problem = answer.json().await.unwrap();
        assert_eq!(problem.code, ProblemCode::SeqInFuture);
        assert!(problem.detail.contains("4711"), "{}", problem.detail);
    }
}
