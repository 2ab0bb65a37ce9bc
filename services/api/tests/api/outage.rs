//! The log away: nothing is promised that was not stored, and what was is found again.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use gantry_events::Millis;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::server::until;
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_log_is_away_commands_are_refused_and_reads_go_on() {
    let mut world = World::start_with(|s| s.command_within = Millis(700)).await;
    world.deploy().await;
    world.read("/v1/projects/shop").await;
    world.server.kill();
    let put = world.ask(Method::PUT, "/v1/projects/shop/config");
    let refused = put
        .header("Idempotency-Key", "k1")
        .body(FILE)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "log-unavailable");
    assert_eq!(world.get("/v1/projects/shop").await.status(), 200);
    world.server.start_again();
    until("commands are taken again", async || {
        let put = world.ask(Method::PUT, "/v1/projects/shop/config");
        let put = put.header("Idempotency-Key", "k1").body(FILE);
        put.send().await.unwrap().status() == 202
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_its_way_is_not_called_lost_when_it_is_asked_for_again() {
    let world = World::start_with(|s| s.command_within = Millis(500)).await;
    world.deploy().await;
    world.read("/v1/projects/shop").await;
    world.server.pause();
    let path = "/v1/projects/shop/services/web/scale";
    let mut operation = String::new();
    for attempt in 1..=2 {
        let scale = world
            .ask(Method::POST, path)
            .header("Idempotency-Key", "k1");
        let refused = scale.json(&json!({"replicas": 2})).send().await.unwrap();
        assert_eq!(refused.status(), 503);
        let problem: Value = refused.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("may still appear"),
            "attempt {attempt}: {detail}"
        );
        operation = problem["operation"].as_str().unwrap().to_owned();
    }
    world.server.go_on();
    let place = format!("/v1/operations/{operation}");
    until("it appears", async || {
        world.get(&place).await.status() == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_202_is_in_the_log_however_often_the_server_dies() {
    let mut world = World::start_with(|s| s.command_within = Millis(1500)).await;
    let path = "/v1/projects/shop/services/web/scale";
    let mut promised = BTreeSet::new();
    for round in 0..4 {
        let mut asked: FuturesUnordered<_> = (0..40)
            .map(|n| {
                let request = world.ask(Method::POST, path);
                let request = request.header("Idempotency-Key", format!("{round}-{n}"));
                answered(request.json(&json!({"replicas": n})))
            })
            .collect();
        let first = asked.next().await.unwrap();
        if round % 2 == 1 {
            // In the midst of it: some commands are stored, some on their way, some not yet.
            world.server.kill();
        }
        let rest: Vec<_> = asked.collect().await;
        for (status, id) in rest.into_iter().chain([first]) {
            assert!(status == 202 || status == 503, "{status}");
            if status == 202 {
                promised.insert(id);
            }
        }
        if round % 2 == 1 {
            world.server.start_again();
        }
        until("commands are taken again", async || {
            let request = world.ask(Method::POST, path);
            answered(request.json(&json!({"replicas": 1}))).await.0 == 202
        })
        .await;
    }
    let all = world.read("/v1/operations?all=true&limit=1000").await;
    let items = all["items"].as_array().unwrap().iter();
    let stored: Vec<&str> = items.map(|doc| doc["id"].as_str().unwrap()).collect();
    let unique: BTreeSet<&str> = stored.iter().copied().collect();
    assert_eq!(unique.len(), stored.len());
    assert!(promised.len() >= 80, "{}", promised.len());
    for id in &promised {
        assert!(
            unique.contains(id.as_str()),
            "{id} was promised and is not there"
        );
    }
}

/// The status of an answer and the operation it names.
async fn answered(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["id"].as_str().unwrap_or_default().to_owned())
}
