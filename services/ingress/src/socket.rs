//! `Socket`: the connection to a replica's machine, which finds out in a few seconds when that is no more. What
//! waits for it would else do so as long as the longest answer may take.
//!
//! Two of the kernel's limits are needed. It asks a silent machine whether it is there, but not while bytes are
//! unacknowledged; those have a limit of their own. That one runs as well while a replica that is well reads nothing,
//! so it depends on what is sent: what a replica's machine takes whole is acknowledged at once or never, a long body
//! may be left to wait, and has its own limits on standing still.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Body;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of a body that a machine takes whether or not its replica reads: half of the 64 KiB or so that Linux gives a
/// new connection. The head is not counted and comes on top, up to `http_head_bytes` (by default 32 KiB): only both
/// at their largest fill that room to the brim.
const TAKEN_WHOLE: u64 = 32 * 1024;

/// What bytes that are sent are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// A request that is acknowledged whether or not the replica reads it.
    Short,
    /// A body that waits in the kernel until the replica reads on.
    Long,
    /// A tunnel's: those of somebody who reads nothing for so long are not worth waiting for.
    Tunnel,
}

impl Sending {
    /// What a request with this body is.
    pub(crate) fn of(body: &impl Body) -> Self {
        match body.size_hint().upper() {
            Some(size) if size <= TAKEN_WHOLE => Self::Short,
            Some(_) | None => Self::Long,
        }
    }

    /// Milliseconds that bytes may be unacknowledged; zero is the kernel's own quarter of an hour.
    fn limit(self) -> u32 {
        match self {
            Self::Short => 5_000,
            Self::Long => 0,
            Self::Tunnel => 10_000,
        }
    }
}

/// Says from outside what a socket sends next.
#[derive(Clone, Debug)]
pub(crate) struct Announced(Arc<AtomicU32>);

impl Announced {
    /// All that is sent from here on is this.
    pub(crate) fn sends(&self, what: Sending) {
        self.0.store(what.limit(), Ordering::Relaxed);
    }
}

/// A connection to a replica's machine.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    announced: Announced,
    /// The limit that the kernel keeps to now.
    limit: u32,
}

impl Socket {
    /// Guards a connection that was just made.
    pub(crate) fn of(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(&stream, true)?;
        sockopt::set_tcp_keepidle(&stream, Duration::from_secs(2))?;
        sockopt::set_tcp_keepintvl(&stream, Duration::from_secs(1))?;
        // As long as there is no limit on unacknowledged bytes, which takes the place of this one.
        sockopt::set_tcp_keepcnt(&stream, 3)?;
        Ok(Self {
            stream,
            announced: Announced(Arc::default()),
            limit: Sending::Long.limit(),
        })
    }

    /// Where to say what is sent next.
    pub(crate) fn announced(&self) -> Announced {
        self.announced.clone()
    }

    /// Keeps to the limit of what is sent now. A request on a kept connection is most often of the last one's kind.
    fn heed(&mut self) -> io::Result<()> {
        let limit = self.announced.0.load(Ordering::Relaxed);
        if limit != self.limit {
            sockopt::set_tcp_user_timeout(&self.stream, limit)?;
            self.limit = limit;
        }
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.heed()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.heed()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
