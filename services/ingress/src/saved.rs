//! The last table, kept on disk, so that the ingress routes before the control plane is up.

use std::io;
use std::path::{Path, PathBuf};

use gantry_events::RouteTable;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

/// Where the last table is kept.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    path: PathBuf,
}

impl Saved {
    /// At this path, in a folder that exists.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// The table saved last. What cannot be read is told and left out: lb-sync has a newer one.
    pub(crate) async fn load(&self) -> Option<RouteTable> {
        let bytes = match fs::read(&self.path).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the saved table cannot be read");
                return None;
            }
        };
        serde_json::from_slice(&bytes)
            .inspect_err(|error| tracing::warn!(path = %self.path.display(), %error, "the saved table makes no sense"))
            .ok()
    }

    /// Saves a table so that a power loss leaves this one or the one before, whole.
    pub(crate) async fn save(&self, table: &RouteTable) -> io::Result<()> {
        let aside = self.path.with_extension("new");
        let mut file = File::create(&aside).await?;
        file.write_all(&serde_json::to_vec(table)?).await?;
        file.sync_all().await?;
        fs::rename(&aside, &self.path).await?;
        match self.path.parent() {
            Some(folder) => File::open(folder).await?.sync_all().await,
            None => Ok(()),
        }
    }
}
