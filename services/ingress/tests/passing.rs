//! What passes through: bodies at the reader's pace, headers set right, connections to their end.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use bytes::Bytes;
use futures::StreamExt;
use gantry_events::Millis;
use http::Request;
use http_body_util::{BodyExt, BodyStream, Full};
use stage::client::{Client, get, once, raw, rest};
use stage::replica::{Replica, read_head, rude};
use stage::{Stage, WEB, eventually, table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn with_one() -> (Stage, Replica) {
    with_one_and(|_| {}).await
}

async fn with_one_and(change: impl FnOnce(&mut gantry_ingress::Settings)) -> (Stage, Replica) {
    let (stage, a) = (Stage::open_with(change).await, Replica::start("a").await);
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    (stage, a)
}

#[tokio::test]
async fn an_answer_arrives_as_it_is_written() {
    let (stage, a) = with_one().await;
    let mut client = Client::connect(stage.address).await;
    let mut frames = BodyStream::new(client.send(get("/slowly")).await.unwrap().into_body());
    for _ in 0..3 {
        a.gate.add_permits(1);
        let frame = frames.next().await.unwrap().unwrap();
        assert_eq!(frame.data_ref().unwrap(), "frame\n");
    }
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn a_request_arrives_as_it_is_sent() {
    let (stage, _a) = with_one().await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let head = format!("POST /echo HTTP/1.1\r\nhost: {WEB}\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut read = String::new();
    for word in ["one", "two", "six"] {
        stream
            .write_all(format!("3\r\n{word}\r\n").as_bytes())
            .await
            .unwrap();
        while !read.contains(word) {
            let mut part = [0; 1024];
            let count = stream.read(&mut part).await.unwrap();
            assert!(count > 0, "{read}");
            read.push_str(std::str::from_utf8(&part[..count]).unwrap());
        }
    }
}

#[tokio::test]
async fn large_bodies_pass_whole_in_both_directions() {
    let (stage, _a) = with_one().await;
    let body: String = (0..400_000).map(|n| format!("{n:08}\n")).collect();
    let request = Request::put("/echo")
        .header("host", WEB)
        .body(Full::new(Bytes::from(body.clone())))
        .unwrap();
    assert!(once(stage.address, request).await.unwrap().body == body);
}

#[tokio::test]
async fn a_reader_that_stops_holds_the_writer() {
    let written = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = written.clone();
    let flood = rude(move |mut stream, _| {
        let written = counted.clone();
        async move {
            read_head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            while stream.write_all(&[b'x'; 65536]).await.is_ok() {
                written.fetch_add(65536, std::sync::atomic::Ordering::SeqCst);
            }
        }
    });
    let stage = Stage::open_with(|settings| settings.http_stall = Millis(1500)).await;
    stage.apply(&table(1, &[("web-a", flood.await)])).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    stream
        .write_all(format!("GET / HTTP/1.1\r\nhost: {WEB}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    eventually("it is given up", || async {
        stage.status().await.unwrap().0.in_flight.is_empty()
            && written.load(std::sync::atomic::Ordering::SeqCst) > 0
    })
    .await;
    let most = written.load(std::sync::atomic::Ordering::SeqCst);
    assert!(
        most < 64 << 20,
        "{most} bytes were taken for a client that reads none"
    );
}

#[tokio::test]
async fn an_answer_that_stands_still_is_cut_and_looks_cut() {
    let (stage, a) = with_one_and(|settings| settings.http_stall = Millis(200)).await;
    let mut client = Client::connect(stage.address).await;
    a.gate.add_permits(1);
    let answer = client.send(get("/slowly")).await.unwrap();
    assert!(
        answer.into_body().collect().await.is_err(),
        "half an answer must not look whole"
    );
}

#[tokio::test]
async fn replicas_are_told_of_the_client_by_us_alone() {
    let (stage, a) = with_one().await;
    let request = Request::get("/path?q=1")
        .header("host", format!("{WEB}:8080"))
        .header("x-forwarded-for", "6.6.6.6")
        .header("forwarded", "for=6.6.6.6")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("x-kept", "1");
    once(stage.address, request.body(Full::default()).unwrap())
        .await
        .unwrap();
    let headers = a.last_headers();
    let said = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(a.paths(), ["/path?q=1"]);
    assert_eq!(said("host").unwrap(), format!("{WEB}:8080"));
    assert_eq!(said("x-forwarded-host").unwrap(), format!("{WEB}:8080"));
    assert_eq!(said("x-forwarded-for").as_deref(), Some("127.0.0.1"));
    assert_eq!(said("x-forwarded-proto").as_deref(), Some("http"));
    assert_eq!(said("x-kept").as_deref(), Some("1"));
    assert_eq!(
        (said("forwarded"), said("connection"), said("x-hop")),
        (None, None, None)
    );
}

#[tokio::test]
async fn an_old_client_gets_its_answer_and_a_close() {
    let (stage, _a) = with_one().await;
    let answer = raw(
        stage.address,
        format!("GET / HTTP/1.0\r\nhost: {WEB}\r\n\r\n").as_bytes(),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\na"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_not_passed_through_is_refused_by_name() {
    let (stage, a) = with_one().await;
    let answer = raw(
        stage.address,
        format!("CONNECT {WEB}:80 HTTP/1.1\r\nhost: {WEB}\r\nconnection: close\r\n\r\n").as_bytes(),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 501 ") && answer.contains("connect-unsupported"),
        "{answer}"
    );
    let answer = raw(
        stage.address,
        b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("bad-host"),
        "{answer}"
    );
    assert_eq!(a.requests(), 0);
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_end_and_says_close() {
    let (stage, a) = with_one().await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    stream
        .write_all(format!("GET /held HTTP/1.1\r\nhost: {WEB}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    eventually("the request is held", || async { a.requests() == 1 }).await;
    let address = stage.address;
    let stopped = tokio::spawn(stage.stop());
    eventually("no connection is accepted", || async {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    a.gate.add_permits(1);
    let answer = rest(stream).await.to_lowercase();
    assert!(
        answer.starts_with("http/1.1 200 ok\r\n") && answer.contains("connection: close\r\n"),
        "{answer}"
    );
    assert!(stopped.await.unwrap(), "all its tasks end");
}

#[tokio::test]
async fn a_stop_cuts_what_does_not_end_in_time() {
    let (stage, a) = with_one_and(|settings| settings.http_shutdown = Millis(200)).await;
    let address = stage.address;
    let held = tokio::spawn(async move { once(address, get("/held")).await });
    eventually("the request is held", || async { a.requests() == 1 }).await;
    assert!(stage.stop().await, "all its tasks end");
    let answer = held.await.unwrap();
    assert!(answer.is_err() || answer.unwrap().status() == 502);
}

#[tokio::test]
async fn a_connection_to_a_replica_serves_again_after_an_answer_of_any_form() {
    let (stage, a) = with_one().await;
    let mut client = Client::connect(stage.address).await;
    a.gate.add_permits(3);
    assert_eq!(
        client.get("/slowly").await.unwrap().body,
        "frame\n".repeat(3),
        "no length"
    );
    assert_eq!(client.get("/").await.unwrap().body, "a", "a length");
    let mut head = get("/");
    *head.method_mut() = http::Method::HEAD;
    assert_eq!(client.whole(head).await.unwrap().body, "", "no body");
    let sent = Request::post("/echo")
        .header("host", WEB)
        .body(Full::from("sent"))
        .unwrap();
    assert_eq!(client.whole(sent).await.unwrap().body, "sent");
    assert_eq!(client.get("/").await.unwrap().body, "a");
    assert_eq!(a.connections(), 1);
}
