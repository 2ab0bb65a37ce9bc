//! One message handed to JetStream with an expectation, and what its acknowledgement means. And the
//! direct read of one message.

use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Message, Request};
use gantry_events::Seq;
use serde::Deserialize;

use crate::{AppendOutcome, LogError, NatsBus, Stored};

/// Time an acknowledgement may take; after that it is unknown whether the message was stored.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

/// Header that holds the mark of a message's writer.
pub(crate) const MARK: &str = "Gantry-Mark";

const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

/// Error codes of the server that mean: the subject has another last sequence.
const WRONG_LAST: [u64; 2] = [10_071, 10_164];

#[derive(Deserialize)]
struct Acknowledgement {
    seq: Option<u64>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// Hands a message over once: stored only if `expects` is the last sequence of its subject.
pub(crate) async fn submit(
    bus: &NatsBus,
    subject: &str,
    mut headers: HeaderMap,
    payload: Vec<u8>,
    expects: Seq,
) -> AppendOutcome {
    headers.insert(EXPECTED, expects.0.to_string());
    let request = Request::new()
        .headers(headers)
        .payload(payload.into())
        .timeout(None);
    let sent = bus.client.send_request(subject.to_owned(), request);
    match tokio::time::timeout(TIMEOUT, bus.unless_replaced(sent)).await {
        Ok(Some(Ok(message))) => outcome(&message),
        Ok(Some(Err(error))) => match error.kind() {
            RequestErrorKind::NoResponders => {
                AppendOutcome::Unavailable("no stream takes this subject".to_owned())
            }
            RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::InvalidSubject => {
                AppendOutcome::Unavailable(error.to_string())
            }
            RequestErrorKind::TimedOut | RequestErrorKind::Other => {
                AppendOutcome::Unknown(error.to_string())
            }
        },
        Ok(None) => AppendOutcome::Unknown("the connection was lost meanwhile".to_owned()),
        Err(_) => AppendOutcome::Unknown(format!("no acknowledgement within {TIMEOUT:?}")),
    }
}

fn outcome(message: &Message) -> AppendOutcome {
    match serde_json::from_slice(&message.payload) {
        Ok(Acknowledgement {
            error: Some(refusal),
            ..
        }) if WRONG_LAST.contains(&refusal.err_code) => AppendOutcome::WrongLast,
        Ok(Acknowledgement {
            error: Some(refusal),
            ..
        }) => AppendOutcome::Unavailable(format!(
            "{} (code {})",
            refusal.description, refusal.err_code
        )),
        Ok(Acknowledgement {
            seq: Some(seq),
            error: None,
        }) => AppendOutcome::Stored(Seq(seq)),
        Ok(Acknowledgement {
            seq: None,
            error: None,
        })
        | Err(_) => AppendOutcome::Unknown("the acknowledgement cannot be read".to_owned()),
    }
}

/// Reads one message directly: `subject` says how (`$JS.API.DIRECT.GET.…`). None when there is none.
pub(crate) async fn direct_get(
    bus: &NatsBus,
    subject: String,
    payload: Vec<u8>,
) -> Result<Option<Stored>, LogError> {
    const DOING: &str = "reading one message";
    let unreachable = |cause: String| LogError::Unreachable {
        doing: DOING,
        cause,
    };
    let request = Request::new().payload(payload.into()).timeout(None);
    let sent = bus.client.send_request(subject, request);
    let message = tokio::time::timeout(TIMEOUT, bus.unless_replaced(sent))
        .await
        .map_err(|_| unreachable(format!("no answer within {TIMEOUT:?}")))?
        .ok_or_else(|| unreachable("the connection was lost meanwhile".to_owned()))?
        .map_err(|e| unreachable(e.to_string()))?;
    match message.status.map(|status| status.as_u16()) {
        None | Some(200) => read(&message).map(Some),
        Some(404) => Ok(None),
        Some(code) => {
            let said = message.description.as_deref().unwrap_or("no reason given");
            Err(LogError::Refused {
                doing: DOING,
                cause: format!("{said} (status {code})"),
            })
        }
    }
}

fn read(message: &Message) -> Result<Stored, LogError> {
    let header = |name: &str| {
        message
            .headers
            .as_ref()?
            .get(name)
            .map(|value| value.as_str().to_owned())
    };
    let seq = header("Nats-Sequence").and_then(|seq| seq.parse().ok());
    match (seq, header("Nats-Subject")) {
        (Some(seq), Some(subject)) => Ok(Stored {
            seq: Seq(seq),
            subject,
            payload: message.payload.to_vec(),
            mark: header(MARK),
        }),
        _ => Err(LogError::Unreachable {
            doing: "reading one message",
            cause: "the answer names no sequence and subject".to_owned(),
        }),
    }
}
