//! Health of a process: alive, and useful or what it waits for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;

use crate::Process;

/// Named conditions, all of which must be met for the process to be useful. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Health {
    unmet: Arc<Mutex<BTreeMap<&'static str, Option<String>>>>,
}

/// One named condition.
#[derive(Clone, Debug)]
pub struct Condition {
    health: Health,
    name: &'static str,
}

impl Health {
    /// A condition that must be met; it is not, until said.
    pub fn condition(&self, name: &'static str) -> Condition {
        let condition = Condition {
            health: self.clone(),
            name,
        };
        condition.unmet("starting");
        condition
    }

    /// What is waited for: names and reasons of unmet conditions.
    pub fn waiting_for(&self) -> BTreeMap<&'static str, String> {
        let all = self
            .unmet
            .lock()
            .expect("nobody panics while holding the conditions");
        all.iter()
            .filter_map(|(name, why)| Some((*name, why.clone()?)))
            .collect()
    }
}

impl Condition {
    /// The condition holds.
    pub fn met(&self) {
        self.set(None);
    }

    /// The condition does not hold, and why.
    pub fn unmet(&self, why: &str) {
        self.set(Some(why.to_owned()));
    }

    fn set(&self, why: Option<String>) {
        let mut all = self
            .health
            .unmet
            .lock()
            .expect("nobody panics while holding the conditions");
        all.insert(self.name, why);
    }
}

/// The health endpoint could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "the health endpoint {address} could not be opened: {cause}; set health_address to a free one"
)]
pub struct HealthServerError {
    address: SocketAddr,
    cause: std::io::Error,
}

/// Routes `/healthz`, `/readyz` and `/metrics`.
pub fn health_routes(process: &Process) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(|| async { Json(json!({"status": "alive"})) }),
        )
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(process.clone())
}

/// Serves the health routes on an address of their own, as the task `health`.
pub async fn serve_health(
    process: &Process,
    address: SocketAddr,
) -> Result<SocketAddr, HealthServerError> {
    let opened = |cause| HealthServerError { address, cause };
    let listener = TcpListener::bind(address).await.map_err(opened)?;
    let bound = listener.local_addr().map_err(opened)?;
    let (routes, stopping) = (health_routes(process), process.stopping());
    process.spawn("health", async move {
        axum::serve(listener, routes)
            .with_graceful_shutdown(stopping.cancelled_owned())
            .await
    });
    Ok(bound)
}

async fn ready(State(process): State<Process>) -> Response {
    let waiting = process.health.waiting_for();
    if waiting.is_empty() {
        return Json(json!({"status": "ready"})).into_response();
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(json!({"status": "waiting", "waiting_for": waiting})),
    )
        .into_response()
}

async fn metrics(State(process): State<Process>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        process.metrics.text(),
    )
        .into_response()
}
