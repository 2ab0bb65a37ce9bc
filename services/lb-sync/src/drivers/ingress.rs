//! The built-in ingress, over its unix socket.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use gantry_events::{Millis, RouteTable, TableStatus};
use http::{HeaderValue, Request, StatusCode, header, response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// Time for a table to be saved and made live.
const APPLY_WITHIN: Millis = Millis::from_secs(10);

/// How long one poll waits for news. Short enough to notice soon that nobody is there any more.
const POLL: Millis = Millis::from_secs(20);

/// Time beyond a poll's own after which the ingress is taken for silent.
const SLACK: Millis = Millis::from_secs(5);

/// Largest answer in bytes: a status names each draining replica once.
const LARGEST: usize = 4 << 20;

/// The ingress did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum IngressError {
    /// Nobody listens at its socket.
    #[error("the ingress cannot be reached at {}: {cause}", socket.display())]
    Unreachable {
        /// Its socket.
        socket: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It did not answer in time.
    #[error("the ingress did not answer within {0}")]
    Silent(Millis),
    /// The conversation broke off.
    #[error("the ingress broke off: {0}")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// It refused.
    #[error("the ingress answered {status}: {said}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// What it said.
        said: String,
    },
    /// Its answer makes no sense.
    #[error("the ingress answered with what is no status: {0}")]
    Unreadable(String),
    /// Right after a table was applied another one is live.
    #[error("another table is live than the one just applied; something else drives this ingress")]
    Contended,
}

/// What the ingress says is live, and the tag that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What is live.
    pub status: TableStatus,
    etag: HeaderValue,
}

/// The ingress behind one socket.
#[derive(Clone, Debug)]
pub struct Ingress {
    socket: PathBuf,
}

impl Ingress {
    /// Speaks through this socket. Nothing is opened yet.
    pub fn at(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// Makes a table the live one. Dropped half-way, it may be live or not.
    pub async fn apply(&self, table: &RouteTable) -> Result<Told, IngressError> {
        let body = serde_json::to_vec(table).expect("a table has string keys only");
        let request = Request::put("/table").body(Full::new(Bytes::from(body)));
        let answer = self
            .ask(request.expect("the request is well formed"), APPLY_WITHIN)
            .await?;
        let told = read(answer)?;
        if (told.status.log, told.status.seq) != (table.log, table.seq) {
            return Err(IngressError::Contended);
        }
        Ok(told)
    }

    /// Waits until something else is live than was told, or a poll is over: then none.
    pub async fn news(&self, known: &Told) -> Result<Option<Told>, IngressError> {
        let request = Request::get(format!("/status?wait={}", POLL.0))
            .header(header::IF_NONE_MATCH, known.etag.clone())
            .body(Full::default())
            .expect("the request is well formed");
        let answer = self.ask(request, POLL + SLACK).await?;
        match answer.0.status {
            StatusCode::NOT_MODIFIED => Ok(None),
            _ => read(answer).map(Some),
        }
    }

    async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        within: Millis,
    ) -> Result<Answer, IngressError> {
        let asked = tokio::time::timeout(within.duration(), self.converse(request)).await;
        asked.map_err(|_| IngressError::Silent(within))?
    }

    async fn converse(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, IngressError> {
        request
            .headers_mut()
            .insert(header::HOST, HeaderValue::from_static("ingress"));
        let stream = UnixStream::connect(&self.socket).await;
        let stream = stream.map_err(|cause| IngressError::Unreachable {
            socket: self.socket.clone(),
            cause,
        })?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let answer = async move {
            let (head, body) = sender
                .send_request(request)
                .await
                .map_err(broken)?
                .into_parts();
            let body = Limited::new(body, LARGEST)
                .collect()
                .await
                .map_err(IngressError::Broken)?;
            Ok((head, body.to_bytes()))
        };
        // The connection ends once the sender is dropped; its own error is the answer's as well.
        futures::future::join(answer, connection).await.0
    }
}

type Answer = (response::Parts, Bytes);

fn broken(error: hyper::Error) -> IngressError {
    IngressError::Broken(error.into())
}

fn read((head, body): Answer) -> Result<Told, IngressError> {
    if head.status != StatusCode::OK {
        let said = String::from_utf8_lossy(&body).chars().take(200).collect();
        return Err(IngressError::Refused {
            status: head.status,
            said,
        });
    }
    let unreadable = |what: &str| IngressError::Unreadable(what.to_owned());
    let status = serde_json::from_slice(&body).map_err(|error| unreadable(&error.to_string()))?;
    let etag = head
        .headers
        .get(header::ETAG)
        .cloned()
        .ok_or_else(|| unreadable("it has no ETag"))?;
    Ok(Told { status, etag })
}
