//! `Line`: one connection to a replica. It moves only while whoever uses it polls it, in one task with the client's
//! own connection: a request and its answer then cost no hop from task to task or from thread to thread. Idle in the
//! pool, nobody polls it; that it was closed meanwhile is seen when it is looked at again.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use gantry_events::Millis;
use gantry_runtime::Lane;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::body::Upload;
use crate::replica::Replica;
use crate::socket::{Announced, Sending, Socket};
use crate::stall::Stall;

type Connection = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// One connection to a replica.
pub(crate) struct Line {
    /// Whose thread its socket wakes; on another it would work, slowly.
    pub(crate) lane: Lane,
    sender: SendRequest<Upload>,
    announced: Announced,
    wire: Wire,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// How long neither a request's body moves nor an answer begins.
    silence: Stall,
}

/// How a connection is.
enum Wire {
    Open(Connection),
    /// Closed by either side, or handed over to a tunnel.
    Ended,
    /// Cut by us: what was on its way is not whole.
    Cut,
}

/// No answer came over a line.
pub(crate) enum Unanswered {
    /// It was closed, or what came is no answer.
    Failed(Box<TrySendError<Request<Upload>>>),
    /// Nothing moved for too long.
    StoodStill,
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

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = match self.wire {
            Wire::Open(_) => "open",
            Wire::Ended => "ended",
            Wire::Cut => "cut",
        };
        f.debug_struct("Line").field("wire", &wire).finish()
    }
}

impl Line {
    /// Connects to a replica within the time given. `answer_within` is how long an answer may keep it waiting.
    pub(crate) async fn to(
        replica: &Replica,
        within: Millis,
        answer_within: Millis,
    ) -> Result<Self, ConnectError> {
        let connecting = TcpStream::connect(replica.address);
        let stream = tokio::time::timeout(within.duration(), connecting)
            .await
            .map_err(|_| ConnectError::TimedOut(within))??;
        let socket = Socket::of(stream)?;
        let announced = socket.announced();
        let (sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        Ok(Self {
            lane: Lane::here(),
            sender,
            announced,
            wire: Wire::Open(Box::pin(connection.with_upgrades())),
            cut: Box::pin(replica.cut.clone().cancelled_owned()),
            silence: Stall::new(answer_within),
        })
    }

    /// Whether a request can be sent on it. Nobody is woken by it from here on until it is used again.
    pub(crate) fn is_ready(&mut self) -> bool {
        let _ = self.drive(&mut Context::from_waker(Waker::noop()));
        matches!(self.wire, Wire::Open(_)) && self.sender.is_ready()
    }

    /// Whether it was cut by us.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.wire, Wire::Cut)
    }

    /// It carries a tunnel's bytes from here on.
    pub(crate) fn become_tunnel(&self) {
        self.announced.sends(Sending::Tunnel);
    }

    /// Moves what is on its way; ready once the connection is over.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Wire::Open(connection) = &mut self.wire else {
            return Poll::Ready(());
        };
        if self.cut.as_mut().poll(cx).is_ready() {
            self.wire = Wire::Cut;
            return Poll::Ready(());
        }
        if let Err(error) = ready!(connection.as_mut().poll(cx)) {
            // Whoever waits for an answer on it is told by the request itself.
            tracing::debug!(%error, "a connection to a replica ended");
        }
        self.wire = Wire::Ended;
        Poll::Ready(())
    }

    /// Sends a request and waits for the head of its answer. `wait` is called once all of the request was sent,
    /// as before that it may be the client who is slow; what it gives is kept until the waiting is over.
    pub(crate) async fn ask<W>(
        &mut self,
        request: Request<Upload>,
        wait: impl Fn() -> W,
    ) -> Result<Response<Incoming>, Unanswered> {
        self.announced.sends(Sending::of(request.body()));
        let progress = request.body().progress();
        let mut before = progress.frames();
        let mut waiting = None;
        self.silence.moved();
        // Only driving brings the answer, right before it is looked at: so it has nobody to wake, and no need to
        // let others go first.
        let mut sent = pin!(unconstrained(self.sender.try_send_request(request)));
        poll_fn(|cx| {
            let _ = self.drive(cx);
            let unwoken = &mut Context::from_waker(Waker::noop());
            if let Poll::Ready(sent) = sent.as_mut().poll(unwoken) {
                return Poll::Ready(sent.map_err(|failed| Unanswered::Failed(Box::new(failed))));
            }
            if waiting.is_none() && progress.is_sent() {
                waiting = Some(wait());
            }
            if before != progress.frames() {
                before = progress.frames();
                self.silence.moved();
            }
            ready!(self.silence.poll(cx));
            Poll::Ready(Err(Unanswered::StoodStill))
        })
        .await
    }
}
