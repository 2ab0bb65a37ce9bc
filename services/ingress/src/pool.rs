//! Kept connections to one replica: bounded, closed when idle for too long, newest first.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use gantry_events::Millis;
use gantry_runtime::Process;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustix::net::sockopt;
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

    /// The connection used last of those that are ready. It may be closed at any moment all the same.
    pub(crate) fn take(&self) -> Option<Sender> {
        let mut kept = self.kept();
        let ready = kept.iter().rposition(|kept| kept.sender.is_ready())?;
        Some(kept.remove(ready).sender)
    }

    /// Keeps a connection whose last answer has ended, if there is room. It need not be ready yet: its task
    /// may have the end still before it.
    pub(crate) fn put(&self, sender: Sender, now: Millis) {
        if sender.is_closed() {
            return;
        }
        let mut kept = self.kept();
        if kept.len() < self.most {
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
/// closed from either side, becomes a tunnel, or the replica is cut.
pub(crate) async fn connect(
    process: &Process,
    replica: &Arc<Replica>,
    within: Millis,
) -> Result<Sender, ConnectError> {
    let connecting = TcpStream::connect(replica.address);
    let stream = tokio::time::timeout(within.duration(), connecting)
        .await
        .map_err(|_| ConnectError::TimedOut(within))??;
    notice_loss(&stream)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let cut = replica.cut.clone();
    process.serve_one("replica connection", async move {
        let ended = tokio::select! {
            ended = connection.with_upgrades() => ended,
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

/// Has the kernel find out when the machine at the other end is no more: what is in flight there would else
/// wait as long as the longest answer may take. A process that merely hangs is none of its business.
fn notice_loss(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(2))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(1))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    // What was sent and is not acknowledged stops the probes above; this is for then, in milliseconds.
    Ok(sockopt::set_tcp_user_timeout(stream, 5000)?)
}
