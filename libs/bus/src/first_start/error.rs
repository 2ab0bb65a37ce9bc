//! Why a first start stopped, each with what to do about it.

use std::time::Duration;

use crate::{BusError, StreamError};

/// The first start stopped. What it wrote so far stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The secrets cannot be read.
    #[error(
        "{path} holds no secrets that can be read ({cause}); restore it from a backup, or remove the whole system"
    )]
    Secrets {
        /// The file.
        path: String,
        /// What is wrong.
        cause: String,
    },
    /// The secrets are gone while what follows from them is there.
    #[error(
        "{config} was written by an earlier first start, but its secrets are gone from {secrets}; restore them from a backup, or remove the whole system to begin anew"
    )]
    SecretsLost {
        /// What is there.
        config: String,
        /// What is not.
        secrets: String,
    },
    /// The secrets are another cluster's.
    #[error(
        "the secrets are those of cluster `{found}`, not `{asked}`; give this system folders of its own"
    )]
    OtherCluster {
        /// Whose they are.
        found: String,
        /// What was asked for.
        asked: String,
    },
    /// The server was not ready in time.
    #[error("the log's server at {url} was not ready within {deadline:?}: {last}")]
    NotReady {
        /// Where.
        url: String,
        /// How long was waited.
        deadline: Duration,
        /// What it said last.
        last: String,
    },
    /// The server holds another log.
    #[error(
        "the log at {url} is not the one of these secrets ({what}); give the server its own data folder back, or restore the secrets that belong to it"
    )]
    OtherLog {
        /// Where.
        url: String,
        /// How that shows.
        what: String,
    },
    /// The connection cannot be begun.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The stream is not as it must be.
    #[error(transparent)]
    Stream(#[from] StreamError),
}
