//! `Process`: named tasks with an end, from start to SIGTERM.
//!
//! A task that fails ends the process, whose restart policy begins anew; no task is restarted behind
//! anybody's back. This is the only place that spawns or sleeps.

use std::any::Any;
use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use gantry_events::Millis;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Clock, Health, Metrics};

/// Time from SIGTERM to the end, whatever still runs.
const SHUTDOWN: Millis = Millis(9000);

/// Failures that may wait to be heard; the first one ends the process.
const FAILURES: usize = 8;

/// A process as its tasks see it. Clones are the same process.
#[derive(Clone, Debug)]
pub struct Process {
    /// The clocks.
    pub clock: Clock,
    /// What must hold for the process to be useful.
    pub health: Health,
    /// Counters and gauges.
    pub metrics: Metrics,
    tasks: TaskTracker,
    stop: CancellationToken,
    failures: mpsc::Sender<ProcessError>,
}

/// Ticks at a steady pace, never in bursts.
#[derive(Debug)]
pub struct Every(Interval);

impl Every {
    /// Waits for the next tick; the first comes at once.
    pub async fn tick(&mut self) {
        self.0.tick().await;
    }
}

/// Why a process ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// One of its tasks failed.
    #[error("task `{task}` failed: {cause}")]
    Task {
        /// Name of the task.
        task: &'static str,
        /// What it said.
        cause: String,
    },
    /// Tasks were still running when the time for shutting down was over.
    #[error("{0} tasks were still running {SHUTDOWN} after the process was told to stop")]
    Slow(usize),
    /// Signals cannot be received.
    #[error("signals cannot be received: {0}")]
    Signals(#[from] std::io::Error),
}

/// Waits for the end of a process.
#[derive(Debug)]
pub struct Supervisor {
    process: Process,
    failures: mpsc::Receiver<ProcessError>,
}

impl Process {
    /// A new process, and who waits for its end.
    pub fn start() -> (Self, Supervisor) {
        let (sender, failures) = mpsc::channel(FAILURES);
        let process = Self {
            clock: Clock::default(),
            health: Health::default(),
            metrics: Metrics::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            failures: sender,
        };
        (process.clone(), Supervisor { process, failures })
    }

    /// Runs a named task that the process cannot do without. Its error or panic ends the process; it
    /// should end soon after [`Process::stopping`].
    pub fn spawn<E: Display>(
        &self,
        task: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let failures = self.failures.clone();
        self.tasks.spawn(async move {
            if let Err(cause) = outcome(work).await {
                // Nobody listens, or there is no room, only when the process is already ending.
                let _ = failures.try_send(ProcessError::Task { task, cause });
            }
        });
    }

    /// Runs a task that serves one of many, a connection for one. Its error or panic is counted and
    /// logged, and is nobody else's.
    pub fn serve_one<E: Display>(
        &self,
        task: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let metrics = self.metrics.clone();
        self.tasks.spawn(async move {
            if let Err(cause) = outcome(work).await {
                metrics.count("gantry_task_failures_total", &[("task", task)], 1);
                tracing::warn!(task, cause, "a task failed; the process goes on");
            }
        });
    }

    /// Cancelled once the process should stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Waits this long.
    pub async fn sleep(&self, wait: Millis) {
        tokio::time::sleep(wait.duration()).await;
    }

    /// Waits this long, or for ever if there is nothing to wait for.
    pub async fn sleep_if(&self, wait: Option<Millis>) {
        match wait {
            Some(wait) => self.sleep(wait).await,
            None => std::future::pending().await,
        }
    }

    /// Ticks each `period`, which is not zero.
    pub fn every(&self, period: Millis) -> Every {
        let mut interval = tokio::time::interval(period.duration());
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Every(interval)
    }
}

/// How a task ended; a panic is an error like any other.
async fn outcome<E: Display>(work: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(ended) => ended.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("it panicked: {}", words(&*panic))),
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}

impl Supervisor {
    /// Waits for SIGTERM, SIGINT or the first failure, then for the tasks' end.
    pub async fn wait(mut self) -> Result<(), ProcessError> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let failure = tokio::select! {
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            failure = self.failures.recv() => failure,
        };
        self.shut_down().await?;
        failure.map_or(Ok(()), Err)
    }

    /// Tells the tasks to stop and waits for them, 9 s at most.
    pub async fn shut_down(self) -> Result<(), ProcessError> {
        self.process.stop.cancel();
        self.process.tasks.close();
        let ended = tokio::time::timeout(SHUTDOWN.duration(), self.process.tasks.wait()).await;
        ended.map_err(|_| ProcessError::Slow(self.process.tasks.len()))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn panics() -> Result<(), Infallible> {
        panic!("out of patience")
    }

    #[tokio::test]
    async fn a_panic_in_a_task_that_is_needed_ends_the_process() {
        let (process, supervisor) = Process::start();
        process.spawn("engine", panics());
        let ended = tokio::time::timeout(SHUTDOWN.duration(), supervisor.wait()).await;
        let error = ended.expect("the process ends by itself").unwrap_err();
        assert_eq!(
            error.to_string(),
            "task `engine` failed: it panicked: out of patience"
        );
    }

    #[tokio::test]
    async fn a_panic_in_one_of_many_is_counted_and_the_process_goes_on() {
        let (process, supervisor) = Process::start();
        process.serve_one("connection", panics());
        let stopping = process.stopping();
        supervisor
            .shut_down()
            .await
            .expect("it stops when it is told");
        assert!(stopping.is_cancelled());
        let counted = process
            .metrics
            .get("gantry_task_failures_total", &[("task", "connection")]);
        assert_eq!(counted, Some(1));
    }
}
