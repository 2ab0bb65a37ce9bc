//! What becomes of requests when a replica's machine is torn away: its kernel acknowledges no byte, nor refuses one.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::time::{Duration, Instant};

use bytes::Bytes;
use gantry_events::Millis;
use http::Request;
use http_body_util::Full;
use socket2::{SockFilter, SockRef};
use stage::client::Client;
use stage::replica::{answer_ok, read_head, rude};
use stage::{Stage, WEB, table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is a few seconds here, on a machine that is busy.
const SOON: Duration = Duration::from_secs(15);

/// The kernel drops whatever comes for this connection from here on, as if its machine were off.
fn tear_away(stream: &TcpStream) {
    const RETURN: u16 = 0x06;
    let drop_all = SockFilter::new(RETURN, 0, 0, 0);
    SockRef::from(stream).attach_filter(&[drop_all]).unwrap();
}

/// Answers the first request of each connection, and is torn away with the first connection after that.
async fn torn() -> std::net::SocketAddr {
    rude(|mut stream, count| async move {
        loop {
            read_head(&mut stream).await;
            answer_ok(&mut stream).await;
            if count == 0 {
                tear_away(&stream);
                std::future::pending::<()>().await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_get_to_a_machine_that_is_gone_is_sent_elsewhere_in_seconds() {
    let stage = Stage::open().await;
    stage.apply(&table(1, &[("web-a", torn().await)])).await;
    let mut client = Client::connect(stage.address).await;
    assert_eq!(client.get("/").await.unwrap().status(), 200);
    let begun = Instant::now();
    assert_eq!(client.get("/").await.unwrap().status(), 200);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_post_to_a_machine_that_is_gone_fails_in_seconds() {
    let stage = Stage::open().await;
    stage.apply(&table(1, &[("web-a", torn().await)])).await;
    let mut client = Client::connect(stage.address).await;
    assert_eq!(client.get("/").await.unwrap().status(), 200);
    let begun = Instant::now();
    let post = Request::post("/").header("host", WEB);
    let post = post.body(Full::new(Bytes::from("pay"))).unwrap();
    let answer = client.whole(post).await.unwrap();
    assert_eq!(
        (answer.status(), answer.code().as_str()),
        (502, "replica-closed")
    );
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_tunnel_to_a_machine_that_is_gone_ends_in_seconds() {
    let stage = Stage::open().await;
    let replica = rude(|mut stream, _| async move {
        read_head(&mut stream).await;
        let switch =
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x/1\r\n\r\nhello";
        stream.write_all(switch.as_bytes()).await.unwrap();
        // Only once the client has been told, so that its words find a machine that is gone.
        let mut word = [0; 5];
        stream.read_exact(&mut word).await.unwrap();
        tear_away(&stream);
        std::future::pending::<()>().await;
    })
    .await;
    stage.apply(&table(1, &[("web-a", replica)])).await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let ask = format!(
        "GET / HTTP/1.1\r\nhost: {WEB}\r\nconnection: upgrade\r\nupgrade: x/1\r\n\r\nthere"
    );
    client.write_all(ask.as_bytes()).await.unwrap();
    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    let begun = Instant::now();
    // Whoever keeps talking would never notice by silence.
    let mut read = [0; 64];
    let ended = async {
        loop {
            tokio::select! {
                read = client.read(&mut read) => if read.unwrap_or(0) == 0 { return },
                () = tokio::time::sleep(Duration::from_millis(500)) => {
                    if client.write_all(b"word").await.is_err() { return }
                }
            }
        }
    };
    tokio::time::timeout(2 * SOON, ended)
        .await
        .expect("the tunnel never ended");
    assert!(begun.elapsed() < 2 * SOON);
}

#[tokio::test]
async fn a_replica_that_is_well_may_leave_a_long_body_unread_for_longer() {
    let stage = Stage::open_with(|settings| settings.http_stall = Millis::from_secs(60)).await;
    let replica = rude(|mut stream, _| async move {
        read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        let mut rest = vec![0; 1 << 16];
        while let Ok(1..) = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut rest))
            .await
            .unwrap_or(Ok(0))
        {}
        answer_ok(&mut stream).await;
    })
    .await;
    stage.apply(&table(1, &[("web-a", replica)])).await;
    let mut client = Client::connect(stage.address).await;
    let post = Request::post("/").header("host", WEB);
    let post = post
        .body(Full::new(Bytes::from(vec![0; 32 << 20])))
        .unwrap();
    assert_eq!(client.whole(post).await.unwrap().status(), 200);
}
