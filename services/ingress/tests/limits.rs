//! What a hostile client gets: limits, time-outs, and no way to smuggle a request past the head.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::time::{Duration, Instant};

use gantry_events::{Bytes, Millis};
use stage::client::{Client, get, once, raw, rest};
use stage::replica::Replica;
use stage::{Stage, WEB, eventually, table};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

async fn with_one(change: impl FnOnce(&mut gantry_ingress::Settings)) -> (Stage, Replica) {
    let (stage, a) = (Stage::open_with(change).await, Replica::start("a").await);
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    (stage, a)
}

#[tokio::test]
async fn no_request_hides_in_anothers_body() {
    let hidden = "GET /hidden HTTP/1.1\r\nhost: web.shop.localhost\r\n\r\n";
    let both = format!("0\r\n\r\n{hidden}");
    let length = both.len();
    let rows = [
        (
            "two lengths that differ",
            format!(
                "content-length: 0\r\ncontent-length: {}\r\n\r\n{hidden}",
                hidden.len()
            ),
            "400",
        ),
        (
            "a length that is none",
            format!("content-length: +{length}\r\n\r\n{both}"),
            "400",
        ),
        (
            "an encoding before which nothing is chunked",
            format!("transfer-encoding: chunked, identity\r\n\r\n{both}"),
            "400",
        ),
        (
            "a name with a space",
            format!("content-length : {length}\r\n\r\n{both}"),
            "400",
        ),
        (
            "a folded line",
            format!("x-a: b\r\n content-length: {length}\r\n\r\n{both}"),
            "400",
        ),
        (
            "length and chunks",
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n{both}"),
            "200",
        ),
        (
            "chunks and length",
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n{both}"),
            "200",
        ),
        (
            "an encoding nobody knows",
            format!("transfer-encoding: xchunked\r\ncontent-length: {length}\r\n\r\n{both}"),
            "400",
        ),
    ];
    for (what, rest, status) in rows {
        let (stage, a) = with_one(|_| {}).await;
        let sent = format!("POST /seen HTTP/1.1\r\nhost: {WEB}\r\n{rest}");
        let answer = raw(stage.address, sent.as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{what}: {answer}"
        );
        assert!(
            !a.paths().contains(&"/hidden".to_owned()),
            "{what} smuggled a request"
        );
        if status == "200" {
            let headers = a.last_headers();
            assert!(
                headers.get("content-length").is_none(),
                "{what}: a replica must not be told both"
            );
        }
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_as_such() {
    let (stage, a) = with_one(|settings| settings.http_head_bytes = Bytes(16 * 1024)).await;
    let long = "x".repeat(17 * 1024);
    let many: String = (0..101).map(|n| format!("x-{n}: 1\r\n")).collect();
    for lines in [format!("x-long: {long}\r\n"), many] {
        let answer = raw(
            stage.address,
            format!("GET / HTTP/1.1\r\nhost: {WEB}\r\n{lines}\r\n").as_bytes(),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    assert_eq!(a.requests(), 0);
    let short = "x".repeat(12 * 1024);
    let fits =
        format!("GET / HTTP/1.1\r\nhost: {WEB}\r\nconnection: close\r\nx-long: {short}\r\n\r\n");
    assert!(
        raw(stage.address, fits.as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
    );
}

#[tokio::test]
async fn a_head_that_drips_is_cut_while_an_idle_connection_stays() {
    let (stage, _a) = with_one(|settings| {
        settings.http_head_within = Millis(300);
        settings.http_idle = Millis(20_000);
    })
    .await;
    let mut idle = Client::connect(stage.address).await;
    assert_eq!(idle.get("/").await.unwrap().status(), 200);

    let begun = Instant::now();
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let drip = async {
        stream
            .write_all(format!("GET / HTTP/1.1\r\nhost: {WEB}\r\nx: ").as_bytes())
            .await
            .unwrap();
        while stream.write_all(b"x").await.is_ok() {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(stage::PATIENCE, drip)
        .await
        .expect("a head may drip for ever");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        idle.get("/").await.unwrap().status(),
        200,
        "the idle connection stays"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let (stage, _a) = with_one(|settings| settings.http_idle = Millis(200)).await;
    let stream = TcpStream::connect(stage.address).await.unwrap();
    rest(stream).await;
}

#[tokio::test]
async fn a_body_that_stops_is_the_clients_fault() {
    let (stage, a) = with_one(|settings| settings.replica_answer_within = Millis(200)).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let head = format!(
        "POST /held HTTP/1.1\r\nhost: {WEB}\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhalf"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("request-timeout"),
        "{answer}"
    );
    assert_eq!(a.requests(), 1);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let (stage, a) = with_one(|settings| settings.http_connections = 2).await;
    let mut first = Client::connect(stage.address).await;
    assert_eq!(first.get("/").await.unwrap().status(), 200);
    let address = stage.address;
    let held = tokio::spawn(async move { once(address, get("/held")).await.unwrap().status() });
    eventually("the request is held", || async { a.requests() == 2 }).await;
    let third = tokio::spawn(async move { once(address, get("/third")).await.unwrap().status() });
    assert_eq!(first.get("/").await.unwrap().status(), 200);
    assert!(!a.paths().contains(&"/third".to_owned()));
    drop(first);
    assert_eq!(third.await.unwrap(), 200);
    a.gate.add_permits(1);
    assert_eq!(held.await.unwrap(), 200);
}

#[tokio::test]
async fn a_body_that_is_no_http_is_the_clients_fault() {
    let (stage, _a) = with_one(|_| {}).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let head = format!(
        "POST /held HTTP/1.1\r\nhost: {WEB}\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("broken-request"),
        "{answer}"
    );
}
