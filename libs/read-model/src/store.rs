//! `Store`: the one writer, which file it writes, and the change to a newly made one.

use std::path::Path;

use gantry_events::{LogId, Seq};
use gantry_views::FOLD_VERSION;
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};
use tokio::sync::watch;

use crate::files::{self, File};
use crate::{LogMessage, Reader, StoreError, writer};

/// The read model of one instance, open for writing. There is one for a folder.
#[derive(Debug)]
pub struct Store {
    writer: SqliteConnection,
    folded: Seq,
    file: File,
    live: watch::Sender<Live>,
    /// What is read until the file being made has caught up with it.
    before: Option<File>,
}

/// What readers read.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub pool: SqlitePool,
    pub seq: Seq,
}

impl Store {
    /// Opens the read model of this log in a folder, making both where they are missing. A file made
    /// by other folds goes on being read until its successor, made beside it, has come as far; one that
    /// is damaged is made anew, and files of other logs are removed.
    pub async fn open(folder: &Path, log: LogId) -> Result<Self, StoreError> {
        let unusable = |cause| StoreError::Folder {
            folder: folder.to_owned(),
            cause,
        };
        let file = File::of(folder, log, FOLD_VERSION);
        let (ours, others): (Vec<_>, Vec<_>) = files::all_in(folder)
            .map_err(unusable)?
            .into_iter()
            .filter(|other| *other != file)
            .partition(|other| other.log == log);
        others.iter().try_for_each(File::remove).map_err(unusable)?;
        let (writer, folded) = match open_file(&file).await {
            Ok(opened) => opened,
            Err(e) => {
                tracing::warn!(cause = %e, "the read model cannot be used; making it anew from the log");
                file.remove().map_err(unusable)?;
                open_file(&file).await?
            }
        };
        let (live, before) = what_to_read(&file, folded, ours).await.map_err(unusable)?;
        Ok(Self {
            writer,
            folded,
            file,
            live: watch::Sender::new(live),
            before,
        })
    }

    /// The last sequence folded; feed from after it.
    pub fn folded(&self) -> Seq {
        self.folded
    }

    /// Whether it is being made beside an older one, which is read meanwhile.
    pub fn is_rebuilding(&self) -> bool {
        self.before.is_some()
    }

    /// Something to read with. Clones share their connections.
    pub fn reader(&self) -> Reader {
        Reader::new(self.live.subscribe())
    }

    /// Takes messages in the log's order, all or none, in one transaction. What it has folded already
    /// is passed over. Dropped half-way, it has stored nothing.
    pub async fn apply(&mut self, messages: &[LogMessage]) -> Result<Seq, StoreError> {
        let folded = writer::apply(&mut self.writer, self.folded, messages).await?;
        self.folded = folded;
        match &self.before {
            None => self.live.send_modify(|live| live.seq = folded),
            Some(_) if folded >= self.live.borrow().seq => self.swap().await?,
            Some(_) => {}
        }
        Ok(folded)
    }

    /// Closes the file after the last read.
    pub async fn close(self) -> Result<(), StoreError> {
        let pool = self.live.borrow().pool.clone();
        pool.close().await;
        Ok(self.writer.close().await?)
    }

    async fn swap(&mut self) -> Result<(), StoreError> {
        let live = Live {
            pool: self.file.to_read(),
            seq: self.folded,
        };
        let old = self.live.send_replace(live);
        // Reads that began on the old file end on it.
        old.pool.close().await;
        if let Some(file) = self.before.take() {
            file.remove().map_err(|cause| StoreError::Folder {
                folder: file.path.clone(),
                cause,
            })?;
        }
        Ok(())
    }
}

/// Opens a file, checks that it is whole, and makes its tables.
async fn open_file(file: &File) -> Result<(SqliteConnection, Seq), StoreError> {
    let mut writer = file.to_write().connect().await?;
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut writer)
        .await?;
    if verdict != "ok" {
        let cause = format!("the check of the file says: {verdict}");
        return Err(sqlx::Error::Protocol(cause).into());
    }
    sqlx::migrate!("../../migrations").run(&mut writer).await?;
    let seq: i64 = sqlx::query_scalar("SELECT seq FROM checkpoint")
        .fetch_one(&mut writer)
        .await?;
    Ok((writer, Seq(seq.cast_unsigned())))
}

/// The newest older file that can be read and has come further than ours; the rest is removed.
async fn what_to_read(
    file: &File,
    folded: Seq,
    older: Vec<File>,
) -> std::io::Result<(Live, Option<File>)> {
    let mut best: Option<(Live, File)> = None;
    for candidate in older.into_iter().rev() {
        let pool = candidate.to_read();
        let read: Result<i64, _> = sqlx::query_scalar("SELECT seq FROM checkpoint")
            .fetch_one(&pool)
            .await;
        let seq = Seq(read.unwrap_or(0).cast_unsigned());
        if best.is_none() && seq > folded {
            best = Some((Live { pool, seq }, candidate));
            continue;
        }
        pool.close().await;
        candidate.remove()?;
    }
    let ours = || Live {
        pool: file.to_read(),
        seq: folded,
    };
    Ok(match best {
        Some((live, older)) => (live, Some(older)),
        None => (ours(), None),
    })
}
