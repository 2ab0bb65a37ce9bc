//! Toll gates on both roads out of a process: the log, and the engine's socket. Whatever changes something
//! out there passes a point of the fuse before it leaves and another before its answer comes back; at the
//! point that burns it stays for ever.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::stream::BoxStream;
use gantry_bus::{Append, AppendOutcome, Log, LogError, Stored};
use gantry_events::Seq;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};

use crate::fuse::Fuse;

/// The engine's own socket.
const ENGINE: &str = "/var/run/docker.sock";

async fn pass(fuse: &Fuse, name: String) {
    if fuse.point(name).is_err() {
        std::future::pending::<()>().await;
    }
}

/// A log whose appends pay.
#[derive(Clone)]
pub struct TolledLog<L> {
    pub log: L,
    pub fuse: Fuse,
}

impl<L: Log> Log for TolledLog<L> {
    async fn append(&self, append: &Append) -> AppendOutcome {
        pass(&self.fuse, "before: append".to_owned()).await;
        let outcome = self.log.append(append).await;
        pass(&self.fuse, "after: append".to_owned()).await;
        outcome
    }

    async fn tail(&self) -> Result<Seq, LogError> {
        self.log.tail().await
    }

    fn follow(&self, after: Seq) -> BoxStream<'static, Result<Stored, LogError>> {
        self.log.follow(after)
    }
}

/// Opens a socket in a folder that leads to the engine; calls that change something pay.
pub fn open(folder: &Path, fuse: Fuse) -> PathBuf {
    let path = folder.join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let fuse = fuse.clone();
            let gate = service_fn(move |request| through(request, fuse.clone()));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), gate),
            );
        }
    });
    path
}

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

async fn through(request: Request<Incoming>, fuse: Fuse) -> Result<Answer, hyper::Error> {
    if *request.method() == Method::GET {
        return Ok(forward(request).await?.map(BodyExt::boxed));
    }
    let name = format!("{} {}", request.method(), request.uri().path());
    pass(&fuse, format!("before: {name}")).await;
    let (head, body) = forward(request).await?.into_parts();
    let whole = Full::new(body.collect().await?.to_bytes());
    pass(&fuse, format!("after: {name}")).await;
    let whole = whole.map_err(|never| match never {});
    Ok(Response::from_parts(head, whole.boxed()))
}

async fn forward(request: Request<Incoming>) -> Result<Response<Incoming>, hyper::Error> {
    let stream = UnixStream::connect(ENGINE).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = Arc::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await;
    // The connection lives as long as its answer's body is read, and ends by itself.
    drop(connection);
    answer
}
