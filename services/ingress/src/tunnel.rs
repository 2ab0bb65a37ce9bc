//! `Tunnel`: a connection after its upgrade. Bytes pass both ways as they come, each side may end its own
//! way first, and the request that began it is in flight until both have.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use gantry_events::Millis;
use gantry_runtime::Process;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};

use crate::line::Line;
use crate::patience::Serving;
use crate::replica::Flight;

/// Two connections that become one.
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// That from the client.
    pub(crate) client: OnUpgrade,
    /// That to the replica.
    pub(crate) replica: OnUpgrade,
    /// What brings that one to its switch.
    pub(crate) line: Line,
    /// Holds the replica while it drains.
    pub(crate) flight: Flight,
    /// Keeps the client's socket from waiting for another head.
    pub(crate) serving: Serving,
}

/// A tunnel ended otherwise than by both sides' will.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Collapse {
    #[error("the switch was not completed: {0}")]
    Switch(#[from] hyper::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("nothing was said in it for too long")]
    Idle,
    #[error("its replica's time to drain, or that of the ingress to stop, is over")]
    Cut,
}

impl Tunnel {
    /// Carries bytes until both sides have ended, one breaks off, neither says anything for `idle` to
    /// twice that, or the replica is cut. Dropped half-way, both connections are closed.
    pub(crate) async fn carry(self, process: &Process, idle: Millis) -> Result<(), Collapse> {
        let Self {
            client,
            replica,
            mut line,
            flight,
            serving: _serving,
        } = self;
        line.become_tunnel();
        let moved = Arc::new(AtomicU64::new(0));
        let carried = async {
            let replica = async {
                poll_fn(|cx| line.drive(cx)).await;
                replica.await
            };
            let (client, replica) = tokio::try_join!(client, replica)?;
            let (mut client, mut replica) = (Side::of(client, &moved), Side::of(replica, &moved));
            copy_bidirectional(&mut client, &mut replica).await?;
            Ok(())
        };
        tokio::select! {
            ended = carried => ended,
            () = stands_still(process, &moved, idle) => Err(Collapse::Idle),
            () = flight.replica.cut.cancelled() => Err(Collapse::Cut),
        }
    }
}

async fn stands_still(process: &Process, moved: &AtomicU64, idle: Millis) {
    loop {
        let before = moved.load(Ordering::Relaxed);
        process.sleep(idle).await;
        if moved.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

/// One side, which counts what was read from it.
struct Side {
    io: TokioIo<Upgraded>,
    moved: Arc<AtomicU64>,
}

impl Side {
    fn of(upgraded: Upgraded, moved: &Arc<AtomicU64>) -> Self {
        Self {
            io: TokioIo::new(upgraded),
            moved: moved.clone(),
        }
    }
}

impl AsyncRead for Side {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        if polled.is_ready() {
            self.moved.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Side {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
