//! What becomes of requests when replicas refuse, break off, hang or answer nonsense.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::time::{Duration, Instant};

use bytes::Bytes;
use gantry_events::Millis;
use http::Request;
use http_body_util::Full;
use stage::client::{Client, get, once};
use stage::replica::{Replica, answer_ok, nobody, read_head, rude};
use stage::{Stage, WEB, table};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

/// Takes requests, and closes each connection without an answer.
async fn broken() -> std::net::SocketAddr {
    rude(|mut stream, _| async move {
        read_head(&mut stream).await;
    })
    .await
}

#[tokio::test]
async fn a_get_that_breaks_off_is_tried_elsewhere_and_who_keeps_failing_is_left_out() {
    let (stage, a) = (Stage::open().await, Replica::start("a").await);
    let routed = [("web-a", a.address), ("web-b", broken().await)];
    stage.apply(&table(1, &routed)).await;
    let mut client = Client::connect(stage.address).await;
    for _ in 0..12 {
        assert_eq!(client.get("/").await.unwrap().body, "a");
    }
    stage::eventually("three failures are counted, and no more", || async {
        let count = |name| stage.process.metrics.get(name, &[]);
        count("gantry_ingress_replica_failures_total") == Some(3)
    })
    .await;
}

#[tokio::test]
async fn the_last_replica_is_tried_however_often_it_failed() {
    let stage = Stage::open().await;
    stage.apply(&table(1, &[("web-b", broken().await)])).await;
    for _ in 0..5 {
        let answer = once(stage.address, get("/")).await.unwrap();
        assert_eq!(
            (answer.status(), answer.code().as_str()),
            (502, "replica-closed")
        );
    }
}

#[tokio::test]
async fn a_replica_that_hangs_gets_no_more_requests_though_it_takes_connections() {
    let stage = Stage::open_with(|settings| settings.replica_silent = Millis(200)).await;
    let a = Replica::start("a").await;
    let hangs =
        rude(|mut stream, _| async move { while !read_head(&mut stream).await.is_empty() {} });
    let routed = [("web-a", a.address), ("web-b", hangs.await)];
    stage.apply(&table(1, &routed)).await;
    // One request hangs there until the replica is doubted.
    let address = stage.address;
    let held: Vec<_> = (0..2)
        .map(|_| tokio::spawn(async move { once(address, get("/")).await }))
        .collect();
    stage::eventually("it holds a request", || async {
        let status = stage.status().await.unwrap().0;
        status.in_flight.contains_key(&stage::key("web-b"))
    })
    .await;
    // As many wait on the other, so that its load speaks for the one that hangs.
    let waiting: Vec<_> = (0..4)
        .map(|_| tokio::spawn(async move { once(address, get("/held")).await }))
        .collect();
    let begun = Instant::now();
    stage::eventually("it is out", || async {
        begun.elapsed() > Duration::from_millis(200)
    })
    .await;
    let stuck = || async {
        let status = stage.status().await.unwrap().0;
        status.in_flight[&stage::key("web-b")]
    };
    let before = stuck().await;
    for _ in 0..6 {
        assert_eq!(once(address, get("/")).await.unwrap().body, "a");
    }
    assert_eq!(stuck().await, before);
    held.iter()
        .chain(&waiting)
        .for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_client_that_takes_its_time_to_send_a_body_raises_no_doubt() {
    let stage = Stage::open_with(|settings| settings.replica_silent = Millis(200)).await;
    let (a, b) = (Replica::start("a").await, Replica::start("b").await);
    stage.apply(&table(1, &[("web-a", a.address)])).await;
    let mut slow = TcpStream::connect(stage.address).await.unwrap();
    let post = format!("POST /held HTTP/1.1\r\nhost: {WEB}\r\ncontent-length: 9\r\n\r\nhalf");
    slow.write_all(post.as_bytes()).await.unwrap();
    stage::eventually("a is given it", || async { a.requests() == 1 }).await;
    // More on the other, none of which waits for it to begin an answer: only doubt could speak against the first.
    stage.apply(&table(2, &[("web-b", b.address)])).await;
    let (mut first, mut second) = (
        Client::connect(stage.address).await,
        Client::connect(stage.address).await,
    );
    let _answers = (
        first.send(get("/slowly")).await.unwrap(),
        second.send(get("/slowly")).await.unwrap(),
    );
    let both = [("web-a", a.address), ("web-b", b.address)];
    stage.apply(&table(3, &both)).await;
    let silent_for = |time| async move {
        let begun = Instant::now();
        stage::eventually("time passes", || async { begun.elapsed() > time }).await;
    };
    silent_for(Duration::from_millis(300)).await;
    assert_eq!(once(stage.address, get("/")).await.unwrap().body, "a");
    // Now it is the replica that is waited for.
    slow.write_all(b"-done").await.unwrap();
    silent_for(Duration::from_millis(1000)).await;
    assert_eq!(once(stage.address, get("/")).await.unwrap().body, "b");
}

#[tokio::test]
async fn a_replica_that_does_not_answer_or_answers_nonsense_is_a_bad_gateway() {
    let stage = Stage::open_with(|settings| settings.replica_answer_within = Millis(200)).await;
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

/// Longer than a lost machine's silence lasts until it is noticed.
const PAUSE: Duration = Duration::from_millis(6500);

#[tokio::test]
async fn a_replica_that_pauses_in_the_middle_of_a_large_body_still_gets_all_of_it() {
    const LARGE: usize = 32 << 20;
    let pauses = rude(|mut stream, _| async move {
        let mut taken = stream.read(&mut [0; 1024]).await.unwrap();
        let begun = Instant::now();
        stage::eventually("the pause is over", || async { begun.elapsed() > PAUSE }).await;
        let mut chunk = vec![0; 65536];
        while taken < LARGE {
            match stream.read(&mut chunk).await {
                Ok(read) if read > 0 => taken += read,
                _ => return,
            }
        }
        answer_ok(&mut stream).await;
    });
    let stage = Stage::open().await;
    stage.apply(&table(1, &[("web-a", pauses.await)])).await;
    let upload = Request::post("/")
        .header("host", WEB)
        .body(Full::new(Bytes::from(vec![b'x'; LARGE])))
        .unwrap();
    let answer = once(stage.address, upload).await.unwrap();
    assert_eq!((answer.status(), answer.body.as_str()), (200, "ok"));
}
