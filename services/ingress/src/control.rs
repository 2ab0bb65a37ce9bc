//! The control door, a unix socket: tables come in, the status goes out.
//!
//! - `PUT /table` with a `RouteTable`: makes it live and answers the `TableStatus` then. One of a lower
//!   sequence of the live table's log is stale: nothing changes, and the status names the live one;
//! - `GET /status`: the `TableStatus`, or 404 before the first table. With `If-None-Match: ETAG` and
//!   `?wait=MILLISECONDS` it answers once log, sequence or released replicas differ from what that
//!   ETag stands for, or 304 when the time is up. Counts in flight alone are no news.

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use gantry_events::{Digest, Millis, RouteTable, TableStatus};
use gantry_runtime::Door;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::{Error, Ingress};

/// Connections at a time: lb-sync's poll, its table, and somebody who looks.
const CONNECTIONS: u32 = 16;
/// Longest poll.
const LONGEST_WAIT: Millis = Millis::from_secs(60);
/// Largest table in bytes: a hundred thousand replicas at a hundred bytes and some.
const LARGEST_TABLE: usize = 16 << 20;

/// A table to be saved and made live, and where to say so.
pub(crate) type Order = (RouteTable, oneshot::Sender<TableStatus>);

/// Opens the socket, for its own user and group alone. One that a dead process left is replaced.
pub(crate) fn open(path: &Path) -> Result<UnixListener, Error> {
    let opened = |cause| Error::Socket {
        path: path.to_owned(),
        cause,
    };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(opened(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(opened)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(opened)?;
    Ok(listener)
}

/// Serves the socket until the process stops.
pub(crate) async fn serve(
    ingress: Arc<Ingress>,
    listener: UnixListener,
    orders: mpsc::Sender<Order>,
) -> Result<(), Error> {
    let door = Door::of(&ingress.process, CONNECTIONS);
    while let Some(((stream, _), place)) = door.next(|| listener.accept()).await {
        let (shared, orders) = (ingress.clone(), orders.clone());
        ingress.process.spawn("control", async move {
            converse(shared, stream, orders).await;
            drop(place);
            Ok::<(), Infallible>(())
        });
    }
    Ok(())
}

async fn converse(ingress: Arc<Ingress>, stream: UnixStream, orders: mpsc::Sender<Order>) {
    let service = service_fn(|request| {
        let (ingress, orders) = (ingress.clone(), orders.clone());
        async move { Ok::<_, Infallible>(answer(&ingress, &orders, request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Some(Err(error)) = ingress.process.stopping().run_until_cancelled(served).await {
        tracing::debug!(%error, "a control connection ended early");
    }
}

async fn answer(
    ingress: &Ingress,
    orders: &mpsc::Sender<Order>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::PUT, "/table") => put_table(orders, request.into_body()).await,
        (&Method::GET, "/status") => get_status(ingress, &request).await,
        _ => said(
            StatusCode::NOT_FOUND,
            "PUT /table and GET /status are all there is",
        ),
    }
}

async fn put_table(orders: &mpsc::Sender<Order>, body: Incoming) -> Response<Full<Bytes>> {
    let bytes = match Limited::new(body, LARGEST_TABLE).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            return said(
                StatusCode::BAD_REQUEST,
                &format!("the table could not be read: {error}"),
            );
        }
    };
    let table: RouteTable = match serde_json::from_slice(&bytes) {
        Ok(table) => table,
        Err(error) => {
            return said(
                StatusCode::UNPROCESSABLE_ENTITY,
                &format!("this is no table: {error}"),
            );
        }
    };
    let (reply, status) = oneshot::channel();
    if orders.send((table, reply)).await.is_err() {
        return said(StatusCode::SERVICE_UNAVAILABLE, "the ingress is stopping");
    }
    match status.await {
        Ok(status) => told(&status),
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, "the ingress is stopping"),
    }
}

async fn get_status(ingress: &Ingress, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|tag| tag.to_str().ok());
    let waits = request
        .uri()
        .query()
        .and_then(|query| query.strip_prefix("wait=")?.parse().ok());
    let wait = Millis(waits.unwrap_or(0)).min(LONGEST_WAIT);
    let status = match known {
        None => ingress.tables.status(),
        Some(known) => {
            let news = tokio::time::timeout(wait.duration(), news(ingress, known)).await;
            let Ok(status) = news else {
                return said(StatusCode::NOT_MODIFIED, "");
            };
            Some(status)
        }
    };
    status.map_or_else(
        || said(StatusCode::NOT_FOUND, "there is no table yet; PUT /table"),
        |status| told(&status),
    )
}

async fn news(ingress: &Ingress, known: &str) -> TableStatus {
    let mut changes = ingress.tables.changes();
    loop {
        changes.mark_unchanged();
        if let Some(status) = ingress
            .tables
            .status()
            .filter(|status| etag(status) != known)
        {
            return status;
        }
        // The sender lives as long as the ingress, which is borrowed here.
        let _ = changes.changed().await;
    }
}

fn etag(status: &TableStatus) -> String {
    let content = serde_json::to_vec(&(status.log, status.seq, &status.released))
        .expect("ids and numbers are JSON");
    format!("\"{}\"", Digest::of(&content))
}

fn told(status: &TableStatus) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(status).expect("a status has string keys only");
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let tag = HeaderValue::from_str(&etag(status)).expect("a digest is visible ASCII");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn said(status: StatusCode, sentence: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(sentence.to_owned())));
    *response.status_mut() = status;
    response
}
