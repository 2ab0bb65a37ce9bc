//! The story of a deploy: its file, its operation, its events, as an api tells them.

use axum::Router;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage;

/// The operation that is told of.
pub const OPERATION: &str = "0190a6a0-0000-7000-8000-000000000001";
/// A digest.
pub const ZERO: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The file of the project.
pub const FILE: &str = "gantry: 1
project: shop
services:
  web:
    image: localhost:5000/web:2
    port: 8080
    replicas: 2
";

/// A folder with the file.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gantry.yaml"), FILE).unwrap();
    folder
}

/// The operation in this state, as the api has it.
pub fn operation(state: &str, more: Value) -> Value {
    let mut operation = json!({
        "id": OPERATION, "kind": "config.put", "state": state, "scope": "shop", "actor": "token:operator",
        "steps": [], "problem": null, "superseded_by": null, "changed": null, "release": null,
        "seq": 10, "end_seq": null, "since": "2026-01-31T12:00:00.000Z", "waiting_for": null, "until": null,
    });
    operation
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    operation
}

/// The event of index `n` and as many seconds in.
pub fn event(n: u32, type_name: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "id": format!("0190a6a0-0000-7000-8000-00000000000a:{}.0", 10 + n),
        "source": "scheduler", "type": type_name, "subject": "service/web",
        "time": format!("2026-01-31T12:00:{n:02}.500Z"), "seq": 10 + n, "index": 0,
        "actor": "service:scheduler", "operation": OPERATION, "cause": null, "traceparent": null,
        "scope": "shop", "data": data,
    })
}

/// A replica of this slot gets a node.
pub fn placed(n: u32, replica: &str, ordinal: u32) -> Value {
    let data = json!({
        "project": "shop", "replica": replica, "slot": {"service": "web", "ordinal": ordinal}, "epoch": 1,
        "release": 1, "node": format!("n{}", ordinal + 1), "spec": ZERO, "cpu": 0, "memory": 0,
        "explanation": {"fit": [], "unfit": {}, "because": ""}, "until": "2026-01-31T12:05:00.000Z",
    });
    event(n, "replica.placed.v1", data)
}

/// It is ready.
pub fn ready(n: u32, replica: &str) -> Value {
    let data =
        json!({"project": "shop", "replica": replica, "node": "n1", "address": "172.30.0.5:40001"});
    event(n, "replica.ready.v1", data)
}

/// A first deploy of two replicas, to its end.
pub fn succeeds() -> Vec<Value> {
    let own = json!({"operation": OPERATION, "scope": "shop"});
    let resolving = json!({
        "operation": OPERATION, "project": "shop", "config": ZERO, "images": ["localhost:5000/web:2"],
        "until": "2026-01-31T12:01:00.000Z",
    });
    let release = json!({"project": "shop", "release": 1, "operation": OPERATION, "config": ZERO, "images": {}});
    vec![
        event(
            0,
            "operation.accepted.v1",
            json!({"command": "config.put.v1"}),
        ),
        event(1, "operation.resolving.v1", resolving),
        event(2, "release.created.v1", release),
        placed(3, "web-7f3k2q", 0),
        placed(4, "web-9ab4xz", 1),
        ready(5, "web-9ab4xz"),
        ready(6, "web-7f3k2q"),
        event(7, "operation.succeeded.v1", own),
    ]
}

/// The operation's good end, as it is told and as the api has it then.
pub fn success(n: u32, more: Value) -> (Value, Value) {
    let own = json!({"operation": OPERATION, "scope": "shop"});
    let mut end = operation("succeeded", json!({"end_seq": 10 + n, "changed": true}));
    end.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    (event(n, "operation.succeeded.v1", own), end)
}

/// An api that takes any write at this path, tells these events of its operation and then has it so.
pub fn acts(path: &str, told: &[Value], end: Value) -> Router {
    let lines: String = told.iter().map(|event| format!("{event}\n")).collect();
    let accepted = operation("queued", json!({})).to_string();
    Router::new()
        .route(path, post(async move || stage::json(202, accepted)))
        .route("/v1/events", get(async move || stage::json(200, lines)))
        .route(
            "/v1/operations/{id}",
            get(async move || stage::json(200, end.to_string())),
        )
}
