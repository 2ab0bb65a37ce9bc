//! Which replica answers, and what is said when none can.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::collections::BTreeMap;

use bytes::Bytes;
use gantry_events::{LogId, RouteTable, Seq};
use http::Request;
use http_body_util::Full;
use stage::client::{Client, get, once};
use stage::replica::{Replica, answer_ok, nobody, read_head, rude};
use stage::{Stage, WEB, table};
use uuid::Uuid;

#[tokio::test]
async fn equals_take_turns_over_one_connection() {
    let stage = Stage::open().await;
    let replicas = [
        Replica::start("a").await,
        Replica::start("b").await,
        Replica::start("c").await,
    ];
    stage
        .apply(&table(
            1,
            &[
                ("web-a", replicas[0].address),
                ("web-b", replicas[1].address),
                ("web-c", replicas[2].address),
            ],
        ))
        .await;
    let mut client = Client::connect(stage.address).await;
    let mut bodies = BTreeMap::new();
    for _ in 0..9 {
        *bodies
            .entry(client.get("/").await.unwrap().body)
            .or_insert(0) += 1;
    }
    assert_eq!(
        bodies,
        [
            ("a".to_owned(), 3),
            ("b".to_owned(), 3),
            ("c".to_owned(), 3)
        ]
        .into()
    );
    assert!(
        replicas.iter().all(|replica| replica.connections() == 1),
        "connections to replicas are kept"
    );
}

#[tokio::test]
async fn the_least_loaded_is_chosen() {
    let stage = Stage::open().await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    stage
        .apply(&table(1, &[("web-a", a.address), ("web-b", b.address)]))
        .await;
    let mut busy = Client::connect(stage.address).await;
    let held = tokio::spawn(async move { busy.get("/held").await.unwrap().body });
    stage::eventually("the request is held", || async {
        a.requests() + b.requests() == 1
    })
    .await;
    let (loaded, free) = if a.requests() == 1 {
        (&a, "b")
    } else {
        (&b, "a")
    };
    let mut client = Client::connect(stage.address).await;
    for _ in 0..4 {
        assert_eq!(client.get("/").await.unwrap().body, free);
    }
    loaded.gate.add_permits(1);
    held.await.unwrap();
}

#[tokio::test]
async fn a_host_without_answer_is_told_apart() {
    let stage = Stage::open().await;
    let answer = once(stage.address, get("/")).await.unwrap();
    assert_eq!((answer.status(), answer.code().as_str()), (503, "no-table"));
    stage.apply(&table(1, &[])).await;
    let answer = once(stage.address, get("/")).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (503, "no-replica-ready")
    );
    assert_eq!(answer.header("retry-after"), Some("2"));
    let other = Request::get("/")
        .header("host", "other.shop.localhost")
        .body(Full::default())
        .unwrap();
    let answer = once(stage.address, other).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (404, "unknown-host")
    );
}

#[tokio::test]
async fn a_replica_that_refuses_is_stepped_over_and_then_skipped() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    stage
        .apply(&table(
            1,
            &[("web-a", a.address), ("web-b", nobody().await)],
        ))
        .await;
    let mut client = Client::connect(stage.address).await;
    for _ in 0..6 {
        assert_eq!(client.get("/").await.unwrap().body, "a");
    }
    stage::eventually("the refusal is counted", || async {
        stage
            .process
            .metrics
            .get("gantry_ingress_replica_refusals_total", &[])
            == Some(1)
    })
    .await;
}

#[tokio::test]
async fn where_all_refuse_all_are_tried_and_it_is_said() {
    let stage = Stage::open().await;
    stage
        .apply(&table(
            1,
            &[("web-a", nobody().await), ("web-b", nobody().await)],
        ))
        .await;
    for _ in 0..2 {
        let answer = once(stage.address, get("/")).await.unwrap();
        assert_eq!(
            (answer.status(), answer.code().as_str()),
            (502, "replicas-unreachable")
        );
        assert!(answer.body.contains("2 tried"), "{}", answer.body);
    }
}

/// Answers the first request of each connection; the first connection ends with its second request.
async fn forgetful() -> std::net::SocketAddr {
    rude(|mut stream, count| async move {
        loop {
            if read_head(&mut stream).await.is_empty() {
                return;
            }
            answer_ok(&mut stream).await;
            if count == 0 {
                read_head(&mut stream).await;
                return;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_kept_connection_that_closes_unanswered_costs_no_get() {
    let stage = Stage::open().await;
    stage
        .apply(&table(1, &[("web-a", forgetful().await)]))
        .await;
    let mut client = Client::connect(stage.address).await;
    for _ in 0..4 {
        assert_eq!(client.get("/").await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn what_may_have_done_something_is_never_sent_twice() {
    let stage = Stage::open().await;
    stage
        .apply(&table(1, &[("web-a", forgetful().await)]))
        .await;
    let mut client = Client::connect(stage.address).await;
    assert_eq!(client.get("/").await.unwrap().status(), 200);
    let post = Request::post("/")
        .header("host", WEB)
        .body(Full::new(Bytes::from("pay")))
        .unwrap();
    let answer = client.whole(post).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (502, "replica-closed")
    );
}

#[tokio::test]
async fn a_replica_that_does_not_answer_or_answers_nonsense_is_a_bad_gateway() {
    let stage =
        Stage::open_with(|settings| settings.replica_answer_within = gantry_events::Millis(200))
            .await;
    let silent = rude(|mut stream, _| async move {
        read_head(&mut stream).await;
        read_head(&mut stream).await;
    });
    stage.apply(&table(1, &[("web-a", silent.await)])).await;
    let answer = once(stage.address, get("/")).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (504, "replica-timeout")
    );
    let garbled = rude(|mut stream, _| async move {
        use tokio::io::AsyncWriteExt;
        read_head(&mut stream).await;
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
    });
    stage.apply(&table(2, &[("web-a", garbled.await)])).await;
    let answer = once(stage.address, get("/")).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (502, "replica-garbled")
    );
}

#[tokio::test]
async fn an_older_table_of_the_same_log_changes_nothing_and_one_of_another_log_does() {
    let stage = Stage::open().await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    stage.apply(&table(7, &[("web-a", a.address)])).await;
    let older = table(6, &[("web-b", b.address)]);
    assert_eq!(
        stage.apply(&older).await.seq,
        Seq(7),
        "it says what is live"
    );
    assert_eq!(body(&stage).await, "a");
    let stage = stage.restart().await;
    assert_eq!(body(&stage).await, "a", "nor was it saved");
    let branch = RouteTable {
        log: LogId(Uuid::from_u128(8)),
        ..older
    };
    assert_eq!(stage.apply(&branch).await.seq, Seq(6));
    assert_eq!(body(&stage).await, "b");
}

async fn body(stage: &Stage) -> String {
    once(stage.address, get("/")).await.unwrap().body
}
