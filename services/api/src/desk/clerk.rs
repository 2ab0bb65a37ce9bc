//! The clerk: one task that folds the log, writes what is asked for, and answers by what the log shows.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use gantry_bus::{
    Append, AppendOutcome, Appending, ControlKey, JoinKey, Link, Log, Message, Stored,
};
use gantry_events::{
    CommandBatch, Decider, LogId, LogSubject, Millis, OperationId, Seq, Time, Writer,
};
use gantry_runtime::{Condition, Process};
use tokio::sync::{mpsc, watch};

use super::known::Known;
use super::lane::Lane;
use super::notices::Notices;
use super::{Heard, NotAccepted, Request};

/// Longest wait before deadlines are looked at again.
const LOOK_AGAIN: Millis = Millis(1000);

/// The keys the clerk works with.
pub(crate) struct Keys {
    pub(crate) log: LogId,
    pub(crate) control: ControlKey,
    pub(crate) join: JoinKey,
}

/// One message of the log on its way to the read model; a void one has no content.
#[derive(Debug)]
pub(crate) struct Onward {
    pub(crate) seq: Seq,
    pub(crate) subject: String,
    pub(crate) message: Option<Message>,
}

/// What the clerk needs of its surroundings.
pub(crate) struct Surroundings<L> {
    pub(crate) log: L,
    pub(crate) onward: mpsc::Sender<Onward>,
    /// Why no command is taken now, if none is.
    pub(crate) closed: watch::Receiver<Option<String>>,
    /// Whether the bus is there. Nothing is begun while it is not, so that it surely is not stored.
    pub(crate) link: watch::Receiver<Link>,
    pub(crate) caught_up: Condition,
    /// Time a request may take to be settled.
    pub(crate) within: Millis,
    /// Requests that may wait.
    pub(crate) room: usize,
}

/// One task's work.
pub(crate) struct Clerk<L> {
    process: Process,
    around: Surroundings<L>,
    known: Known,
    /// The log's end when it was last followed anew; none before.
    goal: Option<Seq>,
    lanes: [Lane; 2],
    notices: Notices,
    sending: FuturesUnordered<BoxFuture<'static, (LogSubject, AppendOutcome)>>,
}

/// The clerk has stopped working.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClerkError {
    #[error("the read model takes no more messages")]
    Onward,
    #[error("the log is followed no more")]
    Unheard,
}

impl<L: Log + Clone + 'static> Clerk<L> {
    pub(crate) fn new(process: &Process, keys: Keys, around: Surroundings<L>) -> Self {
        Self {
            process: process.clone(),
            around,
            known: Known::new(keys.log, keys.control),
            goal: None,
            lanes: Decider::ALL.map(Lane::new),
            notices: Notices::new(keys.join),
            sending: FuturesUnordered::new(),
        }
    }

    /// Works until the process stops.
    pub(crate) async fn run(
        mut self,
        mut heard: mpsc::Receiver<Heard>,
        mut requests: mpsc::Receiver<Request>,
    ) -> Result<(), ClerkError> {
        let stopping = self.process.stopping();
        let process = self.process.clone();
        loop {
            let patience = self.patience();
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                heard = heard.recv() => match heard {
                    Some(heard) => self.hear(heard).await?,
                    // The reader ends a moment before the others when the process stops.
                    None if stopping.is_cancelled() => return Ok(()),
                    None => return Err(ClerkError::Unheard),
                },
                Some(request) = requests.recv(), if self.has_room() => self.take(request),
                Some((subject, outcome)) = self.sending.next() => self.answered(&subject, &outcome),
                () = process.sleep(patience) => {}
            }
            self.settle();
            self.write();
        }
    }

    fn is_live(&self) -> bool {
        self.goal.is_some_and(|goal| self.known.folded >= goal)
    }

    fn has_room(&self) -> bool {
        let waiting: usize = self.lanes.iter().map(Lane::len).sum();
        waiting + self.notices.len() < self.around.room
    }

    /// Time until the first deadline: of a request, or of an append that is tried again.
    fn patience(&self) -> Millis {
        let now = self.process.clock.now();
        let (lanes, within) = (self.lanes.iter(), self.around.within);
        let waits = lanes.clone().filter_map(|lane| lane.patience(within));
        let retries = lanes
            .map(|lane| &lane.appending)
            .chain([&self.notices.appending])
            .filter_map(Appending::retry_at)
            .map(|at| at.since(now));
        let all = waits.chain(self.notices.patience(within)).chain(retries);
        all.min().unwrap_or(LOOK_AGAIN).clamp(Millis(5), LOOK_AGAIN)
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), ClerkError> {
        match heard {
            Heard::Tail(tail) => self.goal = Some(tail),
            Heard::Stored(stored) => self.fold(*stored).await?,
        }
        if self.is_live() {
            self.around.caught_up.met();
        }
        Ok(())
    }

    async fn fold(&mut self, stored: Stored) -> Result<(), ClerkError> {
        for appending in self.appendings() {
            appending.stored(&stored);
        }
        let message = match self.known.fold(&stored) {
            Ok(message) => Some(message),
            Err(why) => {
                self.count_void(&stored.subject, &why.to_string());
                None
            }
        };
        if let Some(Message::Commit(Writer::Api, commit)) = &message {
            self.notices.folded(commit);
        }
        let onward = Onward {
            seq: stored.seq,
            subject: stored.subject,
            message,
        };
        let sent = self.around.onward.send(onward).await;
        sent.map_err(|_| ClerkError::Onward)
    }

    fn count_void(&self, subject: &str, why: &str) {
        tracing::warn!(subject, why, "a void message");
        let labels = [("subject", subject)];
        self.process
            .metrics
            .count("gantry_log_void_messages_total", &labels, 1);
    }

    fn take(&mut self, request: Request) {
        let since = self.process.clock.moment();
        match request {
            Request::Command(order, reply) => {
                let known = &self.known.state.operations;
                let is_new = known.verdict(order.operation, order.request).is_none();
                let closed = self.around.closed.borrow().clone();
                if let Some(why) = closed.filter(|_| is_new) {
                    // Nobody listens only when the client has gone.
                    let _ = reply.send(Err(NotAccepted::Closed(why)));
                    return;
                }
                let decider = order.intent.decider();
                if let Some(lane) = self.lanes.iter_mut().find(|l| l.decider == decider) {
                    lane.take(order, since, reply);
                }
            }
            Request::Join(applicant, reply) => self.notices.take(applicant, since, reply),
        }
    }

    fn settle(&mut self) {
        let (is_live, within) = (self.is_live(), self.around.within);
        for lane in &mut self.lanes {
            lane.settle(&self.known.state, within);
        }
        self.notices.settle(&self.known.state, is_live, within);
    }

    fn answered(&mut self, subject: &LogSubject, outcome: &AppendOutcome) {
        let now = self.process.clock.now();
        if let AppendOutcome::Unavailable(why) | AppendOutcome::Unknown(why) = outcome {
            tracing::warn!(%subject, why, "an append is tried again");
        }
        for appending in self.appendings_of(subject) {
            appending.answered(outcome, now);
        }
    }

    /// Sends what is to be tried again, and begins what can be begun.
    fn write(&mut self) {
        if !self.around.link.borrow().up {
            return;
        }
        let now = self.process.clock.now();
        let retries = self.appendings().filter_map(|a| a.retry(now));
        let retries: Vec<Append> = retries.collect();
        for append in retries {
            self.send(append);
        }
        if !self.is_live() {
            return;
        }
        for index in 0..self.lanes.len() {
            self.write_commands(index, now);
        }
        self.write_notice(now);
    }

    fn write_commands(&mut self, index: usize, now: Time) {
        if !self.lanes[index].appending.is_idle() {
            return;
        }
        // A key used at once for commands of two deciders is settled by the first that lands.
        let others = self.lanes.iter().enumerate().filter(|(i, _)| *i != index);
        let taken: BTreeSet<OperationId> = others.flat_map(|(_, lane)| lane.in_flight()).collect();
        let commands = self.lanes[index].batch(taken, now);
        if commands.is_empty() {
            return;
        }
        let subject = self.lanes[index].subject();
        let batch = CommandBatch {
            as_of: self.known.folded,
            prev: self.known.head(&subject).prev,
            commands,
        };
        let append = self.known.append(subject, &batch);
        let append = self.lanes[index].appending.begin(append);
        self.send(append);
    }

    fn write_notice(&mut self, now: Time) {
        if !self.notices.appending.is_idle() {
            return;
        }
        if let Some(commit) = self.notices.commit(&self.known, now) {
            let append = self.known.append(Notices::subject(), &commit);
            let append = self.notices.appending.begin(append);
            self.send(append);
        }
    }

    fn send(&self, append: Append) {
        let log = self.around.log.clone();
        self.sending.push(Box::pin(async move {
            let outcome = log.append(&append).await;
            (append.subject, outcome)
        }));
    }

    fn appendings(&mut self) -> impl Iterator<Item = &mut Appending> {
        let lanes = self.lanes.iter_mut().map(|lane| &mut lane.appending);
        lanes.chain([&mut self.notices.appending])
    }

    fn appendings_of(&mut self, subject: &LogSubject) -> impl Iterator<Item = &mut Appending> {
        let subject = subject.clone();
        let lanes = self.lanes.iter_mut();
        let own = (subject == Notices::subject()).then_some(&mut self.notices.appending);
        lanes
            .filter(move |lane| lane.subject() == subject)
            .map(|lane| &mut lane.appending)
            .chain(own)
    }
}
