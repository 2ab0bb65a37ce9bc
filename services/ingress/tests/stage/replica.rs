//! Replicas: a tidy one whose path says how it answers, and a rude one that sends any bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A replica that answers by path: `/held` once the gate lets it, `/slowly` a frame for each pass of
/// the gate, `/echo` the body as it comes, anything else with its name.
#[derive(Clone)]
pub struct Replica {
    pub address: SocketAddr,
    pub gate: Arc<Semaphore>,
    name: &'static str,
    requests: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
    heads: Arc<Mutex<Vec<http::request::Parts>>>,
}

type Body = BoxBody<Bytes, hyper::Error>;

impl Replica {
    pub async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let replica = Self {
            address: listener.local_addr().unwrap(),
            gate: Arc::new(Semaphore::new(0)),
            name,
            requests: Arc::default(),
            connections: Arc::default(),
            heads: Arc::default(),
        };
        tokio::spawn(replica.clone().accept(listener));
        replica
    }

    /// Requests it was given so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Connections made to it so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Paths it was asked for so far.
    pub fn paths(&self) -> Vec<String> {
        self.heads
            .lock()
            .unwrap()
            .iter()
            .map(|head| head.uri.to_string())
            .collect()
    }

    /// The last request's headers.
    pub fn last_headers(&self) -> http::HeaderMap {
        self.heads.lock().unwrap().last().unwrap().headers.clone()
    }

    async fn accept(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            self.connections.fetch_add(1, Ordering::SeqCst);
            let replica = self.clone();
            let service = service_fn(move |request| {
                let replica = replica.clone();
                async move { Ok::<_, Infallible>(replica.answer(request).await) }
            });
            tokio::spawn(Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        self.heads.lock().unwrap().push(head);
        match path.as_str() {
            "/held" => {
                self.gate.acquire().await.unwrap().forget();
                self.named()
            }
            "/slowly" => Response::new(self.slowly()),
            "/echo" => Response::new(body.boxed()),
            _ => self.named(),
        }
    }

    fn named(&self) -> Response<Body> {
        Response::new(
            Full::new(Bytes::from(self.name))
                .map_err(|never| match never {})
                .boxed(),
        )
    }

    fn slowly(&self) -> Body {
        let gate = self.gate.clone();
        let frames = futures::stream::unfold(gate, |gate| async move {
            gate.acquire().await.unwrap().forget();
            Some((Ok(Frame::data(Bytes::from("frame\n"))), gate))
        });
        BodyExt::boxed(StreamBody::new(frames.take(3)))
    }
}

/// Accepts connections and deals with each by `converse`, which is told how many came before.
pub async fn rude<F>(converse: impl Fn(TcpStream, u64) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for count in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(converse(stream, count));
        }
    });
    address
}

/// Reads one head, and whatever came with it.
pub async fn read_head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Answers 200 with a short body, and leaves the connection open.
pub async fn answer_ok(stream: &mut TcpStream) {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await
        .unwrap();
}

/// An address at which nothing listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}
