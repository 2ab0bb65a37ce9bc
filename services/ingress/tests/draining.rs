//! How a replica leaves: no new request, those in flight to their end or to the end of their time.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::time::Duration;

use gantry_events::{Millis, Seq};
use stage::client::{Client, get, once};
use stage::replica::{Replica, read_head, rude};
use stage::{Stage, WEB, draining, eventually, key, table};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const LONG: Millis = Millis(60_000);

/// A stage whose replica `a` holds one request, and the task that waits for its answer.
async fn holding(
    stage: &Stage,
    a: &Replica,
) -> tokio::task::JoinHandle<hyper::Result<stage::client::Whole>> {
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    let address = stage.address;
    let held = tokio::spawn(async move { once(address, get("/held")).await });
    eventually("the request is held", || async { a.requests() == 1 }).await;
    held
}

#[tokio::test]
async fn a_replica_without_requests_is_let_go_in_the_same_answer() {
    let stage = Stage::open().await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    once(stage.address, get("/")).await.unwrap();
    eventually("nothing is in flight", || async {
        stage.status().await.unwrap().0.in_flight.is_empty()
    })
    .await;
    let status = stage
        .apply(&draining(
            table(2, &[("web-b", b.address)]),
            &["web-a", "web-unknown"],
            LONG,
        ))
        .await;
    assert_eq!(status.seq, Seq(2));
    assert_eq!(status.released, [key("web-a"), key("web-unknown")].into());
}

#[tokio::test]
async fn a_replica_is_let_go_when_its_last_request_ends_and_that_is_told_at_once() {
    let stage = Stage::open().await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    let held = holding(&stage, &a).await;
    let status = stage
        .apply(&draining(
            table(2, &[("web-b", b.address)]),
            &["web-a"],
            LONG,
        ))
        .await;
    assert_eq!(
        (status.released, status.in_flight),
        ([].into(), [(key("web-a"), 1)].into())
    );
    assert_eq!(
        once(stage.address, get("/")).await.unwrap().body,
        "b",
        "new requests go elsewhere"
    );

    let (_, etag) = stage.status().await.unwrap();
    assert_eq!(
        stage.news(&etag, Duration::from_millis(20)).await,
        None,
        "nothing has changed"
    );
    let (news, ()) = tokio::join!(stage.news(&etag, Duration::from_secs(20)), async {
        a.gate.add_permits(1)
    });
    assert_eq!(news.unwrap().released, [key("web-a")].into());
    assert_eq!(
        held.await.unwrap().unwrap().body,
        "a",
        "the request in flight was answered"
    );
}

#[tokio::test]
async fn a_body_that_still_flows_holds_its_replica() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    let mut client = Client::connect(stage.address).await;
    let answer = client.send(get("/slowly")).await.unwrap();
    let status = stage
        .apply(&draining(table(2, &[]), &["web-a"], LONG))
        .await;
    assert_eq!(status.released, [].into());
    a.gate.add_permits(3);
    let body = http_body_util::BodyExt::collect(answer.into_body())
        .await
        .unwrap()
        .to_bytes();
    assert_eq!(body, "frame\nframe\nframe\n");
    eventually("it is let go", || async {
        !stage.status().await.unwrap().0.released.is_empty()
    })
    .await;
}

#[tokio::test]
async fn what_outlasts_its_drain_time_is_cut() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    let held = holding(&stage, &a).await;
    stage
        .apply(&draining(table(2, &[]), &["web-a"], Millis(100)))
        .await;
    eventually("it is let go", || async {
        !stage.status().await.unwrap().0.released.is_empty()
    })
    .await;
    let answer = held.await.unwrap().unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (502, "replica-closed")
    );
    assert_eq!(stage.status().await.unwrap().0.in_flight, [].into());
}

#[tokio::test]
async fn a_body_that_outlasts_its_drain_time_is_cut_and_looks_cut() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    let mut client = Client::connect(stage.address).await;
    let answer = client.send(get("/slowly")).await.unwrap();
    stage
        .apply(&draining(table(2, &[]), &["web-a"], Millis(100)))
        .await;
    let body = http_body_util::BodyExt::collect(answer.into_body()).await;
    assert!(body.is_err(), "seems whole: {body:?}");
    eventually("it is let go", || async {
        !stage.status().await.unwrap().0.released.is_empty()
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_cut_with_its_replica() {
    let stage = Stage::open().await;
    let flood = rude(|mut stream, _| async move {
        read_head(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        let mut written = stream.write_all(head).await;
        while written.is_ok() {
            written = stream.write_all(&[b'x'; 65536]).await;
        }
    });
    stage.apply(&table(1, &[("web-a", flood.await)])).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let ask = format!("GET / HTTP/1.1\r\nhost: {WEB}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let begun = read_head(&mut stream).await;
    assert!(begun.starts_with("HTTP/1.1 200 "), "{begun}");
    let leaves = draining(table(2, &[]), &["web-a"], Millis(300));
    assert_eq!(stage.apply(&leaves).await.released, [].into());
    eventually("nothing is in flight", || async {
        let status = stage.status().await.unwrap().0;
        !status.released.is_empty() && status.in_flight.is_empty()
    })
    .await;
}

#[tokio::test]
async fn drain_time_counts_from_the_first_table_that_says_so() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    let held = holding(&stage, &a).await;
    let mut released = false;
    for seq in 2..40 {
        // A table each 50 ms: if every one began the time anew, none would see its end.
        let status = stage
            .apply(&draining(table(seq, &[]), &["web-a"], Millis(300)))
            .await;
        released = !status.released.is_empty();
        if released {
            break;
        }
        let (_, etag) = stage.status().await.unwrap();
        stage.news(&etag, Duration::from_millis(50)).await;
    }
    assert!(released);
    assert_eq!(held.await.unwrap().unwrap().status(), 502);
}

#[tokio::test]
async fn a_replica_that_drains_no_more_takes_requests_again() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    let held = holding(&stage, &a).await;
    stage
        .apply(&draining(table(2, &[]), &["web-a"], Millis(200)))
        .await;
    stage.apply(&table(3, &[("web-a", a.address)])).await;
    assert_eq!(once(stage.address, get("/")).await.unwrap().body, "a");
    let (_, etag) = stage.status().await.unwrap();
    assert_eq!(
        stage.news(&etag, Duration::from_millis(1200)).await,
        None,
        "its drain is forgotten"
    );
    a.gate.add_permits(1);
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_goes_away_holds_nothing() {
    let stage = Stage::open().await;
    let a = Replica::start("a").await;
    let held = holding(&stage, &a).await;
    held.abort();
    eventually("nothing is in flight", || async {
        stage.status().await.unwrap().0.in_flight.is_empty()
    })
    .await;
}
