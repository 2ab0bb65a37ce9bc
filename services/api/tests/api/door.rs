//! The door: who takes too long, and what the page of the interface is served with.

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

/// Asks for something on a connection of its own.
async fn asking(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    stream
}

async fn is_answered(stream: &mut TcpStream) {
    let mut byte = [0; 1];
    let read = within("it is answered", stream.read(&mut byte)).await;
    assert_eq!(read.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_until_another_has_gone() {
    let world = World::start_with(|s| {
        (s.connections_at_once, s.head_within) = (2, Millis::from_secs(600));
    })
    .await;
    let address = world.url.strip_prefix("http://").unwrap();
    // One place is held by the connection that asked whether the api is ready.
    let mut second = asking(address).await;
    is_answered(&mut second).await;
    let mut third = asking(address).await;
    for _ in 0..50 {
        assert_eq!(world.get("/v1/version").await.status(), 200);
    }
    let served = third.try_read(&mut [0; 1]);
    let waits = served.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(waits, "fifty requests after it the third was served");
    drop(second);
    is_answered(&mut third).await;
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
