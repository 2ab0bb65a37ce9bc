//! The thin asynchronous driver of an engine: it feeds the log, readings and time in, and carries
//! appends out.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use gantry_bus::{AppendOutcome, Head, Log, LogError, Stored};
use gantry_decider::Core;
use gantry_events::{Seq, Time};
use tokio::sync::{mpsc, watch};

use crate::Process;
use crate::driven::{DriveError, Driven, Duty, Keep, Setup, View};
use crate::engine::{Engine, Input, Output};
use crate::signs::Signs;

/// Readings that may wait for the engine; a shell that reads faster than that waits.
const READINGS: usize = 1024;

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
        process.clock.not_before(engine.last_time());
    }
    let driver = Driver {
        own: engine.own(),
        engine,
        log: setup.log,
        keep: setup.keep,
        process: process.clone(),
        signs: Signs::of(process),
        publish,
        leading: true,
        goal: None,
        messages: None,
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
    signs: Signs,
    publish: watch::Sender<Option<Arc<View<C>>>>,
    leading: bool,
    goal: Option<Seq>,
    messages: Option<BoxStream<'static, Result<Stored, LogError>>>,
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
        if let Duty::Leased(held) = &mut duty {
            let leading = *held.borrow_and_update();
            self.take(Input::Lead(leading))?;
        }
        loop {
            if !self.follow_log(&mut inbox).await? {
                return Ok(());
            }
            match self.await_input(&mut inbox, &mut duty).await {
                Happened::Input(input) => self.take(input)?,
                Happened::LogFailed(error) => self.lose_log(&error),
                Happened::Stopping => return Ok(()),
            }
        }
    }

    /// Makes sure that the log is being followed; readings are taken meanwhile. False when the process
    /// stops.
    async fn follow_log(
        &mut self,
        inbox: &mut mpsc::Receiver<C::Reading>,
    ) -> Result<bool, DriveError> {
        let process = self.process.clone();
        while self.messages.is_none() {
            let pause = process.sleep(self.signs.pause());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = process.stopping().cancelled_owned() => return Ok(false),
                    () = &mut pause => break,
                    Some(reading) = inbox.recv() => self.take(Input::Reading(reading))?,
                }
            }
            match self.log.tail().await {
                Ok(tail) => {
                    if self.engine.is_live() && self.engine.folded() >= tail {
                        self.signs.caught_up();
                    }
                    self.goal = Some(tail);
                    self.messages = Some(self.log.follow(self.engine.folded()));
                }
                Err(error) => self.lose_log(&error),
            }
        }
        Ok(true)
    }

    fn lose_log(&mut self, error: &LogError) {
        self.messages = None;
        self.signs.lost(error);
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
            () = self.process.sleep_if(wake) => {
                self.wake_at = None;
                Happened::Input(Input::Wake)
            }
        }
    }

    fn take(&mut self, input: Input<C::Reading>) -> Result<(), DriveError> {
        if let Input::Lead(leading) = input {
            self.leading = leading;
        }
        if let Input::Answered(outcome) = &input {
            self.signs.answered(outcome);
        }
        let went_live = matches!(input, Input::Live);
        let folded_before = self.engine.folded();
        let outputs = self.engine.step(input, self.process.clock.now());
        // Else a wall clock behind the own commits would stand still for the core until it caught up.
        self.process.clock.not_before(self.engine.last_time());
        if went_live || (self.engine.is_live() && self.engine.folded() > folded_before) {
            self.signs.caught_up();
        }
        self.remember()?;
        for output in outputs {
            self.carry_out(output)?;
        }
        self.publish_view();
        Ok(())
    }

    /// Remembers before anything is sent: an engine that cannot replay is at most one commit behind.
    fn remember(&mut self) -> Result<(), DriveError> {
        let own = self.engine.own();
        if let Some(keep) = self.keep.as_mut().filter(|_| own != self.own) {
            keep.keep(&self.engine.snapshot())?;
            self.own = own;
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) -> Result<(), DriveError> {
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
            Output::Fault(why) => return Err(DriveError::Fault(why)),
            Output::Folded(seq) => self
                .process
                .metrics
                .set("gantry_log_folded_seq", &[], seq.0),
        }
        Ok(())
    }

    fn publish_view(&self) {
        if !self.engine.is_live() {
            return;
        }
        let (seq, leading) = (self.engine.folded(), self.leading);
        let wanted = self.engine.wanted(self.process.clock.now());
        let same = |old: &View<C>| (old.seq, old.leading) == (seq, leading) && old.wanted == wanted;
        if self.publish.borrow().as_deref().is_some_and(same) {
            return;
        }
        self.publish.send_replace(Some(Arc::new(View {
            seq,
            wanted,
            state: self.engine.state().clone(),
            own: self.engine.own(),
            leading,
        })));
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
