//! An api that is killed while it is followed, and comes back: nothing is lost, nothing is told twice.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::routing::{get, post, put};
use futures::StreamExt;
use futures::stream;
use serde_json::{Value, json};

use crate::stage::{self, gantry, serve_until};
use crate::story::{OPERATION, folder, operation, succeeds};

/// Lines of a program that may wait to be read.
const MOST_LINES: usize = 10_000;

/// Time for anything that is waited for.
const DEADLINE: Duration = Duration::from_secs(20);
/// How many events, or lines, are told before the kill.
const BEFORE: usize = 4;

/// An api that is alive until it is killed: then every connection breaks where it is.
struct Life {
    address: SocketAddr,
    end: tokio::sync::oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Life {
    fn at(address: &str, routes: Router) -> Self {
        let (end, ended) = tokio::sync::oneshot::channel();
        let killed = async {
            let _ = ended.await;
        };
        let (address, thread) = serve_until(address, routes, killed);
        Self {
            address,
            end,
            thread,
        }
    }

    /// Ends it, and gives back where it was.
    fn kill(self) -> String {
        self.end.send(()).unwrap();
        self.thread.join().unwrap();
        self.address.to_string()
    }
}

/// Lines that stay open after the last.
fn open(lines: &[Value]) -> axum::http::Response<Body> {
    let told: Vec<_> = lines
        .iter()
        .map(|line| Ok::<_, std::io::Error>(format!("{line}\n")))
        .collect();
    let told = stream::iter(told).chain(stream::pending());
    stage::json(200, Body::from_stream(told))
}

/// The first life tells what comes before the kill, the second the rest, to who asks after `place`.
fn routes(path: &str, place: &'static str, told: &[Value], second: bool) -> Router {
    let (before, rest) = told.split_at(BEFORE);
    let (before, rest) = (before.to_vec(), rest.to_vec());
    let told = get(async move |RawQuery(query): RawQuery| {
        let query = query.unwrap_or_default();
        match (second, query.contains(place)) {
            (true, true) => open(&rest),
            (true, false) | (false, _) => open(&before),
        }
    });
    let accepted = async || stage::json(202, operation("queued", json!({})).to_string());
    let ended = operation("succeeded", json!({"end_seq": 17, "changed": true}));
    let list: Value = serde_json::from_str(include_str!("fixtures/services.json")).unwrap();
    let web = list["items"].as_array().unwrap().iter();
    let web = web
        .clone()
        .find(|item| item["id"] == "web")
        .unwrap()
        .clone();
    Router::new()
        .route(path, told)
        .route(
            "/v1/projects/shop",
            get(async || stage::json(200, include_str!("fixtures/project.json"))),
        )
        .route("/v1/projects/shop/config", put(accepted))
        .route("/v1/projects/shop/services/web/scale", post(accepted))
        .route(
            "/v1/projects/shop/services/web",
            get(async move || stage::json(200, web.to_string())),
        )
        .route(
            "/v1/projects/shop/services",
            get(async || stage::json(200, r#"{"items":[],"next":null,"seq":9}"#)),
        )
        .route(
            &format!("/v1/operations/{OPERATION}"),
            get(async move || stage::json(200, ended.to_string())),
        )
}

/// The program and what it has printed so far, on both streams.
struct Watched {
    child: Child,
    lines: Receiver<String>,
    told: String,
    /// The api's second life, which ends with this.
    second: Option<Life>,
}

impl Watched {
    fn start(url: &str, words: &[&str]) -> Self {
        let folder = folder();
        let mut command = gantry(url, folder.path(), words);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = sync_channel(MOST_LINES);
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        let mut watched = Self {
            child,
            lines,
            told: String::new(),
            second: None,
        };
        watched.until("web-9ab4xz");
        watched
    }

    fn until(&mut self, text: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("`{text}` was not told, but:\n{}", self.told);
            };
            self.told.push_str(&line);
            self.told.push('\n');
            if line.contains(text) {
                return;
            }
        }
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Its exit code and all that it told.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        self.told.extend(self.lines.iter().map(|line| line + "\n"));
        (code, self.told)
    }
}

fn forward(stream: impl Read + Send + 'static, lines: SyncSender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            let _ = lines.send(line);
        }
    });
}

/// Kills the api once the first part is told, and lets it come back once that was noticed.
fn watch(words: &[&str], path: &str, place: &'static str, told: &[Value]) -> Watched {
    let first = Life::at("127.0.0.1:0", routes(path, place, told, false));
    let mut watched = Watched::start(&format!("http://{}", first.address), words);
    let address = first.kill();
    watched.until("trying again");
    watched.second = Some(Life::at(&address, routes(path, place, told, true)));
    watched
}

/// The story without what is said before anything is placed, so that the kill comes in its middle.
fn story() -> Vec<Value> {
    let mut events = succeeds();
    events.remove(1);
    events
}

#[test]
fn a_deploy_goes_on_after_the_last_event_it_heard() {
    let watched = watch(&["deploy"], "/v1/events", "14.0", &story());
    let (code, told) = watched.end();
    assert_eq!(code, Some(0), "{told}");
    for once in ["release r1 ", "placed on n2", "1/2", "trying again"] {
        assert_eq!(told.matches(once).count(), 1, "{once}:\n{told}");
    }
}

#[test]
fn a_scaling_goes_on_after_the_last_event_it_heard() {
    let words = ["scale", "web=2", "-p", "shop"];
    let (code, told) = watch(&words, "/v1/events", "14.0", &story()).end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches("trying again").count(), 1, "{told}");
    assert_eq!(told.matches("placed on n2").count(), 1, "{told}");
}

#[test]
fn followed_events_go_on_after_the_last() {
    let words = ["events", "-f", "--after", "9"];
    let mut watched = watch(&words, "/v1/events", "14.0", &story());
    watched.until("succeeded");
    watched.interrupt();
    let (code, told) = watched.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches("trying again").count(), 1, "{told}");
    assert_eq!(
        told.matches("2026-01-31 12:00:").count(),
        story().len(),
        "{told}"
    );
}

#[test]
fn followed_lines_go_on_after_the_last() {
    let lines: Vec<_> = (0..BEFORE + 2)
        .map(|n| {
            let replica = if n + 1 < BEFORE {
                "web-7f3k2q"
            } else {
                "web-9ab4xz"
            };
            json!({
                "replica": replica, "stream": "stdout", "time": "2026-01-31T12:00:00.000Z",
                "line": format!("line {n}."), "cursor": format!("cursor-{n}"),
            })
        })
        .collect();
    let words = ["logs", "-f", "web", "-p", "shop"];
    let path = "/v1/projects/shop/services/web/logs";
    let mut watched = watch(&words, path, "since=cursor-3", &lines);
    watched.until("line 5.");
    watched.interrupt();
    let (code, told) = watched.end();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told.matches("line ").count(), lines.len(), "{told}");
}
