//! Kept connections to one replica: bounded, closed when idle for too long, newest first.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use gantry_events::Millis;
use gantry_runtime::Process;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::body::Upload;
use crate::replica::Replica;

/// A connection on which a request can be sent.
pub(crate) type Sender = SendRequest<Upload>;

/// Idle connections to one replica.
#[derive(Debug)]
pub(crate) struct Pool {
    most: usize,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    sender: Sender,
    since: Millis,
}

impl Pool {
    /// A pool that keeps so many connections at most.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept
            .lock()
            .expect("nobody panics while holding the pool")
    }

    /// The connection used last, if it still stands. It may be closed at any moment all the same.
    pub(crate) fn take(&self) -> Option<Sender> {
        let mut kept = self.kept();
        while let Some(Kept { sender, .. }) = kept.pop() {
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    /// Keeps a connection that is ready for another request, if there is room.
    pub(crate) fn put(&self, sender: Sender, now: Millis) {
        let mut kept = self.kept();
        if kept.len() < self.most && sender.is_ready() {
            kept.push(Kept { sender, since: now });
        }
    }

    /// Closes connections that have been idle since before `oldest`, and forgets closed ones.
    pub(crate) fn prune(&self, oldest: Millis) {
        self.kept()
            .retain(|kept| kept.since >= oldest && !kept.sender.is_closed());
    }

    /// Closes all idle connections.
    pub(crate) fn close(&self) {
        self.kept().clear();
    }
}

/// A connection to a replica could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("no connection within {0}")]
    TimedOut(Millis),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
}

/// Connects to a replica within the time given. The connection runs as a task of its own, until it is
/// closed from either side or the replica is cut.
pub(crate) async fn connect(
    process: &Process,
    replica: &Arc<Replica>,
    within: Millis,
) -> Result<Sender, ConnectError> {
    let connecting = TcpStream::connect(replica.address);
    let stream = tokio::time::timeout(within.duration(), connecting)
        .await
        .map_err(|_| ConnectError::TimedOut(within))??;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let cut = replica.cut.clone();
    process.serve_one("replica connection", async move {
        let ended = tokio::select! {
            ended = connection => ended,
            () = cut.cancelled() => Ok(()),
        };
        if let Err(error) = ended {
            // Whoever waits for an answer on it is told by the connection itself.
            tracing::debug!(%error, "a connection to a replica ended");
        }
        Ok::<(), Infallible>(())
    });
    Ok(sender)
}
