//! Reads: now, not before, and in the past.

use gantry_events::{MachineRequested, Seq, ServiceScaled, Time, Writer};
use serde_json::{Value, json};

use crate::world::*;

fn requested(n: u32) -> gantry_events::Fact {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_its_own_writes_by_the_sequence_it_was_told() {
    let world = World::start().await;
    for _ in 0..20 {
        let end = world.say(Writer::Provisioner, vec![requested(1)]).await;
        let answer = world.get(&format!("/v1/machines/m1?min_seq={end}")).await;
        assert_eq!(answer.status(), 200);
        let reflects: u64 = answer.headers()["gantry-seq"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(reflects >= end.0);
    }
    let future = world.get("/v1/machines/m1?min_seq=1000000").await;
    assert_eq!(future.status(), 504);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_stays_readable() {
    let world = World::start().await;
    let end = world.deploy().await;
    let scaled = ServiceScaled {
        project: shop(),
        service: web(),
        replicas: 5,
    };
    let later = world.say(Writer::Scheduler, vec![scaled.into()]).await;
    let wanted = async |seq: Seq| {
        let path = format!("/v1/projects/shop/services/web?min_seq={later}&at_seq={seq}");
        let answer: Value = world.get(&path).await.json().await.unwrap();
        (
            answer["spec"]["replicas"].clone(),
            answer["status"]["replicas"]["wanted"].clone(),
        )
    };
    assert_eq!(wanted(end).await, (json!(1), json!(1)));
    assert_eq!(wanted(later).await, (json!(5), json!(5)));
    let unborn = world.get("/v1/projects/shop/services/web?at_seq=1").await;
    assert_eq!(unborn.status(), 404);
    let future = world
        .get("/v1/projects/shop/services/web?at_seq=1000")
        .await;
    assert_eq!(
        future.json::<Value>().await.unwrap()["code"],
        "seq-in-future"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_entity_of_a_deploy_is_there() {
    let world = World::start().await;
    let end = world.deploy().await;
    world.read("/v1/projects/shop").await;
    for path in [
        "/v1/projects/shop",
        "/v1/projects/shop/config",
        "/v1/projects/shop/releases/1",
        "/v1/projects/shop/releases/r1",
        "/v1/projects/shop/services/web",
        "/v1/version",
        "/v1/schema",
    ] {
        assert_eq!(world.get(path).await.status(), 200, "{path}");
    }
    for (path, count) in [
        ("/v1/projects", 1),
        ("/v1/projects/shop/releases", 1),
        ("/v1/projects/shop/services", 1),
        ("/v1/projects/shop/replicas", 0),
        ("/v1/projects/shop/services/web/replicas", 0),
        ("/v1/operations", 0),
        ("/v1/operations?all=true", 1),
        ("/v1/nodes", 0),
        ("/v1/pools", 0),
        ("/v1/balancers", 0),
    ] {
        let list = world.read(path).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{path}");
        assert_eq!(list["next"], Value::Null);
        assert!(list["seq"].as_u64().unwrap() >= end.0);
    }
    let file: Value = world.read("/v1/projects/shop/config").await;
    let again = gantry_spec::parse(&file.to_string()).unwrap();
    assert_eq!(again.project, gantry_spec::parse(FILE).unwrap().project);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_list_agree_whatever_is_written_meanwhile() {
    let world = World::start().await;
    let all = (1..=25).map(requested).collect();
    let end = world.say(Writer::Provisioner, all).await;
    let first: Value = world
        .get(&format!("/v1/machines?limit=10&min_seq={end}"))
        .await
        .json()
        .await
        .unwrap();
    world
        .say(Writer::Provisioner, (26..=30).map(requested).collect())
        .await;
    let mut names: Vec<String> = Vec::new();
    let mut page = first;
    loop {
        assert_eq!(page["seq"], json!(end.0));
        let items = page["items"].as_array().unwrap().iter();
        names.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next"].as_str() else {
            break;
        };
        let next = world
            .get(&format!("/v1/machines?limit=10&cursor={cursor}"))
            .await;
        page = next.json().await.unwrap();
    }
    assert_eq!(names, (1..=25).map(|n| format!("m{n}")).collect::<Vec<_>>());
    let cursor = world.read("/v1/machines?limit=10").await["next"].clone();
    let cursor = cursor.as_str().unwrap();
    for path in [
        "/v1/nodes?cursor=",
        "/v1/machines?all=true&cursor=",
        "/v1/machines?filter=node:n7&cursor=",
    ] {
        let answer = world.get(&format!("{path}{cursor}")).await;
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "invalid-parameter", "{path}");
    }
    let filtered = world.read("/v1/machines?filter=node:n7").await;
    assert_eq!(filtered["items"][0]["id"], "m7");
    assert_eq!(filtered["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_not_sent_again() {
    let world = World::start().await;
    world.deploy().await;
    for path in ["/v1/projects/shop", "/v1/projects"] {
        world.read(path).await;
        let tag = world.get(path).await.headers()["etag"].clone();
        world.say(Writer::Provisioner, vec![requested(1)]).await;
        let again = world
            .ask(reqwest::Method::GET, path)
            .header("If-None-Match", tag);
        let answer = again.send().await.unwrap();
        assert_eq!(answer.status(), 304, "{path}");
        assert_eq!(answer.text().await.unwrap(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_made_anew_gives_the_same_answers() {
    let mut world = World::start().await;
    world.deploy().await;
    world
        .say(Writer::Provisioner, (1..=3).map(requested).collect())
        .await;
    let paths = [
        "/v1/projects",
        "/v1/projects/shop/config",
        "/v1/projects/shop/services",
        "/v1/operations?all=true",
        "/v1/machines",
        "/v1/events",
    ];
    let read = async |world: &World| {
        let mut all = Vec::new();
        for path in paths {
            all.push(match path {
                "/v1/events" => world.get(path).await.json().await.unwrap(),
                path => world.read(path).await,
            });
        }
        all
    };
    let before = read(&world).await;
    world
        .restart(|folder| std::fs::remove_dir_all(folder).unwrap())
        .await;
    assert_eq!(read(&world).await, before);
    world.restart(|_| {}).await;
    assert_eq!(read(&world).await, before);
}
