//! Connections that are upgraded: every byte both ways, each way ends by itself, and whoever drains waits.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::net::SocketAddr;
use std::time::Duration;

use gantry_events::Millis;
use stage::client::{get, once};
use stage::replica::{Replica, read_head, rude};
use stage::{Stage, WEB, draining, eventually, key, table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A replica that switches to `echo/1` in one piece with its first words, and then says back what it hears.
async fn echo() -> SocketAddr {
    rude(|mut stream, _| async move {
        let head = read_head(&mut stream).await.to_lowercase();
        assert!(head.contains("connection: upgrade\r\n"), "{head}");
        assert!(head.contains("upgrade: echo/1\r\n"), "{head}");
        let (_, early) = head.split_once("\r\n\r\n").unwrap();
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo/1\r\nx-kept: 1\r\n\r\nhello,{early}"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (mut from, mut to) = stream.split();
        // Whoever is cut may break off in the middle.
        let _ = tokio::io::copy(&mut from, &mut to).await;
        let _ = to.write_all(b"bye").await;
    })
    .await
}

fn asking(protocols: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nhost: {WEB}\r\nconnection: keep-alive, Upgrade\r\nupgrade: {protocols}\r\n\r\n"
    )
}

/// Asks to switch, and gives the connection with what its answer said.
async fn switched(address: SocketAddr, words: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = asking("echo/1, h2c") + words;
    stream.write_all(ask.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    (stream, head)
}

async fn exactly(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut read = vec![0; count];
    let all = tokio::time::timeout(stage::PATIENCE, stream.read_exact(&mut read));
    all.await.expect("bytes are missing").unwrap();
    read
}

async fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let end = tokio::time::timeout(stage::PATIENCE, stream.read_to_end(&mut read));
    end.await.expect("it is never closed").unwrap();
    read
}

async fn with_echo(change: impl FnOnce(&mut gantry_ingress::Settings)) -> Stage {
    let stage = Stage::open_with(change).await;
    stage.apply(&table(1, &[("web-a", echo().await)])).await;
    stage
}

#[tokio::test]
async fn every_byte_passes_both_ways_and_one_way_may_end_first() {
    let stage = with_echo(|_| {}).await;
    let (mut stream, head) = switched(stage.address, "early").await;
    let (head, first) = head.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(
        head.starts_with("http/1.1 101 switching protocols\r\n"),
        "{head}"
    );
    for line in ["connection: upgrade", "upgrade: echo/1", "x-kept: 1"] {
        assert!(head.contains(line), "{head}");
    }
    let first = first.as_bytes().to_vec();
    let missing = "hello,early".len() - first.len();
    let first = [first, exactly(&mut stream, missing).await].concat();
    assert_eq!(first, b"hello,early");

    let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (mut from, mut to) = stream.into_split();
    let written = bytes.clone();
    let writing = tokio::spawn(async move {
        to.write_all(&written).await.unwrap();
        // The end of this way must reach the replica, while the other goes on.
        to.shutdown().await.unwrap();
        to
    });
    let mut read = Vec::new();
    let end = tokio::time::timeout(stage::PATIENCE, from.read_to_end(&mut read));
    end.await.expect("it is never closed").unwrap();
    writing.await.unwrap();
    assert!(read.strip_suffix(b"bye") == Some(&bytes));
    eventually("nothing is in flight", || async {
        stage.status().await.unwrap().0.in_flight.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_drain_waits_for_it_and_closes_it_when_its_time_is_over() {
    let stage = with_echo(|_| {}).await;
    let (mut stream, _) = switched(stage.address, "").await;
    let status = stage
        .apply(&draining(table(2, &[]), &["web-a"], Millis(400)))
        .await;
    assert_eq!(status.released, [].into());
    assert_eq!(status.in_flight, [(key("web-a"), 1)].into());
    stream.write_all(b"still there").await.unwrap();
    exactly(&mut stream, "still there".len()).await;
    eventually("it is let go", || async {
        !stage.status().await.unwrap().0.released.is_empty()
    })
    .await;
    rest(stream).await;
    assert_eq!(stage.status().await.unwrap().0.in_flight, [].into());
}

#[tokio::test]
async fn a_drain_goes_on_as_soon_as_both_sides_have_ended() {
    let stage = with_echo(|_| {}).await;
    let (stream, _) = switched(stage.address, "").await;
    stage
        .apply(&draining(table(2, &[]), &["web-a"], Millis(60_000)))
        .await;
    drop(stream);
    eventually("it is let go", || async {
        !stage.status().await.unwrap().0.released.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_silent_one_is_closed_in_the_end_and_one_that_speaks_is_not() {
    let stage = with_echo(|settings| {
        settings.http_upgraded_idle = Millis(300);
        settings.http_head_within = Millis(100);
        settings.http_idle = Millis(100);
    })
    .await;
    let (silent, _) = switched(stage.address, "").await;
    let (mut speaking, _) = switched(stage.address, "").await;
    let speak = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            speaking.write_all(b"x").await.unwrap();
            exactly(&mut speaking, 1).await;
        }
    };
    tokio::select! {
        _ = rest(silent) => {}
        () = speak => {}
    }
}

#[tokio::test]
async fn a_stop_closes_it_within_its_time() {
    let stage = with_echo(|settings| settings.http_shutdown = Millis(200)).await;
    let (stream, _) = switched(stage.address, "").await;
    assert!(stage.stop().await, "all its tasks end");
    rest(stream).await;
}

#[tokio::test]
async fn a_replica_that_does_not_switch_answers_as_ever() {
    let (stage, a) = (Stage::open().await, Replica::start("a").await);
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    for _ in 0..2 {
        let ask = asking("websocket");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let answer = read_head(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(!answer.to_lowercase().contains("upgrade"), "{answer}");
    }
    assert_eq!(a.last_headers()["upgrade"], "websocket");
}

#[tokio::test]
async fn a_switch_to_another_http_is_not_even_offered() {
    let (stage, a) = (Stage::open().await, Replica::start("a").await);
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    stream.write_all(asking("h2c").as_bytes()).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
    let headers = a.last_headers();
    assert!(headers.get("upgrade").is_none() && headers.get("connection").is_none());
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_nonsense() {
    let switches = rude(|mut stream, _| async move {
        read_head(&mut stream).await;
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x/1\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        read_head(&mut stream).await;
    });
    let stage = Stage::open().await;
    let routed = [("web-a", switches.await)];
    stage.apply(&table(1, &routed)).await;
    let plain = format!("GET / HTTP/1.1\r\nhost: {WEB}\r\n\r\n");
    for ask in [plain.clone(), asking("echo/1"), plain] {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        stream.write_all(ask.as_bytes()).await.unwrap();
        let answer = read_head(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    }
    // Three in a row speak against it: others are preferred from now on.
    let b = Replica::start("b").await;
    stage
        .apply(&table(2, &[routed[0], ("web-b", b.address)]))
        .await;
    for _ in 0..4 {
        assert_eq!(once(stage.address, get("/")).await.unwrap().body, "b");
    }
}

#[tokio::test]
async fn an_answer_that_requires_an_upgrade_says_to_what() {
    let requires = rude(|mut stream, _| async move {
        read_head(&mut stream).await;
        let answer = "HTTP/1.1 426 Upgrade Required\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        read_head(&mut stream).await;
    });
    let stage = Stage::open().await;
    stage.apply(&table(1, &[("web-a", requires.await)])).await;
    let answer = stage::client::once(stage.address, stage::client::get("/"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.header("upgrade"), Some("websocket"));
}
