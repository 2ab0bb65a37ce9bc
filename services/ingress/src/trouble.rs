//! Why a request was not answered by a replica: each cause with its status and a sentence, as RFC 9457
//! problem documents, or as a page for who asks for one.

use bytes::Bytes;
use gantry_events::Millis;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::body::Answer;
use crate::patience::Serving;

/// Seconds after which a client may try again when no replica could answer.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// A cause. Addresses of the inside are kept out of what the outside reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the request names no host, or more than one; send one Host header")]
    BadHost,
    #[error("CONNECT is not served here; this is no forward proxy")]
    Connect,
    #[error("the balancer has no table yet; it is given one as soon as the control plane is up")]
    NoTable,
    #[error(
        "no service answers at `{0}`; `gantry status` lists the hosts of those that do, and a host is given to a service under `domains` in its file"
    )]
    UnknownHost(String),
    #[error("the service has no replica that is ready; `gantry ps` shows what they wait for")]
    NoBackend,
    #[error("no replica could be connected to ({0} tried); `gantry ps` shows their state")]
    Unreachable(usize),
    #[error("replica {0} closed the connection before it answered")]
    Closed(String),
    #[error("replica {0} answered with what is no valid HTTP")]
    Garbled(String),
    #[error("replica {0} gave no answer within {1}")]
    TimedOut(String, Millis),
    #[error("the request's body did not move for {0}")]
    SlowRequest(Millis),
    #[error("the request's body ended before its end or is no valid HTTP")]
    BrokenRequest,
}

impl Trouble {
    /// The status and the stable code of each.
    pub(crate) fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadHost => (StatusCode::BAD_REQUEST, "bad-host"),
            Self::Connect => (StatusCode::NOT_IMPLEMENTED, "connect-unsupported"),
            Self::NoTable => (StatusCode::SERVICE_UNAVAILABLE, "no-table"),
            Self::UnknownHost(_) => (StatusCode::NOT_FOUND, "unknown-host"),
            Self::NoBackend => (StatusCode::SERVICE_UNAVAILABLE, "no-replica-ready"),
            Self::Unreachable(_) => (StatusCode::BAD_GATEWAY, "replicas-unreachable"),
            Self::Closed(_) => (StatusCode::BAD_GATEWAY, "replica-closed"),
            Self::Garbled(_) => (StatusCode::BAD_GATEWAY, "replica-garbled"),
            Self::TimedOut(..) => (StatusCode::GATEWAY_TIMEOUT, "replica-timeout"),
            Self::BrokenRequest => (StatusCode::BAD_REQUEST, "broken-request"),
            Self::SlowRequest(_) => (StatusCode::REQUEST_TIMEOUT, "request-timeout"),
        }
    }

    /// What the client gets: a page where it asked for one, as browsers do, else the problem document.
    pub(crate) fn answer(&self, form: Form, serving: Serving) -> Response<Answer> {
        let (status, code) = self.code();
        let title = status.canonical_reason().unwrap_or("Problem");
        let (kind, text) = match form {
            Form::Document => ("application/problem+json", self.document(title)),
            Form::Page => (
                "text/html; charset=utf-8",
                page(title, code, &self.to_string()),
            ),
        };
        let mut answer = Response::new(Answer::own(Bytes::from(text), serving));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        answer
    }

    fn document(&self, title: &str) -> String {
        let (status, code) = self.code();
        let document = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": self.to_string(),
        });
        document.to_string()
    }
}

/// How a client wants to read of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A problem document.
    Document,
    /// A page.
    Page,
}

impl Form {
    /// What a request asks for.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).map(HeaderValue::as_bytes);
        let is_page = |kinds: &[u8]| kinds.windows(9).any(|kind| kind == b"text/html");
        match accept.is_some_and(is_page) {
            true => Self::Page,
            false => Self::Document,
        }
    }
}

/// The sentence names what the client sent, so it is written as text and nothing else.
fn page(title: &str, code: &str, sentence: &str) -> String {
    let sentence = sentence
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;");
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<body style=\"font: 1.1em/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em\">\n<h1>{title}</h1>\n<p>{sentence}.</p>\n<p><small>{code}</small></p>\n"
    )
}
