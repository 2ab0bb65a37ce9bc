//! How long a client is waited for: a head that does not end, an answer that is not read, or not before the replica
//! it comes from is cut.
//!
//! Sits between the socket and hyper, which limits idle connections itself but knows one time-out for
//! idling and for reading a head; these two differ much.

use std::io::{self, Error, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use gantry_events::Millis;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::replica::Replica;
use crate::stall::Stall;

/// Whether a connection is between requests. Shared by the socket's guard and the service.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    served: AtomicU64,
    serving: AtomicBool,
    /// Whose answer goes out.
    replica: Mutex<Option<Arc<Replica>>>,
}

impl Turns {
    fn replica(&self) -> MutexGuard<'_, Option<Arc<Replica>>> {
        self.replica
            .lock()
            .expect("nobody panics while holding the replica")
    }
}

/// A request is being served, from its head's end to its answer's.
#[derive(Debug)]
pub(crate) struct Serving(Arc<Turns>);

impl Serving {
    /// A head was read.
    pub(crate) fn begin(turns: &Arc<Turns>) -> Self {
        turns.served.fetch_add(1, Ordering::Relaxed);
        turns.serving.store(true, Ordering::Relaxed);
        Self(turns.clone())
    }

    /// The answer of a replica goes out. It is not polled while the client reads none of it, so it is the socket
    /// that has to see when the replica is cut.
    pub(crate) fn answer_of(&self, replica: Arc<Replica>) {
        *self.0.replica() = Some(replica);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        *self.0.replica() = None;
        self.0.serving.store(false, Ordering::Relaxed);
    }
}

/// A client's socket, guarded.
#[derive(Debug)]
pub(crate) struct Patient {
    stream: TcpStream,
    turns: Arc<Turns>,
    head: Stall,
    /// After how many served requests a head began to come, if one does.
    head_since: Option<u64>,
    unread: Stall,
    /// That of the replica whose answer is not read, and for which request it was made.
    cut: Option<(u64, Pin<Box<WaitForCancellationFutureOwned>>)>,
}

impl Patient {
    /// Guards a socket: `head_within` from the first byte of a head to its last, `stall` for an answer
    /// of which the client takes no byte.
    pub(crate) fn new(
        stream: TcpStream,
        turns: Arc<Turns>,
        head_within: Millis,
        stall: Millis,
    ) -> Self {
        Self {
            stream,
            turns,
            head: Stall::new(head_within),
            head_since: None,
            unread: Stall::new(stall),
            cut: None,
        }
    }

    fn reading_head(&mut self) -> bool {
        let served = self.turns.served.load(Ordering::Relaxed);
        if self.turns.serving.load(Ordering::Relaxed)
            || self.head_since.is_some_and(|since| since != served)
        {
            self.head_since = None;
            self.head.moved();
        }
        self.head_since.is_some()
    }

    fn wait_written<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.unread.moved();
            return polled;
        }
        if self.poll_cut(cx).is_ready() {
            let gone = Error::new(ErrorKind::ConnectionAborted, "its replica was cut");
            return Poll::Ready(Err(gone));
        }
        self.unread.poll(cx).map(|()| {
            Err(timed_out(
                "the client took no byte of its answer for too long",
            ))
        })
    }

    /// Ready once the replica is cut whose answer goes out.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let served = self.turns.served.load(Ordering::Relaxed);
        let answering = self.turns.replica();
        let Some(replica) = answering.as_ref() else {
            return Poll::Pending;
        };
        let cut = self
            .cut
            .take_if(|(request, _)| *request == served)
            .unwrap_or_else(|| (served, Box::pin(replica.cut.clone().cancelled_owned())));
        drop(answering);
        self.cut.insert(cut).1.as_mut().poll(cx)
    }
}

fn timed_out(what: &'static str) -> Error {
    Error::new(ErrorKind::TimedOut, what)
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let reading_head = self.reading_head();
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before && !self.turns.serving.load(Ordering::Relaxed) {
            let served = self.turns.served.load(Ordering::Relaxed);
            self.head_since.get_or_insert(served);
        }
        if polled.is_pending() && reading_head {
            // Not `moved` by single bytes: the whole head has this long.
            return self
                .head
                .poll(cx)
                .map(|()| Err(timed_out("the client took too long for a request's head")));
        }
        polled
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wait_written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wait_written(cx, polled)
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
