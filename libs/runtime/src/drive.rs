//! The thin asynchronous driver of an engine: it feeds the log, readings and time in, and carries
//! appends out.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use gantry_bus::{AppendOutcome, Head, Ledger, Log, LogError, Marker, Stored};
use gantry_decider::{Backoff, Core};
use gantry_events::{Millis, Seq, Time};
use tokio::sync::{mpsc, watch};

use crate::engine::{Engine, Input, Output, Snapshot};
use crate::{Condition, Process};

/// Readings that may wait for the engine; a shell that reads faster than that waits.
const READINGS: usize = 1024;

/// Whether this process may decide.
#[derive(Debug)]
pub enum Duty {
    /// It is the only one by construction.
    Always,
    /// It may while the lease is held.
    Leased(watch::Receiver<bool>),
}

/// Remembers snapshots durably before the engine goes on, for engines that cannot replay the log.
pub trait Keep<S>: Send {
    /// Writes the snapshot so that it survives a power loss. An error ends the process.
    fn keep(&mut self, snapshot: &Snapshot<S>) -> std::io::Result<()>;
}

/// Everything an engine needs to run.
pub struct Setup<C: Core, L> {
    /// The core.
    pub core: C,
    /// Checks messages.
    pub ledger: Ledger,
    /// Marks commits.
    pub marker: Marker,
    /// The log.
    pub log: L,
    /// Whether it may decide.
    pub duty: Duty,
    /// Where it left off, if it remembers.
    pub resume: Option<Snapshot<C::State>>,
    /// Who remembers for it, if it cannot replay.
    pub keep: Option<Box<dyn Keep<C::State>>>,
}

/// The running engine, as its shell sees it.
pub struct Driven<C: Core> {
    /// Readings go in here.
    pub readings: mpsc::Sender<C::Reading>,
    /// What the engine knows and wants; none until the replay has reached the log's end.
    pub view: watch::Receiver<Option<Arc<View<C>>>>,
}

impl<C: Core> Clone for Driven<C> {
    fn clone(&self) -> Self {
        Self {
            readings: self.readings.clone(),
            view: self.view.clone(),
        }
    }
}

/// What an engine knows and wants at one sequence.
#[derive(Clone, Debug)]
pub struct View<C: Core> {
    /// The last sequence folded.
    pub seq: Seq,
    /// The world as it should be.
    pub wanted: C::Wanted,
    /// What the log says.
    pub state: C::State,
    /// Where the own subject stands.
    pub own: Head,
    /// Whether this process may decide.
    pub leading: bool,
}

/// The engine's own task failed.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A snapshot could not be remembered.
    #[error(
        "the snapshot could not be written: {0}; free space on the disk or check its permissions"
    )]
    Keep(#[from] std::io::Error),
}

/// Runs an engine as the task `engine` of the process until it stops.
pub fn drive<C, L>(process: &Process, setup: Setup<C, L>) -> Driven<C>
where
    C: Core + Clone + Send + Sync + 'static,
    C::State: Send + Sync,
    C::Observed: Send + Sync,
    C::Reading: Send,
    C::Wanted: Send + Sync,
    L: Log + Clone + 'static,
{
    let (readings, inbox) = mpsc::channel(READINGS);
    let (publish, view) = watch::channel(None);
    let mut engine = Engine::new(setup.core, setup.ledger, setup.marker);
    if let Some(snapshot) = setup.resume {
        engine.resume(snapshot);
    }
    let driver = Driver {
        own: engine.snapshot().own,
        engine,
        log: setup.log,
        keep: setup.keep,
        process: process.clone(),
        caught_up: process.health.condition("log"),
        publish,
        leading: true,
        goal: None,
        messages: None,
        failures: 0,
        wake_at: None,
        reply: None,
    };
    process.spawn("engine", driver.run(inbox, setup.duty));
    Driven { readings, view }
}

type Reply = Pin<Box<dyn Future<Output = AppendOutcome> + Send>>;

struct Driver<C: Core, L> {
    engine: Engine<C>,
    log: L,
    keep: Option<Box<dyn Keep<C::State>>>,
    own: Head,
    process: Process,
    caught_up: Condition,
    publish: watch::Sender<Option<Arc<View<C>>>>,
    leading: bool,
    goal: Option<Seq>,
    messages: Option<BoxStream<'static, Result<Stored, LogError>>>,
    failures: u32,
    wake_at: Option<Time>,
    reply: Option<Reply>,
}

enum Happened<R> {
    Input(Input<R>),
    LogFailed(LogError),
    Stopping,
}

impl<C, L> Driver<C, L>
where
    C: Core + Clone + Send + Sync + 'static,
    C::State: Send + Sync,
    C::Observed: Send + Sync,
    C::Reading: Send,
    C::Wanted: Send + Sync,
    L: Log + Clone + 'static,
{
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<C::Reading>,
        mut duty: Duty,
    ) -> Result<(), DriveError> {
        self.caught_up.unmet("reading the log");
        if let Duty::Leased(held) = &mut duty {
            let leading = *held.borrow_and_update();
            self.take(Input::Lead(leading))?;
        }
        loop {
            if !self.follow_log().await {
                return Ok(());
            }
            match self.await_input(&mut inbox, &mut duty).await {
                Happened::Input(input) => self.take(input)?,
                Happened::LogFailed(error) => self.lose_log(&error),
                Happened::Stopping => return Ok(()),
            }
        }
    }

    /// Makes sure that the log is being followed. False when the process stops meanwhile.
    async fn follow_log(&mut self) -> bool {
        while self.messages.is_none() {
            let wait = Backoff::NEAR.after(self.failures);
            tokio::select! {
                () = self.process.stopping().cancelled_owned() => return false,
                () = self.process.sleep(wait) => {}
            }
            match self.log.tail().await {
                Ok(tail) => {
                    self.goal = Some(tail);
                    self.messages = Some(self.log.follow(self.engine.folded()));
                }
                Err(error) => self.lose_log(&error),
            }
        }
        true
    }

    fn lose_log(&mut self, error: &LogError) {
        self.messages = None;
        self.failures = self.failures.saturating_add(1);
        self.process
            .metrics
            .count("gantry_log_follow_failures_total", &[], 1);
        self.caught_up.unmet(&format!("{error}; trying again"));
        tracing::warn!(%error, failures = self.failures, "following the log failed");
    }

    async fn await_input(
        &mut self,
        inbox: &mut mpsc::Receiver<C::Reading>,
        duty: &mut Duty,
    ) -> Happened<C::Reading> {
        let idle =
            self.engine.is_live() || self.goal.is_some_and(|goal| self.engine.folded() >= goal);
        if idle && !self.engine.is_live() {
            return Happened::Input(Input::Live);
        }
        let wake = self.wake_at.map(|at| at.since(self.process.clock.now()));
        let messages = self
            .messages
            .as_mut()
            .expect("the log is followed before anything is awaited");
        let stopping = self.process.stopping();
        tokio::select! {
            () = stopping.cancelled() => Happened::Stopping,
            stored = messages.next() => match stored {
                Some(Ok(stored)) => Happened::Input(Input::Stored(stored)),
                Some(Err(error)) => Happened::LogFailed(error),
                None => Happened::LogFailed(LogError::Unreachable { doing: "following the log", cause: "it ended".to_owned() }),
            },
            outcome = settle(&mut self.reply) => {
                self.reply = None;
                Happened::Input(Input::Answered(outcome))
            }
            leading = lead_change(duty) => Happened::Input(Input::Lead(leading)),
            Some(reading) = inbox.recv() => Happened::Input(Input::Reading(reading)),
            () = sleep_or_never(&self.process, wake) => {
                self.wake_at = None;
                Happened::Input(Input::Wake)
            }
        }
    }

    fn take(&mut self, input: Input<C::Reading>) -> Result<(), DriveError> {
        if let Input::Lead(leading) = input {
            self.leading = leading;
        }
        let went_live = matches!(input, Input::Live);
        let folded_before = self.engine.folded();
        let outputs = self.engine.step(input, self.process.clock.now());
        if went_live || (self.engine.is_live() && self.engine.folded() > folded_before) {
            self.failures = 0;
            self.caught_up.met();
        }
        self.remember()?;
        for output in outputs {
            self.carry_out(output);
        }
        self.publish_view();
        Ok(())
    }

    /// Remembers before anything is sent: an engine that cannot replay is at most one commit behind.
    fn remember(&mut self) -> Result<(), DriveError> {
        let Some(keep) = &mut self.keep else {
            return Ok(());
        };
        let snapshot = self.engine.snapshot();
        if snapshot.own != self.own {
            keep.keep(&snapshot)?;
            self.own = snapshot.own;
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Append(append) => {
                let log = self.log.clone();
                self.reply = Some(Box::pin(async move { log.append(&append).await }));
            }
            Output::WakeAt(at) => self.wake_at = Some(at),
            Output::FollowFrom(seq) => {
                tracing::warn!(%seq, "messages are missing; following the log again");
                self.messages = None;
            }
            Output::Void { subject, why } => {
                tracing::warn!(subject, %why, "a void message");
                self.process.metrics.count(
                    "gantry_log_void_messages_total",
                    &[("subject", &subject)],
                    1,
                );
            }
            Output::Folded(seq) => self
                .process
                .metrics
                .set("gantry_log_folded_seq", &[], seq.0),
        }
    }

    fn publish_view(&self) {
        if !self.engine.is_live() {
            return;
        }
        let view = View {
            seq: self.engine.folded(),
            wanted: self.engine.wanted(self.process.clock.now()),
            state: self.engine.state().clone(),
            own: self.engine.snapshot().own,
            leading: self.leading,
        };
        self.publish.send_if_modified(|published| {
            let changed = published.as_ref().is_none_or(|old| {
                old.seq != view.seq || old.leading != view.leading || old.wanted != view.wanted
            });
            if changed {
                *published = Some(Arc::new(view));
            }
            changed
        });
    }
}

async fn settle(reply: &mut Option<Reply>) -> AppendOutcome {
    match reply {
        Some(reply) => reply.await,
        None => pending().await,
    }
}

async fn lead_change(duty: &mut Duty) -> bool {
    match duty {
        Duty::Always => pending().await,
        Duty::Leased(held) => match held.changed().await {
            Ok(()) => *held.borrow_and_update(),
            Err(_) => pending().await,
        },
    }
}

async fn sleep_or_never(process: &Process, wait: Option<Millis>) {
    match wait {
        Some(wait) => process.sleep(wait).await,
        None => pending().await,
    }
}
