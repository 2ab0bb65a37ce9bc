//! Questions and passing traffic over core NATS: nothing here is ever stored.
//!
//! A question is answered by another service's state, or not at all: no answer means unknown.

use std::time::Duration;

use async_nats::client::{RequestError, RequestErrorKind};
use async_nats::{Client, Message, Request, Subject};
use futures::{Stream, StreamExt, future};

use crate::{BusError, NatsBus};

/// A question got no answer. What it asked for is unknown, not false.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody answers there now.
    #[error("nobody answers {0} now")]
    Nobody(String),
    /// No answer came in time.
    #[error("{subject} did not answer within {timeout:?}")]
    Silent {
        /// What was asked.
        subject: String,
        /// How long was waited.
        timeout: Duration,
    },
    /// It could not be asked.
    #[error("{subject} could not be asked: {cause}")]
    Failed {
        /// What was asked.
        subject: String,
        /// What the client said.
        cause: String,
    },
}

/// A question of somebody else.
#[derive(Debug)]
pub struct Question {
    /// The subject it came on.
    pub subject: String,
    /// What it says.
    pub payload: Vec<u8>,
    reply: Option<Subject>,
    client: Client,
}

impl Question {
    /// Answers it. A question without a way back is let go.
    pub async fn answer(self, payload: Vec<u8>) {
        let Some(reply) = self.reply else {
            return;
        };
        if let Err(error) = self.client.publish(reply, payload.into()).await {
            tracing::warn!(subject = self.subject, %error, "an answer could not be sent");
        }
    }
}

impl NatsBus {
    /// Asks, and waits for the answer no longer than `timeout`.
    pub async fn ask(
        &self,
        subject: &str,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, AskError> {
        let request = Request::new().payload(payload.into()).timeout(None);
        let asked = self.client.send_request(subject.to_owned(), request);
        // Around the whole: while the server is away, even handing the question over may wait.
        match tokio::time::timeout(timeout, self.unless_replaced(asked)).await {
            Ok(Some(Ok(answer))) => Ok(answer.payload.into()),
            Ok(Some(Err(error))) => Err(unasked(subject, timeout, &error)),
            Ok(None) => Err(AskError::Failed {
                subject: subject.to_owned(),
                cause: "the connection was lost meanwhile".to_owned(),
            }),
            Err(_) => Err(AskError::Silent {
                subject: subject.to_owned(),
                timeout,
            }),
        }
    }

    /// Questions asked on a subject, from here on. Whoever subscribes answers: standbys must not.
    pub async fn serve(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = Question> + Send + Unpin + use<>, BusError> {
        let client = self.client.clone();
        let messages = self.messages(subject).await?;
        Ok(messages.map(move |message| Question {
            subject: message.subject.to_string(),
            payload: message.payload.into(),
            reply: message.reply,
            client: client.clone(),
        }))
    }

    /// Sends to whoever listens now.
    pub async fn publish(&self, subject: &str, payload: Vec<u8>) -> Result<(), BusError> {
        self.client
            .publish(subject.to_owned(), payload.into())
            .await
            .map_err(|e| BusError::Publish {
                subject: subject.to_owned(),
                cause: e.to_string(),
            })
    }

    /// What is sent on a subject, from here on: the exact subject and the bytes.
    pub async fn subscribe(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = (String, Vec<u8>)> + Send + Unpin + use<>, BusError> {
        let messages = self.messages(subject).await?;
        Ok(messages.map(|message| (message.subject.to_string(), message.payload.into())))
    }

    async fn messages(
        &self,
        subject: &str,
    ) -> Result<impl Stream<Item = Message> + Send + Unpin + use<>, BusError> {
        let wrong = |cause: String| BusError::Subscribe {
            subject: subject.to_owned(),
            cause,
        };
        let messages = self
            .client
            .subscribe(subject.to_owned())
            .await
            .map_err(|e| wrong(e.to_string()))?;
        Ok(messages.filter(|message| future::ready(message.status.is_none())))
    }
}

fn unasked(subject: &str, timeout: Duration, error: &RequestError) -> AskError {
    let subject = subject.to_owned();
    match error.kind() {
        RequestErrorKind::NoResponders => AskError::Nobody(subject),
        RequestErrorKind::TimedOut => AskError::Silent { subject, timeout },
        RequestErrorKind::InvalidSubject
        | RequestErrorKind::MaxPayloadExceeded
        | RequestErrorKind::Other => AskError::Failed {
            subject,
            cause: error.to_string(),
        },
    }
}
