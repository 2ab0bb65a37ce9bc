//! The client against a server that says what it is told to: what goes out, and what is made of the
//! answer.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use gantry_events::{Millis, Seq};
use gantry_rest::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves these answers, one a connection, and gives back the requests.
async fn server(
    answers: Vec<(u16, &'static str, String)>,
) -> (Client, tokio::task::JoinHandle<Vec<String>>) {
    // Another test of this file may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let mut requests = Vec::new();
        for (status, media, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            requests.push(request(&mut stream).await);
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).await.unwrap();
        }
        requests
    });
    (Client::new(&url, Some("secret".into())).unwrap(), serving)
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut buffer).await.unwrap();
        read.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let length = text
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && body.len() >= length
        {
            return text;
        }
    }
}

const OPERATION: &str = r#"{"id":"00000000-0000-0000-0000-000000000001","kind":"service.scale","state":"queued",
    "scope":"shop","actor":"token:ci","steps":[],"steps_left_out":0,"problem":null,"superseded_by":null,"changed":null,
    "release":null,"seq":7,"end_seq":null,"since":"2026-01-31T12:00:00.000Z","waiting_for":null,"until":null}"#;

#[tokio::test]
async fn a_write_says_who_asks_names_its_operation_and_may_wait() {
    let (client, serving) = server(vec![(202, "application/json", OPERATION.into())]).await;
    let write = Write::new().and_wait(Millis(1500));
    let (project, service) = ("shop".parse().unwrap(), "web".parse().unwrap());
    let operation = client.scale(&project, &service, 5, &write).await.unwrap();
    assert_eq!(operation.seq, Seq(7));
    let request = serving.await.unwrap().remove(0).to_lowercase();
    for part in [
        "post /v1/projects/shop/services/web/scale http/1.1\r\n".to_owned(),
        "authorization: bearer secret\r\n".to_owned(),
        format!("idempotency-key: {}\r\n", write.key),
        "prefer: wait=2\r\n".to_owned(),
        "\r\n\r\n{\"replicas\":5}".to_owned(),
    ] {
        assert!(request.contains(&part), "{part} is not in {request}");
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let page = |next: &str| format!(r#"{{"items":[],"next":{next},"seq":9}}"#);
    let answers = vec![
        (200, "application/json", page("\"9~a~a\"")),
        (200, "application/json", page("null")),
    ];
    let (client, serving) = server(answers).await;
    let list = client.nodes(&ReadAt::after(Seq(3))).await.unwrap();
    assert_eq!((list.next, list.seq), (None, Seq(9)));
    let requests = serving.await.unwrap();
    assert!(
        requests[0].starts_with("GET /v1/nodes?min_seq=3&limit=1000 "),
        "{}",
        requests[0]
    );
    assert!(
        requests[1].starts_with("GET /v1/nodes?min_seq=3&limit=1000&cursor=9%7Ea%7Ea "),
        "{}",
        requests[1]
    );
}

#[tokio::test]
async fn a_problem_comes_as_it_was_sent_and_anything_else_is_foreign() {
    let problem = Problem::new(ProblemCode::ServiceNotFound, "no service api");
    let sent = serde_json::to_string(&problem).unwrap();
    let answers = vec![
        (404, PROBLEM_JSON, sent),
        (502, "text/html", "<html>".into()),
        (200, "text/html", "<html>".into()),
    ];
    let (client, _serving) = server(answers).await;
    let error = client.version().await.unwrap_err();
    assert_eq!(error.problem(), Some(&problem));
    for _ in 0..2 {
        let error = client.version().await.unwrap_err();
        assert!(matches!(error, ClientError::Foreign { .. }), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_no_address_is_said_so() {
    let (client, serving) = server(Vec::new()).await;
    serving.await.unwrap();
    let error = client.version().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    for url in ["", "localhost:7070", "mailto:x"] {
        let error = Client::new(url, None).unwrap_err();
        assert!(
            matches!(error, ClientError::Address { .. }),
            "{url}: {error}"
        );
    }
}

#[tokio::test]
async fn a_stream_gives_its_values_line_by_line() {
    let line = |n: u8| {
        format!(
            r#"{{"replica":"web-aaaaaa","stream":"stdout","time":"2026-01-31T12:00:00.000Z","line":"{n}","cursor":"{n}"}}"#
        )
    };
    let body = format!("{}\n\n{}\n", line(1), line(2));
    let (client, serving) = server(vec![(200, NDJSON, body)]).await;
    let (project, service) = ("shop".parse().unwrap(), "web".parse().unwrap());
    let query = LogQuery {
        follow: true,
        tail: Some(5),
        ..LogQuery::default()
    };
    let mut lines = client.logs(&project, &service, &query).await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap().line, "1");
    assert_eq!(lines.next().await.unwrap().unwrap().line, "2");
    assert_eq!(lines.next().await.unwrap(), None);
    let request = serving.await.unwrap().remove(0);
    assert!(
        request.starts_with("GET /v1/projects/shop/services/web/logs?follow=true&tail=5 "),
        "{request}"
    );
    assert!(
        request
            .to_lowercase()
            .contains("accept: application/x-ndjson\r\n")
    );
}
