//! Inspection: whether the log may be relied upon. Before anything is read from it, and each minute
//! after. What can never be right ends the process; what may pass is waited for.

use gantry_bus::{JetStreamLog, LogError, Monitor, MonitorError, Stored, StreamError, StreamUse};
use gantry_decider::Backoff;
use gantry_events::{Commit, Fact, LogId, Millis, Seq};
use gantry_runtime::{Condition, Process};
use tokio::sync::watch;

/// Time between two inspections.
const PERIOD: Millis = Millis::from_secs(60);

/// Commands are refused from here on, in hundredths of the log's room, so that facts still fit.
/// Source: design, section 2.
const FULL_AT: u64 = 90;

/// The log is not one that may be relied upon.
#[derive(Debug, thiserror::Error)]
pub enum Unreliable {
    /// The server may lose what it acknowledged.
    #[error("{0}; or set unsafe_dev = true where that may happen")]
    Forgetful(MonitorError),
    /// The monitor's address is none.
    #[error(transparent)]
    Monitor(MonitorError),
    /// The stream is missing or set up otherwise.
    #[error(transparent)]
    Stream(StreamError),
    /// It is another log.
    #[error(
        "the server holds log {found}, not {expected} of the credential file; connect to the server of this cluster, or write the credentials anew with `gantryd init`"
    )]
    OtherLog {
        /// What its first fact says.
        found: String,
        /// What the credential file says.
        expected: LogId,
    },
    /// What was seen of it is gone.
    #[error(
        "the log ends at {tail}, but {seen} was seen before: what was acknowledged is gone; restore the log from a backup before anything is started"
    )]
    Shorter {
        /// Its end.
        tail: Seq,
        /// The last sequence this api has seen.
        seen: Seq,
    },
}

enum Finding {
    Never(Unreliable),
    NotNow(String),
}

/// Inspects the log.
pub(crate) struct Inspector {
    pub(crate) process: Process,
    pub(crate) log: JetStreamLog,
    pub(crate) monitor: Monitor,
    /// The log that it must be.
    pub(crate) expected: LogId,
    /// The last sequence that was seen before.
    pub(crate) seen: Seq,
    pub(crate) unsafe_dev: bool,
    pub(crate) condition: Condition,
    /// Told once the first inspection has passed.
    pub(crate) passed: watch::Sender<bool>,
    /// Told why no command is taken now, if none is.
    pub(crate) closed: watch::Sender<Option<String>>,
}

impl Inspector {
    /// Inspects until the process stops, or until the log can never be right.
    pub(crate) async fn run(mut self) -> Result<(), Unreliable> {
        let stopping = self.process.stopping();
        tokio::select! {
            () = stopping.cancelled() => Ok(()),
            ended = self.inspect_on() => ended,
        }
    }

    async fn inspect_on(&mut self) -> Result<(), Unreliable> {
        let mut failures = 0;
        loop {
            match self.inspect().await {
                Ok(found) => {
                    failures = 0;
                    self.pass(found);
                    self.process.sleep(PERIOD).await;
                }
                Err(Finding::Never(why)) => return Err(why),
                Err(Finding::NotNow(why)) => {
                    failures += 1;
                    self.condition.unmet(&why);
                    tracing::warn!(why, failures, "the log could not be inspected");
                    self.process.sleep(Backoff::NEAR.after(failures)).await;
                }
            }
        }
    }

    fn pass(&mut self, found: StreamUse) {
        self.seen = self.seen.max(found.tail);
        let full = found.bytes.0 / FULL_AT >= found.limit.0 / 100;
        let why = full.then(|| {
            format!(
                "the log holds {} of {}; give it more room before new commands",
                found.bytes, found.limit
            )
        });
        self.closed.send_replace(why);
        self.passed.send_replace(true);
        self.condition.met();
    }

    async fn inspect(&self) -> Result<StreamUse, Finding> {
        if !self.unsafe_dev {
            self.monitor.check_durable().await.map_err(durability)?;
        }
        let found = self.log.check_stream().await.map_err(stream)?;
        if found.tail < self.seen {
            return Err(Finding::Never(Unreliable::Shorter {
                tail: found.tail,
                seen: self.seen,
            }));
        }
        let first = self.log.get(Seq(1)).await.map_err(unreachable)?;
        let Some(first) = first else {
            return Err(Finding::NotNow("the log to begin".to_owned()));
        };
        self.identify(&first)?;
        Ok(found)
    }

    fn identify(&self, first: &Stored) -> Result<(), Finding> {
        let commit: Option<Commit> = serde_json::from_slice(&first.payload).ok();
        let begun = commit.into_iter().flat_map(|commit| commit.events);
        let found = begun.into_iter().find_map(|event| match event.fact {
            Fact::LogBegun(begun) => Some(begun.log),
            // foreign: the first message says that the log began, or it is none of ours.
            _ => None,
        });
        if found == Some(self.expected) {
            return Ok(());
        }
        Err(Finding::Never(Unreliable::OtherLog {
            found: found.map_or_else(|| "without an id".to_owned(), |log| log.to_string()),
            expected: self.expected,
        }))
    }
}

fn durability(error: MonitorError) -> Finding {
    match error {
        MonitorError::Forgetful(_) => Finding::Never(Unreliable::Forgetful(error)),
        MonitorError::Url(_) => Finding::Never(Unreliable::Monitor(error)),
        MonitorError::Silent { .. } => Finding::NotNow(error.to_string()),
    }
}

fn stream(error: StreamError) -> Finding {
    match error {
        StreamError::Absent(_) | StreamError::Differs { .. } | StreamError::NoRoom(_) => {
            Finding::Never(Unreliable::Stream(error))
        }
        StreamError::Server { .. } => Finding::NotNow(error.to_string()),
    }
}

fn unreachable(error: LogError) -> Finding {
    Finding::NotNow(error.to_string())
}
