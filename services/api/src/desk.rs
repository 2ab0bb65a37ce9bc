//! The desk: where requests become commands in the log, and where nodes are admitted.
//!
//! [`Desk`] is what handlers hold; behind it one task, the clerk, folds the log and owns every append.
//! Only the log settles a command: what it shows is answered, nothing else is. Leaves to others: who
//! asks and what for (handlers), what becomes of a command (its decider).

mod clerk;
mod known;
mod lane;
mod notices;
mod reader;

pub(crate) use clerk::{Clerk, Keys, Onward, Surroundings};
pub(crate) use reader::{Heard, Reader};

use gantry_api_core::JoinRefusal;
use gantry_events::{Actor, Digest, Intent, MachineId, NodeId, OperationId, Place, Seq};
use tokio::sync::{mpsc, oneshot};

/// A command that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub operation: OperationId,
    /// Digest of method, path and body.
    pub request: Digest,
    pub actor: Actor,
    pub traceparent: Option<String>,
    /// The sequence of the read it is based on, if it is on one.
    pub unchanged_since: Option<Seq>,
    pub intent: Intent,
}

/// A node that asks to join.
#[derive(Clone, Debug)]
pub(crate) struct Applicant {
    pub machine: MachineId,
    pub token: String,
    pub public_key: String,
}

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAccepted {
    #[error("too many commands wait to be written; nothing was stored, try again in a second")]
    Busy,
    #[error("{0}; nothing was stored")]
    Closed(String),
    #[error(
        "the log could not be written within {within}; nothing was stored, try again with the same Idempotency-Key"
    )]
    NotStored { within: gantry_events::Millis },
    #[error(
        "the log has not said within {within} whether it holds the command; operation {operation} may still appear: look for it at /v1/operations/{operation}, or try again with the same Idempotency-Key"
    )]
    Unsettled {
        operation: OperationId,
        within: gantry_events::Millis,
    },
    #[error(
        "this Idempotency-Key names operation {0}, which was another request; use a key of its own for each request"
    )]
    Reused(OperationId),
}

/// Why a node was not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAdmitted {
    #[error("the join token is not the one of machine {0} and its latest attempt")]
    Token(MachineId),
    #[error(transparent)]
    Refused(#[from] JoinRefusal),
    #[error("the log could not be written in time; try again with the same key")]
    Unsettled,
}

/// What handlers ask of the clerk.
#[derive(Debug)]
pub(crate) enum Request {
    Command(Order, oneshot::Sender<Result<Place, NotAccepted>>),
    Join(Applicant, oneshot::Sender<Result<NodeId, NotAdmitted>>),
}

/// The way to the clerk. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    requests: mpsc::Sender<Request>,
}

impl Desk {
    /// A desk with room for so many requests, and where the clerk takes them from.
    pub(crate) fn open(room: usize) -> (Self, mpsc::Receiver<Request>) {
        let (requests, inbox) = mpsc::channel(room.max(1));
        (Self { requests }, inbox)
    }

    /// Has a command written; the answer is where it stands. Dropped half-way, the command may be
    /// written or not, as after a lost answer.
    pub(crate) async fn accept(&self, order: Order) -> Result<Place, NotAccepted> {
        let operation = order.operation;
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.try_send(Request::Command(order, reply));
        sent.map_err(|_| NotAccepted::Busy)?;
        let within = gantry_events::Millis(0);
        let gone = NotAccepted::Unsettled { operation, within };
        answer.await.unwrap_or(Err(gone))
    }

    /// Has a node admitted; the answer is which one it is.
    pub(crate) async fn admit(&self, applicant: Applicant) -> Result<NodeId, NotAdmitted> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.try_send(Request::Join(applicant, reply));
        sent.map_err(|_| NotAdmitted::Unsettled)?;
        answer.await.unwrap_or(Err(NotAdmitted::Unsettled))
    }
}
