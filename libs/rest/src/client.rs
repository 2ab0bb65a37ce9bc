//! The typed client of the HTTP interface. The program that uses it installs the rustls provider.
//!
//! Each path has a function, in `reads` or `writes`. It asks once: whether and when to try again is for
//! its user to say, who passes the same [`Write::key`] then.

mod error;
mod lines;
mod reads;
mod request;
mod transport;
mod writes;

pub use error::ClientError;
pub use lines::Lines;
pub use request::{EventQuery, LogQuery, ReadAt, Write};
pub use transport::Tagged;

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gantry_events::{Millis, Time};
use reqwest::Url;

/// One api, asked as one principal.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    token: Option<String>,
    http: reqwest::Client,
    /// Time that an answer may take; none where that is left to the network.
    within: Option<Millis>,
    /// Milliseconds since the epoch, of the last answer that had a date; 0 before.
    date: Arc<AtomicI64>,
}

type Answer<T> = Result<T, ClientError>;

impl Client {
    /// A client of the api at `url` (`http://127.0.0.1:7070`), with a bearer token if there is one.
    pub fn new(url: &str, token: Option<String>) -> Answer<Self> {
        let unusable = |e: &dyn Display| ClientError::Address {
            url: url.to_owned(),
            cause: e.to_string(),
        };
        let base: Url = url.parse().map_err(|e| unusable(&e))?;
        if base.cannot_be_a_base() || !base.has_host() {
            return Err(unusable(&"it names no host"));
        }
        let http = reqwest::Client::builder()
            .build()
            .map_err(|e| unusable(&e))?;
        let date = Arc::default();
        Ok(Self {
            base,
            token,
            http,
            within: None,
            date,
        })
    }

    /// The same, which waits no longer than this for an answer, or for a stream to begin.
    pub fn answered_within(mut self, within: Millis) -> Self {
        self.within = Some(within);
        self
    }

    /// What the api's clock said with its last answer, in whole seconds: the now of what was read. None
    /// before the first answer.
    pub fn date(&self) -> Option<Time> {
        let date = self.date.load(Ordering::Relaxed);
        (date > 0).then(|| Time::from_unix_millis(date))
    }
}
