//! What can go wrong with the file, and with a question to it.

use std::path::PathBuf;

use gantry_events::Seq;
use gantry_views::UnreadableDocument;

/// The store could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be used.
    #[error("the read model's folder {folder} cannot be used: {cause}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A message is missing before this one. Nothing was stored; feed from after `folded`.
    #[error(
        "the read model stands at {folded} and was given {given}: what lies between is missing"
    )]
    Gap {
        /// The last sequence folded.
        folded: Seq,
        /// The sequence that was given.
        given: Seq,
    },
    /// SQLite said no.
    #[error("the read model cannot be written: {0}")]
    Sqlite(#[from] sqlx::Error),
    /// The tables could not be made.
    #[error("the read model's tables cannot be made: {0}")]
    Tables(#[from] sqlx::migrate::MigrateError),
    /// What is stored cannot be read back. Opened anew, the store makes itself again.
    #[error("the read model is damaged: {0}")]
    Damaged(#[from] UnreadableDocument),
}

/// A question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The past that is asked for has not come yet.
    #[error("sequence {asked} is in the future; the read model has reached {reached}")]
    InFuture {
        /// The sequence that was asked for.
        asked: Seq,
        /// The last one folded.
        reached: Seq,
    },
    /// SQLite said no.
    #[error("the read model cannot be read: {0}")]
    Sqlite(#[from] sqlx::Error),
    /// What is stored cannot be read: it is of another version, or damaged.
    #[error("the read model holds what cannot be read: {0}")]
    Unreadable(String),
    /// The store is closed.
    #[error("the read model is closed")]
    Closed,
}
