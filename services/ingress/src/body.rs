//! Bodies on their way through, frame by frame, nothing buffered: the reader's pace is the writer's.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::line::Line;
use crate::patience::Serving;
use crate::replica::Flight;
use crate::stall::Stall;
use crate::uptime::Uptime;

/// A body was cut: its reader gets an incomplete message, never a seemingly whole one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cut {
    #[error("{0}")]
    Broken(#[from] hyper::Error),
    #[error("not a byte of the answer came for too long")]
    Stalled,
    #[error("its replica's time to drain, or that of the ingress to stop, is over")]
    Severed,
}

/// How far the body of a request is. Shared with who waits for the answer's head.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    frames: AtomicU64,
    client_waited_for: AtomicBool,
    sent: AtomicBool,
}

impl Progress {
    fn of(inner: Option<&Incoming>) -> Arc<Self> {
        Arc::new(Self {
            sent: AtomicBool::new(inner.is_none_or(Body::is_end_stream)),
            ..Self::default()
        })
    }

    /// Frames passed on so far.
    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Whether the client is who holds it up.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.client_waited_for.load(Ordering::Relaxed)
    }

    /// Whether all of it was passed on.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }
}

/// The body of a request, from the client to a replica.
#[derive(Debug)]
pub(crate) struct Upload {
    inner: Option<Incoming>,
    progress: Arc<Progress>,
}

impl Upload {
    /// A body that is yet to be read.
    pub(crate) fn new(inner: Incoming) -> Self {
        Self {
            progress: Progress::of(Some(&inner)),
            inner: Some(inner),
        }
    }

    /// No body.
    pub(crate) fn empty() -> Self {
        Self {
            inner: None,
            progress: Progress::of(None),
        }
    }

    /// How far it is.
    pub(crate) fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { inner, progress } = &mut *self;
        let Some(inner) = inner else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut *inner).poll_frame(cx);
        progress
            .client_waited_for
            .store(polled.is_pending(), Ordering::Relaxed);
        if polled.is_ready() {
            progress.frames.fetch_add(1, Ordering::Relaxed);
            let sent = matches!(polled, Poll::Ready(None)) || inner.is_end_stream();
            progress.sent.store(sent, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// The body of an answer. While it lives, the connection it goes out on is serving.
#[derive(Debug)]
pub(crate) struct Answer {
    content: Content,
    _serving: Option<Serving>,
}

#[derive(Debug)]
enum Content {
    Own(Full<Bytes>),
    Replica(Download),
}

impl Answer {
    /// An answer of the ingress itself.
    pub(crate) fn own(text: Bytes, serving: Serving) -> Self {
        Self {
            content: Content::Own(Full::new(text)),
            _serving: Some(serving),
        }
    }

    /// No body: the connection goes on as a tunnel, which is what serves now.
    pub(crate) fn of_tunnel() -> Self {
        Self {
            content: Content::Own(Full::default()),
            _serving: None,
        }
    }

    /// An answer of a replica.
    pub(crate) fn of_replica(download: Download, serving: Serving) -> Self {
        Self {
            content: Content::Replica(download),
            _serving: Some(serving),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut self.content {
            Content::Own(full) => {
                let frame = ready!(Pin::new(full).poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(|never: Infallible| match never {})))
            }
            Content::Replica(download) => download.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Own(full) => full.is_end_stream(),
            Content::Replica(download) => download.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Own(full) => full.size_hint(),
            Content::Replica(download) => download.inner.size_hint(),
        }
    }
}

/// The body of an answer, from a replica to the client. Dropped at its end it gives the connection
/// back to the replica's pool; dropped before, it closes it. Either way the request's flight is over.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) inner: Incoming,
    /// Its end was read; that of a body without a length shows in nothing else.
    pub(crate) ended: bool,
    pub(crate) line: Option<Line>,
    pub(crate) flight: Flight,
    pub(crate) stall: Stall,
    pub(crate) uptime: Uptime,
}

impl Download {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let mut polled = self.poll_read();
        if polled.is_pending()
            && let Some(line) = &mut self.line
        {
            let _ = line.drive(cx);
            if line.is_cut() {
                return Poll::Ready(Some(Err(Cut::Severed)));
            }
            polled = self.poll_read();
        }
        if let Poll::Ready(frame) = polled {
            self.ended = frame.is_none();
            self.stall.moved();
            return Poll::Ready(frame.map(|frame| frame.map_err(Cut::from)));
        }
        ready!(self.stall.poll(cx));
        Poll::Ready(Some(Err(Cut::Stalled)))
    }

    /// What the line has brought so far. Only driving the line brings more, so nobody has to be woken here.
    fn poll_read(&mut self) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let unwoken = &mut Context::from_waker(Waker::noop());
        Pin::new(&mut self.inner).poll_frame(unwoken)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if let Some(line) = self.line.take()
            && (self.ended || self.inner.is_end_stream())
        {
            self.flight.replica.keep(line, self.uptime.now());
        }
    }
}
