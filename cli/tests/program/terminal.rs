//! The program on a terminal: it asks, colours, and shows how far it is in a line that changes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, put};
use futures::StreamExt;
use futures::stream;
use gantry_rest::ProblemCode;
use serde_json::json;
use tokio::sync::watch;

use crate::stage::{self, problem, serve};
use crate::story::{OPERATION, folder, operation, succeeds};

/// A deploy that nobody looks at goes on after this.
const LONGEST: Duration = Duration::from_secs(20);

/// What stood on the terminal in the end, and the exit code.
struct Seen {
    text: String,
    code: Option<i32>,
}

/// Runs the program on a terminal of 80 columns, and types these words into it.
fn on_terminal(url: &str, folder: &Path, words: &str, typed: &str, more: &str) -> Seen {
    let program = env!("CARGO_BIN_EXE_gantry");
    let line = format!("stty cols 80; {more} {program} {words}");
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm")
        .env("GANTRY_URL", url)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    Seen {
        text: String::from_utf8_lossy(&output.stdout).replace('\r', ""),
        code: output.status.code(),
    }
}

/// An api without a project, whose deploy stands still until the line that changes was seen.
fn api() -> String {
    let end = operation(
        "succeeded",
        json!({"end_seq": 17, "release": 1, "changed": true}),
    );
    let missing = get(async || problem(ProblemCode::ProjectNotFound));
    let accepted = async || stage::json(202, operation("queued", json!({})).to_string());
    let (looked, looks) = watch::channel(0);
    let replicas = get(async move || {
        looked.send_modify(|looks| *looks += 1);
        stage::json(200, include_str!("fixtures/replicas.json"))
    });
    let events = get(async move || {
        let lines = succeeds().into_iter().map(|event| format!("{event}\n"));
        let mut lines: Vec<_> = lines.map(Ok::<_, std::io::Error>).collect();
        let last = lines.split_off(6);
        let mut looks = looks.clone();
        let pause = stream::once(async move {
            // The first look may come before the first event, and the line of one stands at the next.
            let shown = looks.wait_for(|looks| *looks >= 3);
            let _ = tokio::time::timeout(LONGEST, shown).await;
            Ok("\n".to_owned())
        });
        let told = stream::iter(lines).chain(pause).chain(stream::iter(last));
        stage::json(200, Body::from_stream(told))
    });
    let running = operation("running", json!({"waiting_for": "its replicas"}));
    let state = get(move |query: axum::extract::RawQuery| async move {
        let is_end = query.0.unwrap_or_default().contains("min_seq");
        let doc = if is_end { &end } else { &running };
        stage::json(200, doc.to_string())
    });
    serve(
        Router::new()
            .route("/v1/projects/shop", missing.clone())
            .route("/v1/projects/shop/services", missing)
            .route("/v1/projects/shop/replicas", replicas)
            .route("/v1/projects/shop/config", put(accepted))
            .route("/v1/events", events)
            .route(&format!("/v1/operations/{OPERATION}"), state),
    )
}

#[test]
fn on_a_terminal_it_asks_and_a_no_changes_nothing() {
    let seen = on_terminal(&api(), folder().path(), "deploy", "n\n", "");
    assert!(seen.text.contains("Deploy shop? [Y/n]"), "{}", seen.text);
    assert!(seen.text.contains("nothing was changed"), "{}", seen.text);
    assert_eq!(seen.code, Some(1));
}

#[test]
fn on_a_terminal_progress_is_coloured_and_its_last_line_changes() {
    let seen = on_terminal(&api(), folder().path(), "deploy", "\n", "");
    assert_eq!(seen.code, Some(0), "{}", seen.text);
    assert!(
        seen.text.contains("\u{1b}[32m  web-9ab4xz"),
        "{}",
        seen.text
    );
    let live = "web 1/2 · web-k2mq7d starting on n3";
    assert!(seen.text.contains(live), "{}", seen.text);
    let last = seen.text.rfind(live).unwrap();
    assert!(seen.text[last..].contains("\u{1b}[2K"), "{}", seen.text);
}

#[test]
fn what_a_container_wrote_cannot_take_over_the_terminal() {
    let line = json!({"replica": "web-7f3k2q", "stream": "stdout", "time": "2026-01-31T12:00:00.000Z",
        "line": "\u{1b}]0;mine\u{7}\u{1b}[2J\u{1b}[31mred", "cursor": "x"});
    let logs = get(async move || stage::json(200, format!("{line}\n")));
    let url = serve(Router::new().route("/v1/projects/shop/services/web/logs", logs));
    let words = ["logs", "web", "-p", "shop"];
    let seen = on_terminal(&url, folder().path(), &words.join(" "), "", "");
    let shown = "\u{fffd}]0;mine\u{fffd}\u{fffd}[2J\u{1b}[31mred\u{1b}[0m";
    assert!(seen.text.contains(shown), "{:?}", seen.text);
    let piped = stage::run(&url, folder().path(), &words);
    assert!(piped.out.contains("\u{1b}[2J"), "{:?}", piped.out);
}

#[test]
fn without_colour_nothing_is_coloured() {
    let seen = on_terminal(&api(), folder().path(), "deploy --yes", "", "NO_COLOR=1");
    assert_eq!(seen.code, Some(0), "{}", seen.text);
    assert!(!seen.text.contains("\u{1b}[3"), "{}", seen.text);
    assert!(!seen.text.contains("[Y/n]"), "{}", seen.text);
}
