//! What can go wrong between client and api.

use gantry_events::Millis;
use reqwest::{Response, Url};

use crate::Problem;

/// A request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the api cannot be used.
    #[error("`{url}` cannot be used as the address of an api: {cause}")]
    Address {
        /// The address.
        url: String,
        /// Why.
        cause: String,
    },
    /// Nobody answered. A write may have been stored or not; the same key tells.
    #[error("no answer from {url}: {cause}")]
    Unreachable {
        /// The address.
        url: String,
        /// What happened instead.
        cause: String,
    },
    /// Nobody answered in time. A write may have been stored or not; the same key tells.
    #[error("no answer from {url} for {within}")]
    Silent {
        /// The address.
        url: String,
        /// How long it was waited for.
        within: Millis,
    },
    /// The api answered with a problem.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// Something answered that does not speak as an api does.
    #[error("{url} did not answer as an api does: {cause}")]
    Foreign {
        /// The address.
        url: String,
        /// What it said.
        cause: String,
    },
}

impl ClientError {
    /// The problem the api answered with, if it did.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Address { .. }
            | Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Foreign { .. } => None,
        }
    }

    pub(super) fn unreachable(url: &Url, error: &reqwest::Error) -> Self {
        Self::Unreachable {
            url: url.to_string(),
            cause: root_of(error),
        }
    }

    /// The answer could not be read: it broke off, or it is another's. To reqwest both are errors of
    /// decoding; what is no JSON tells them apart.
    pub(super) fn read(url: String, error: &reqwest::Error) -> Self {
        let cause = root_of(error);
        let source = std::error::Error::source(error);
        if source.is_some_and(|source| source.is::<serde_json::Error>()) {
            return Self::Foreign { url, cause };
        }
        Self::Unreachable { url, cause }
    }

    pub(super) async fn refusal(response: Response) -> Self {
        let (url, status) = (response.url().to_string(), response.status());
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(e) => return Self::read(url, &e),
        };
        match serde_json::from_slice(&body) {
            Ok(problem) => Self::Problem(Box::new(problem)),
            Err(_) => Self::Foreign {
                url,
                cause: format!("status {status} without a problem document"),
            },
        }
    }
}

/// The innermost cause: what the operating system or the parser said.
fn root_of(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
