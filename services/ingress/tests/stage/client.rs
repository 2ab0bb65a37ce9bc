//! Clients: a tidy one that speaks HTTP, and a raw one that sends any bytes.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PATIENCE, WEB};

/// One connection to the ingress.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
}

/// An answer with its whole body.
#[derive(Debug)]
pub struct Whole {
    pub head: http::response::Parts,
    pub body: String,
}

impl Whole {
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap())
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(document["status"], self.status());
        document["code"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// Sends a request; the answer's body is yet to come.
    pub async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }

    pub async fn whole(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Whole> {
        let (head, body) = self.send(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Whole {
            head,
            body: String::from_utf8(body.to_vec()).unwrap(),
        })
    }

    pub async fn get(&mut self, path: &str) -> hyper::Result<Whole> {
        self.whole(get(path)).await
    }
}

/// A GET for the service of the stage.
pub fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path)
        .header("host", WEB)
        .body(Full::default())
        .unwrap()
}

/// One request on a connection of its own.
pub async fn once(address: SocketAddr, request: Request<Full<Bytes>>) -> hyper::Result<Whole> {
    Client::connect(address).await.whole(request).await
}

/// Sends bytes as they are, and reads until the other side closes.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The other side may close before it took all.
    let _ = stream.write_all(bytes).await;
    rest(stream).await
}

/// Reads until the other side closes.
pub async fn rest(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read)).await;
    // A reset ends it as well as a close.
    let _ = end.expect("the ingress neither answers nor closes");
    String::from_utf8_lossy(&read).into_owned()
}
