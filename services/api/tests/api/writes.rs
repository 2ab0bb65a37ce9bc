//! Which command each write becomes, and what it rests on.

use std::collections::BTreeMap;

use gantry_events::{
    Command, Digest, Intent, NodeAdmitted, OperationId, ReleaseCreated, ReleaseNumber, Rollback,
    Writer,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::commands::commands;
use crate::world::*;

async fn post(world: &World, path: &str, body: Value) -> Response {
    let request = world.ask(Method::POST, path);
    let request = match body {
        Value::Null => request,
        body => request.json(&body),
    };
    request.send().await.unwrap()
}

/// The last command in the log.
async fn last_command(world: &World) -> Command {
    commands(world).await.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_becomes_its_command() {
    let world = World::start().await;
    let rows = [
        (
            "POST",
            "/v1/projects/shop/services/web/restart",
            Value::Null,
            "service.restart.v1",
            json!({"project": "shop", "service": "web"}),
        ),
        (
            "DELETE",
            "/v1/projects/shop/services/web",
            Value::Null,
            "service.remove.v1",
            json!({"project": "shop", "service": "web"}),
        ),
        (
            "POST",
            "/v1/nodes/n1/cordon",
            Value::Null,
            "node.cordon.v1",
            json!({"node": "n1"}),
        ),
        (
            "POST",
            "/v1/nodes/n1/uncordon",
            Value::Null,
            "node.uncordon.v1",
            json!({"node": "n1"}),
        ),
        (
            "POST",
            "/v1/nodes/n1/drain",
            Value::Null,
            "node.drain.v1",
            json!({"node": "n1"}),
        ),
        (
            "POST",
            "/v1/pools",
            json!({"name": "farm", "provider": "local", "size": 2, "labels": {"zone": "eu"}}),
            "pool.create.v1",
            json!({"pool": "farm", "provider": "local", "size": 2, "labels": {"zone": "eu"}}),
        ),
        (
            "POST",
            "/v1/pools/farm/scale",
            json!({"size": 4}),
            "pool.scale.v1",
            json!({"pool": "farm", "size": 4}),
        ),
        (
            "DELETE",
            "/v1/pools/farm",
            Value::Null,
            "pool.remove.v1",
            json!({"pool": "farm"}),
        ),
    ];
    for (method, path, body, kind, data) in rows {
        let request = world.ask(method.parse().unwrap(), path);
        let request = match body {
            Value::Null => request,
            body => request.json(&body),
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 202, "{path}");
        let doc: Value = answer.json().await.unwrap();
        assert_eq!(
            Some(doc["kind"].as_str().unwrap()),
            kind.strip_suffix(".v1")
        );
        let intent = serde_json::to_value(last_command(&world).await.intent).unwrap();
        assert_eq!(intent, json!({"type": kind, "data": data}), "{path}");
    }
}

/// A release with so many images, made of the world's file.
fn release(operation: OperationId, number: u32, images: u32) -> ReleaseCreated {
    let config = gantry_spec::parse(FILE).unwrap().project.canonical();
    let pinned = |n: u32| {
        let image = format!("registry.example.com/shop/part-{n:03}");
        (
            format!("{image}:1"),
            format!("{image}@{}", Digest::of(&n.to_be_bytes())),
        )
    };
    ReleaseCreated {
        project: shop(),
        release: ReleaseNumber(number),
        operation,
        config: Digest::of(config.as_bytes()),
        images: (0..images).map(pinned).collect(),
        rollback_of: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_holds_the_file_and_every_image_of_the_release_it_goes_back_to() {
    let world = World::start().await;
    let (operation, _) = world.put(FILE).await;
    for (number, images) in [(1, 2), (2, 200)] {
        let made = release(operation, number, images);
        let wanted: BTreeMap<_, _> = made.images.clone();
        let end = world.say(Writer::Scheduler, vec![made.into()]).await;
        world.get(&format!("/v1/projects?min_seq={end}")).await;
        let path = format!("/v1/projects/shop/releases/r{number}/rollback");
        assert_eq!(post(&world, &path, Value::Null).await.status(), 202);
        let expected = Rollback {
            project: shop(),
            to: ReleaseNumber(number),
            config: gantry_spec::parse(FILE).unwrap().project.canonical(),
            images: wanted,
        };
        assert_eq!(
            last_command(&world).await.intent,
            Intent::Rollback(expected)
        );
    }
    let none = post(&world, "/v1/projects/shop/releases/3/rollback", Value::Null).await;
    let problem: Value = none.json().await.unwrap();
    assert_eq!(problem["code"], "release-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_on_an_older_read_is_refused_at_once_and_a_newer_one_says_what_it_read() {
    let world = World::start().await;
    let admitted = NodeAdmitted {
        node: "n1".parse().unwrap(),
        machine: "m1".parse().unwrap(),
        public_key: "UKEY".to_owned(),
    };
    let born = world.say(Writer::Api, vec![admitted.into()]).await;
    let read = world.get(&format!("/v1/nodes/n1?min_seq={born}")).await;
    let tag = read.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{born}\""));
    let drain = async |tag: &str, key: &str| {
        let request = world.ask(Method::POST, "/v1/nodes/n1/drain");
        let request = request
            .header("If-Match", tag)
            .header("Idempotency-Key", key);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(drain("\"1\"", "a").await, 412);
    assert_eq!(drain(&tag, "b").await, 202);
    assert_eq!(last_command(&world).await.unchanged_since, Some(born));
    assert_eq!(drain("*", "c").await, 202);
    assert_eq!(last_command(&world).await.unchanged_since, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_finds_its_own_change_and_is_not_refused_for_it() {
    let world = World::start().await;
    let end = world.deploy().await;
    let path = "/v1/projects/shop/config";
    let read = world.get(&format!("{path}?min_seq={end}")).await;
    let tag = read.headers()["etag"].clone();
    let put = async |key: &str| {
        let request = world.ask(Method::PUT, path).header("If-Match", tag.clone());
        let request = request.header("Idempotency-Key", key).body(FILE);
        request.send().await.unwrap()
    };
    let first = put("mine").await;
    assert_eq!(first.status(), 202);
    let first: Value = first.json().await.unwrap();
    let operation = OperationId::of_key("token:operator", "mine");
    let made = world
        .say(Writer::Scheduler, vec![release(operation, 2, 1).into()])
        .await;
    world.get(&format!("{path}?min_seq={made}")).await;
    let again = put("mine").await;
    assert_eq!(again.status(), 202);
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["id"], &again["seq"]), (&first["id"], &first["seq"]));
    assert_eq!(put("another").await.status(), 412);
}
