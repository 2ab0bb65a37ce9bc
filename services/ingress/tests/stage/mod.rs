//! An ingress on real sockets, replicas that answer as told, and clients.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses its part; a broken stage may panic"
)]

pub mod client;
pub mod replica;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use gantry_events::*;
use gantry_ingress::Settings;
use gantry_runtime::{Process, Supervisor};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::UnixStream;
use uuid::Uuid;

pub const LOG: LogId = LogId(Uuid::from_u128(7));
pub const WEB: &str = "web.shop.localhost";

/// No test waits longer for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running ingress.
pub struct Stage {
    pub address: SocketAddr,
    pub process: Process,
    supervisor: Supervisor,
    folder: TempDir,
    socket: PathBuf,
}

impl Stage {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), change).await
    }

    async fn open_in(folder: TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let socket = folder.path().join("ingress.sock");
        let mut settings = Settings {
            http_address: ([127, 0, 0, 1], 0).into(),
            ingress_socket: socket.clone(),
            ingress_table: folder.path().join("table.json"),
            ..Settings::default()
        };
        change(&mut settings);
        let (process, supervisor) = Process::start();
        let address = gantry_ingress::start(process.clone(), settings)
            .await
            .unwrap();
        Self {
            address,
            process,
            supervisor,
            folder,
            socket,
        }
    }

    /// Stops it as SIGTERM would, and starts another in the same folder.
    pub async fn restart(self) -> Self {
        let Self {
            supervisor, folder, ..
        } = self;
        supervisor.shut_down().await.unwrap();
        Self::open_in(folder, |_| {}).await
    }

    /// Stops it as SIGTERM would; true when all its tasks ended in time.
    pub async fn stop(self) -> bool {
        self.supervisor.shut_down().await.is_ok()
    }

    pub async fn apply(&self, table: &RouteTable) -> TableStatus {
        apply_at(&self.socket, table).await
    }

    /// The status and its ETag; none before the first table.
    pub async fn status(&self) -> Option<(TableStatus, String)> {
        status_at(&self.socket).await
    }

    /// The next status that differs from what an ETag stands for; none when the time is up.
    pub async fn news(&self, etag: &str, wait: Duration) -> Option<TableStatus> {
        let request = Request::get(format!("/status?wait={}", wait.as_millis()))
            .header("if-none-match", etag)
            .body(Full::default())
            .unwrap();
        let (head, body) = control(&self.socket, request).await;
        (head.status == 200).then(|| serde_json::from_slice(&body).unwrap())
    }
}

/// Makes a table live at the ingress of this socket.
pub async fn apply_at(socket: &Path, table: &RouteTable) -> TableStatus {
    let body = Full::new(Bytes::from(serde_json::to_vec(table).unwrap()));
    let (head, body) = control(socket, Request::put("/table").body(body).unwrap()).await;
    assert_eq!(head.status, 200, "{body:?}");
    serde_json::from_slice(&body).unwrap()
}

/// The status and its ETag at the ingress of this socket; none before the first table.
pub async fn status_at(socket: &Path) -> Option<(TableStatus, String)> {
    let ask = Request::get("/status").body(Full::default()).unwrap();
    let (head, body) = control(socket, ask).await;
    let etag = head.headers.get("etag")?.to_str().unwrap().to_owned();
    Some((serde_json::from_slice(&body).unwrap(), etag))
}

async fn control(
    socket: &Path,
    mut request: Request<Full<Bytes>>,
) -> (http::response::Parts, Bytes) {
    request
        .headers_mut()
        .insert("host", "ingress".parse().unwrap());
    let stream = UnixStream::connect(socket).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let response: Response<_> = sender.send_request(request).await.unwrap();
    let (head, body) = response.into_parts();
    (head, body.collect().await.unwrap().to_bytes())
}

pub fn key(id: &str) -> ReplicaKey {
    format!("shop/{id}").parse().unwrap()
}

/// A table of one host that routes to these replicas.
pub fn table(seq: u64, routed: &[(&str, SocketAddr)]) -> RouteTable {
    let backends = routed
        .iter()
        .map(|(id, address)| (key(id), Backend { address: *address }));
    let routes = BTreeMap::from([(
        WEB.to_owned(),
        Route {
            backends: backends.collect(),
        },
    )]);
    RouteTable {
        log: LOG,
        seq: Seq(seq),
        routes,
        domains: BTreeMap::new(),
        draining: BTreeMap::new(),
    }
}

/// The same with these draining.
pub fn draining(mut table: RouteTable, ids: &[&str], drain: Millis) -> RouteTable {
    table.draining = ids.iter().map(|id| (key(id), Draining { drain })).collect();
    table
}

/// Waits until something holds, looking again and again.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let watched = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while !holds().await {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, watched)
        .await
        .unwrap_or_else(|_| panic!("never came true: {what}"));
}
