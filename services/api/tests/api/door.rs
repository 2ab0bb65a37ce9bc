//! The door: who takes too long, and what the page of the interface is served with.

use std::io::ErrorKind;

use gantry_events::Millis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::within;
use crate::world::*;

/// What is left to read of a connection until it is shut.
async fn rest(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = within("the connection is shut", stream.read_to_end(&mut said)).await;
    // A shut connection may also show as reset.
    drop(read);
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_takes_its_time_over_a_head_or_says_nothing_is_shut() {
    let world = World::start_with(|s| s.head_within = Millis(300)).await;
    let address = world.url.strip_prefix("http://").unwrap();
    for said in ["", "GET /v1/version HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    assert_eq!(world.get("/v1/version").await.status(), 200);
}

async fn ask(stream: &mut TcpStream) {
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(ask).await.unwrap();
}

async fn is_answered(stream: &mut TcpStream) {
    let mut answer = [0; 4096];
    let read = within("it is answered", stream.read(&mut answer)).await;
    assert!(read.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_until_another_has_gone() {
    let world = World::start_with(|s| {
        (s.connections_at_once, s.head_within) = (2, Millis::from_secs(600));
    })
    .await;
    let address = world.url.strip_prefix("http://").unwrap();
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut open = Vec::new();
    // One place may be held by the connection that asked whether the api is ready.
    let mut waiting = loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        ask(&mut next).await;
        for _ in 0..50 {
            ask(&mut first).await;
            is_answered(&mut first).await;
        }
        // While fifty requests were answered after it.
        let served = next.try_read(&mut [0; 1]);
        if served.is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            break next;
        }
        open.push(next);
        assert!(open.len() < 2, "more than two are served");
    };
    drop((first, open));
    is_answered(&mut waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_interface_names_no_other_host_and_lets_nothing_else_in() {
    let world = World::start().await;
    let page = world.http.get(format!("{}/docs", world.url)).send().await;
    let page = page.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let mut wanted = vec![page.text().await.unwrap()];
    let mut seen = 0;
    while let Some(text) = wanted.pop() {
        assert!(!text.contains("://"), "another host is named in {text}");
        let named = text.split('"').filter(|part| part.starts_with("/docs/"));
        let beside = text.split('"').filter_map(|part| part.strip_prefix("./"));
        let files = named.map(str::to_owned);
        let files = files.chain(beside.map(|file| format!("/docs/{file}")));
        for file in files.collect::<Vec<_>>() {
            let answer = world.http.get(format!("{}{file}", world.url)).send().await;
            let answer = answer.unwrap();
            assert_eq!(answer.status(), 200, "{file}");
            let kind = answer.headers()["content-type"].to_str().unwrap();
            let expected = if file.ends_with(".css") {
                "text/css"
            } else {
                "text/javascript"
            };
            assert!(kind.starts_with(expected), "{file} is {kind}");
            wanted.push(answer.text().await.unwrap());
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen} files");
}
