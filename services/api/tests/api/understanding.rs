//! Why something is as it is, and how it was.

use gantry_events::*;
use gantry_rest::ReadAt;
use gantry_views::why::Relation;
use serde_json::{Value, json};

use crate::world::*;

fn until() -> Time {
    Time::from_unix_millis(1_700_000_060_000)
}

fn placed(replica: &str, ordinal: u32, node: &str, because: &str) -> Fact {
    ReplicaPlaced {
        project: shop(),
        replica: replica.parse().unwrap(),
        slot: Slot {
            service: web(),
            ordinal,
        },
        epoch: 1,
        release: ReleaseNumber(1),
        round: 0,
        node: node.parse().unwrap(),
        spec: Digest::of(b"spec"),
        cpu: MilliCpu(500),
        memory: Bytes(64 << 20),
        explanation: Explanation {
            because: because.to_owned(),
            ..Explanation::default()
        },
        until: until(),
    }
    .into()
}

fn ready(replica: &str, node: &str) -> Fact {
    ReplicaReady {
        project: shop(),
        replica: replica.parse().unwrap(),
        node: node.parse().unwrap(),
        address: None,
    }
    .into()
}

/// A deploy whose one replica is ready on n1. The sequence of the last word.
async fn running(world: &World) -> Seq {
    let begun = world.put(FILE).await;
    world.finish(begun).await;
    let because = "n1 has the most room";
    world
        .answer(
            Writer::Scheduler,
            Some(begun),
            vec![placed("web-aaaaaa", 0, "n1", because)],
        )
        .await;
    let n1 = world.node("n1").await;
    world.hear(&n1, vec![ready("web-aaaaaa", "n1")]).await
}

async fn why(world: &World, kind: &str, id: &str, seq: Seq) -> Vec<(Relation, String)> {
    let at = ReadAt::after(seq);
    let project = ["service", "replica", "release"].contains(&kind).then(shop);
    let why = world
        .client()
        .why(kind, project.as_ref(), id, &at)
        .await
        .unwrap();
    let links = why.links.into_iter();
    links.map(|link| (link.relation, link.says)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_leads_back_to_who_asked_for_the_file() {
    let world = World::start().await;
    let seq = running(&world).await;
    let told = why(&world, "replica", "web-aaaaaa", seq).await;
    let expected = [
        (Relation::Latest, "web-aaaaaa is ready on n1"),
        (
            Relation::Before,
            "placed web-aaaaaa on n1 for slot 0 of web (r1): n1 has the most room",
        ),
        (Relation::Because, "r1 set web to 1 replica"),
        (Relation::Because, "made release r1 of shop"),
        (Relation::Asked, "asked to make project shop as a file says"),
    ];
    let expected = expected.map(|(relation, says)| (relation, says.to_owned()));
    assert_eq!(told, expected);
    let path = format!("/v1/why/replica/shop/web-aaaaaa?min_seq={seq}");
    let why: Value = world.get(&path).await.json().await.unwrap();
    assert!(
        why["says"]
            .as_str()
            .unwrap()
            .starts_with("replica web-aaaaaa is ready, since ")
    );
    assert_eq!(
        why["links"][1]["explanation"]["because"],
        "n1 has the most room"
    );
    assert_eq!(why["links"][4]["actor"], "token:operator");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_leads_back_to_the_silence_of_its_node() {
    let world = World::start().await;
    running(&world).await;
    let node: NodeId = "n1".parse().unwrap();
    let since = until();
    let suspected = NodeSuspected {
        node: node.clone(),
        since,
        widespread: false,
        until: until(),
    };
    world.say(Writer::Scheduler, vec![suspected.into()]).await;
    let lost = NodeLost {
        node: node.clone(),
        since,
    };
    world.say(Writer::Scheduler, vec![lost.into()]).await;
    let gone = ReplicaLost {
        project: shop(),
        replica: "web-aaaaaa".parse().unwrap(),
        node,
    };
    let cause = world.say(Writer::Scheduler, vec![gone.into()]).await;
    let because = "n2 is left";
    let seq = world
        .follow(cause, vec![placed("web-bbbbbb", 0, "n2", because)])
        .await;
    let told = why(&world, "replica", "web-bbbbbb", seq).await;
    let says: Vec<_> = told.iter().map(|(_, says)| says.as_str()).collect();
    assert_eq!(
        says[..3],
        [
            "placed web-bbbbbb on n2 for slot 0 of web (r1): n2 is left",
            "web-aaaaaa is lost with n1",
            "gave n1 up: nothing was heard of it since 2023-11-14T22:14:20.000Z",
        ]
    );
    assert!(says[3].starts_with("n1 is silent since"), "{says:?}");
    assert_eq!(says.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_can_be_asked_why() {
    let world = World::start().await;
    let seq = running(&world).await;
    let operations = world
        .client()
        .operations(&ReadAt {
            all: true,
            ..ReadAt::after(seq)
        })
        .await
        .unwrap();
    let operation = operations.items[0].id.to_string();
    let rows = [
        (
            "operation",
            operation.as_str(),
            "all that was asked for is true",
        ),
        ("project", "shop", "made release r1 of shop"),
        ("release", "r1", "all that was asked for is true"),
        ("service", "web", "r1 set web to 1 replica"),
    ];
    for (kind, id, first) in rows {
        let told = why(&world, kind, id, seq).await;
        assert_eq!(told[0].1, first, "{kind}");
        let last = &told.last().unwrap().1;
        assert_eq!(last, "asked to make project shop as a file says", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_of_an_entity_is_told_with_its_time_page_by_page() {
    let world = World::start().await;
    let seq = running(&world).await;
    let path = format!("/v1/history/replica/shop/web-aaaaaa?limit=1&min_seq={seq}");
    let first: Value = world.get(&path).await.json().await.unwrap();
    assert_eq!(first["items"][0]["doc"]["state"], "ready");
    assert_eq!(first["items"][0]["from"], json!(seq.0));
    assert_eq!(first["items"][0]["time"], "2023-11-14T22:13:21.000Z");
    let cursor = first["next"].as_str().unwrap();
    let next = format!("/v1/history/replica/shop/web-aaaaaa?limit=1&cursor={cursor}");
    let second: Value = world.get(&next).await.json().await.unwrap();
    assert_eq!(second["items"][0]["doc"]["state"], "placed");
    assert_eq!(second["items"][0]["to"], json!(seq.0));
    assert_eq!(second["next"], Value::Null);
    let all = world
        .client()
        .history("service", Some(&shop()), "web", &ReadAt::default())
        .await;
    assert_eq!(all.unwrap().items.len(), 3, "configured, placed and ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_may_be_named_by_a_time() {
    let world = World::start().await;
    let requested = MachineRequested {
        machine: "m9".parse().unwrap(),
        node: "n9".parse().unwrap(),
        pool: "farm".parse().unwrap(),
        labels: Default::default(),
        attempt: 1,
        until: until(),
    };
    world.say(Writer::Provisioner, vec![requested.into()]).await;
    // Commands have the time of the clock, long after what is said in this test.
    let seq = running(&world).await;
    let then = "2023-11-14T22:13:21Z";
    let machine = world
        .get(&format!("/v1/machines/m9?min_seq={seq}&at={then}"))
        .await;
    assert_eq!(machine.status(), 200);
    assert_eq!(machine.headers()["gantry-seq"], "2");
    let operations = world
        .get(&format!("/v1/operations?all=true&at={then}"))
        .await;
    let operations: Value = operations.json().await.unwrap();
    assert_eq!(
        (&operations["items"], &operations["seq"]),
        (&json!([]), &json!(2))
    );
    let before = world.get("/v1/machines/m9?at=2001-01-01T00:00:00Z").await;
    assert_eq!(before.status(), 404);
    for (query, code) in [
        ("at=2999-01-01T00:00:00Z", "seq-in-future"),
        ("at=yesterday", "invalid-parameter"),
        ("at=2023-11-14T22:13:21Z&at_seq=2", "invalid-parameter"),
    ] {
        let answer = world.get(&format!("/v1/machines/m9?{query}")).await;
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], code, "{query}");
    }
}
