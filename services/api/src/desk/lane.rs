//! `Lane`: the commands for one decider, from request to log. At most one message is in flight on its
//! subject, with the commands of every request that came meanwhile in the next.

use std::collections::{BTreeMap, BTreeSet};

use gantry_api_core::{State, Verdict};
use gantry_bus::Appending;
use gantry_events::{Command, Decider, Digest, LogSubject, Millis, OperationId, Place, Time};
use gantry_runtime::Moment;
use tokio::sync::oneshot;

use super::{NotAccepted, Order};

/// A message closes at this size, unless one command alone is larger. Source: design, section 2.
const CLOSES_AT: usize = 512 * 1024;

/// Most commands of one message.
const MOST: usize = 100;

/// Rough size of a command besides its intent.
const FRAME: usize = 400;

/// Commands for one decider.
pub(super) struct Lane {
    pub(super) decider: Decider,
    pub(super) appending: Appending,
    waiting: Vec<Waiting>,
    /// What the last message brought, each with what was asked, until the log knows it. It may come late, when
    /// nobody waits for it any more.
    sent: BTreeMap<OperationId, Digest>,
}

struct Waiting {
    order: Order,
    since: Moment,
    reply: oneshot::Sender<Result<Place, NotAccepted>>,
}

impl Lane {
    pub(super) fn new(decider: Decider) -> Self {
        Self {
            decider,
            appending: Appending::default(),
            waiting: Vec::new(),
            sent: BTreeMap::new(),
        }
    }

    pub(super) fn subject(&self) -> LogSubject {
        LogSubject::Commands(self.decider)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn take(
        &mut self,
        order: Order,
        since: Moment,
        reply: oneshot::Sender<Result<Place, NotAccepted>>,
    ) {
        self.waiting.push(Waiting {
            order,
            since,
            reply,
        });
    }

    /// Answers every request whose operation the log knows, and those whose time is over. Requests
    /// that nobody waits for any more are dropped.
    pub(super) fn settle(&mut self, state: &State, within: Millis) {
        let mut left = Vec::with_capacity(self.waiting.len());
        for waiting in self.waiting.drain(..) {
            let is_sent = self.sent.contains_key(&waiting.order.operation);
            match waiting.answer(state, is_sent, within) {
                // Nobody listens only when the client has gone: then nobody needs the answer.
                Some(answer) => drop(waiting.reply.send(answer)),
                None if waiting.reply.is_closed() => {}
                None => left.push(waiting),
            }
        }
        self.waiting = left;
        let is_unknown = |operation: &OperationId, request: &mut Digest| {
            state.operations.verdict(*operation, *request).is_none()
        };
        self.sent.retain(is_unknown);
    }

    /// When the first of those that wait has waited long enough.
    pub(super) fn patience(&self, within: Millis) -> Option<Millis> {
        let waited = self.waiting.iter().map(|w| w.since.elapsed()).max()?;
        Some(Millis(within.0.saturating_sub(waited.0)))
    }

    /// The operations in the message in flight.
    pub(super) fn in_flight(&self) -> BTreeSet<OperationId> {
        self.sent.keys().copied().collect()
    }

    /// The commands of the next message, which is made once the log has shown what became of the last: none of
    /// `taken`, and no operation twice; what is left out is compared once the log shows the first.
    pub(super) fn batch(&mut self, mut taken: BTreeSet<OperationId>, now: Time) -> Vec<Command> {
        let mut size = 0;
        let mut commands = Vec::new();
        self.sent.clear();
        for waiting in &self.waiting {
            let more = FRAME + waiting.order.intent.file().map_or(0, str::len);
            let full = commands.len() >= MOST || (size + more > CLOSES_AT && !commands.is_empty());
            if full || !taken.insert(waiting.order.operation) {
                continue;
            }
            size += more;
            self.sent
                .insert(waiting.order.operation, waiting.order.request);
            commands.push(waiting.order.command(now));
        }
        commands
    }
}

impl Waiting {
    fn answer(
        &self,
        state: &State,
        is_sent: bool,
        within: Millis,
    ) -> Option<Result<Place, NotAccepted>> {
        let operation = self.order.operation;
        match state.operations.verdict(operation, self.order.request) {
            Some(Verdict::Accepted(place)) => Some(Ok(place)),
            Some(Verdict::Reused) => Some(Err(NotAccepted::Reused(operation))),
            None if self.since.elapsed() < within => None,
            None if is_sent => Some(Err(NotAccepted::Unsettled { operation, within })),
            None => Some(Err(NotAccepted::NotStored { within })),
        }
    }
}

impl Order {
    /// The command it becomes.
    pub(crate) fn command(&self, now: Time) -> Command {
        Command {
            operation: self.operation,
            actor: self.actor.clone(),
            time: now,
            request: self.request,
            traceparent: self.traceparent.clone(),
            intent: self.intent.clone(),
            unchanged_since: self.unchanged_since,
        }
    }
}
