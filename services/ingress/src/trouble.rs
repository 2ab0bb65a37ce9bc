//! Why a request was not answered by a replica: each cause with its status and a sentence, as
//! RFC 9457 problem documents.

use bytes::Bytes;
use gantry_events::Millis;
use http::{HeaderValue, Response, StatusCode, header};
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
    #[error("an upgrade to `{0}` is not supported yet; send the request without it")]
    Upgrade(String),
    #[error("the balancer has no table yet; it is given one as soon as the control plane is up")]
    NoTable,
    #[error("no service answers at `{0}`; `gantry status` lists those that do")]
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
            Self::Upgrade(_) => (StatusCode::NOT_IMPLEMENTED, "upgrade-unsupported"),
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

    /// The problem document, as the client gets it.
    pub(crate) fn answer(&self, serving: Serving) -> Response<Answer> {
        let (status, code) = self.code();
        let title = status.canonical_reason().unwrap_or("Problem");
        let document = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": self.to_string(),
        });
        let mut answer = Response::new(Answer::own(Bytes::from(document.to_string()), serving));
        *answer.status_mut() = status;
        let kind = HeaderValue::from_static("application/problem+json");
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        answer
    }
}
