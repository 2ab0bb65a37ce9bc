//! A balancer that keeps the table it is given, says so, and can be taken away.

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gantry_events::{ReplicaKey, RouteTable, Seq, TableStatus};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What it holds. The watch counts changes, and the count is the ETag.
struct Held {
    status: Option<TableStatus>,
    applied: Vec<Seq>,
}

pub struct Balancer {
    held: Arc<Mutex<Held>>,
    changes: Arc<watch::Sender<u64>>,
    serving: JoinHandle<()>,
}

impl Balancer {
    /// One without a table, at this socket.
    pub fn start(socket: &Path) -> Self {
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket).unwrap();
        let held = Arc::new(Mutex::new(Held {
            status: None,
            applied: Vec::new(),
        }));
        let changes = Arc::new(watch::Sender::new(0));
        let serving = tokio::spawn(serve(listener, held.clone(), changes.clone()));
        Self {
            held,
            changes,
            serving,
        }
    }

    /// Ends it with all its connections, as a crash does.
    pub async fn crash(self, socket: &Path) {
        std::fs::remove_file(socket).unwrap();
        self.serving.abort();
        let _ = self.serving.await;
    }

    /// Sequences of the tables it was given.
    pub fn applied(&self) -> Vec<Seq> {
        self.held.lock().unwrap().applied.clone()
    }

    /// Lets a draining replica go.
    pub fn release(&self, replica: &ReplicaKey) {
        let mut held = self.held.lock().unwrap();
        held.status
            .as_mut()
            .unwrap()
            .released
            .insert(replica.clone());
        self.changes.send_modify(|count| *count += 1);
    }
}

async fn serve(listener: UnixListener, held: Arc<Mutex<Held>>, changes: Arc<watch::Sender<u64>>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (held, changes) = (held.clone(), changes.clone());
        let service = service_fn(move |request| {
            let (held, changes) = (held.clone(), changes.clone());
            async move { Ok::<_, Infallible>(answer(request, &held, &changes).await) }
        });
        connections.spawn(async move {
            Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    held: &Mutex<Held>,
    changes: &watch::Sender<u64>,
) -> Response<Full<Bytes>> {
    if request.method() == Method::PUT {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let table: RouteTable = serde_json::from_slice(&body).unwrap();
        let mut held = held.lock().unwrap();
        held.applied.push(table.seq);
        let (log, seq) = (table.log, table.seq);
        held.status = Some(TableStatus {
            log,
            seq,
            released: [].into(),
            in_flight: [].into(),
        });
        changes.send_modify(|count| *count += 1);
    } else {
        let known = request
            .headers()
            .get("if-none-match")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        changes
            .subscribe()
            .wait_for(|count| format!("\"{count}\"") != known)
            .await
            .unwrap();
    }
    let held = held.lock().unwrap();
    let etag = format!("\"{}\"", *changes.borrow());
    match &held.status {
        Some(status) => {
            let body = Full::new(Bytes::from(serde_json::to_vec(status).unwrap()));
            Response::builder().header("etag", etag).body(body).unwrap()
        }
        None => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Full::default())
            .unwrap(),
    }
}
