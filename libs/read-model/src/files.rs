//! The files of a read model: named by log and version of the folds, so that a new one is made beside
//! the one that is read.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gantry_events::LogId;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// Most readers at once; more wait. SQLite reads in parallel, so some more than the processors.
const READERS: u32 = 8;
/// How long a connection waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(5);
const SUFFIX: &str = ".sqlite";

/// A file, by what its name says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct File {
    pub version: u32,
    pub log: LogId,
    pub path: PathBuf,
}

impl File {
    /// The file of this log's read model, made by folds of this version.
    pub fn of(folder: &Path, log: LogId, version: u32) -> Self {
        let path = folder.join(format!("{log}-v{version}{SUFFIX}"));
        Self { version, log, path }
    }

    fn read(folder: &Path, name: &str) -> Option<Self> {
        let (log, version) = name.strip_suffix(SUFFIX)?.rsplit_once("-v")?;
        Some(Self::of(folder, log.parse().ok()?, version.parse().ok()?))
    }

    /// Removes the file and what SQLite keeps beside it.
    pub fn remove(&self) -> io::Result<()> {
        for end in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            match std::fs::remove_file(path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// For the one connection that writes. The file is disposable, so losing its last moments to a
    /// power cut is fine: NORMAL never damages a file in WAL mode.
    pub fn to_write(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE)
    }

    /// Connections that only read; opened as they are needed.
    pub fn to_read(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .busy_timeout(PATIENCE);
        SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(options)
    }
}

/// Every file of a read model in this folder, made if missing.
pub(crate) fn all_in(folder: &Path) -> io::Result<Vec<File>> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        files.extend(name.to_str().and_then(|name| File::read(folder, name)));
    }
    files.sort();
    Ok(files)
}
