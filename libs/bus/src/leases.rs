//! `Lease`: a duty that one process holds at a time.
//!
//! The log fences facts; a lease fences what a holder does to the world: it stops acting at half the
//! lease's time by its own clock, well before the server gives the lease to another.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use async_nats::HeaderMap;
use gantry_events::Seq;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::credentials::lease_subject;
use crate::stream::{LEASE, LEASES};
use crate::submit::{direct_get, submit};
use crate::{AppendOutcome, NatsBus};

/// How often a lease is renewed, and asked for by those that wait.
const RENEW: Duration = Duration::from_secs(1);

/// A lease, wanted or held.
#[derive(Clone, Debug)]
pub struct Lease {
    bus: NatsBus,
    subject: String,
    holder: String,
}

impl NatsBus {
    /// The lease of a duty. An identity may hold the one that has its own name.
    pub fn lease(&self, duty: &str) -> Lease {
        Lease {
            bus: self.clone(),
            subject: lease_subject(duty),
            holder: Uuid::now_v7().to_string(),
        }
    }
}

/// The time for which a holder may act, from before it asked.
struct Term(Interval);

impl Term {
    fn begin() -> Self {
        let mut timer = interval(LEASE / 2);
        // Its first tick would come at once.
        timer.reset();
        Self(timer)
    }

    async fn over(&mut self) {
        self.0.tick().await;
    }
}

/// What became of taking or renewing.
enum Claim {
    Ours,
    Anothers,
    Unknown,
}

/// What the bucket says.
enum Seat {
    Free { after: Seq },
    Ours { at: Seq },
    Anothers,
}

impl Lease {
    /// Waits for the lease, keeps it, and tells `held` whether this process may act. Gives it back and
    /// returns once `stopping` is done; never fails, as a server that is away may come back.
    pub async fn hold(
        self,
        held: watch::Sender<bool>,
        stopping: impl Future<Output = ()> + Send,
    ) -> Result<(), Infallible> {
        let mut at = None;
        tokio::select! {
            () = stopping => {}
            () = self.keep(&held, &mut at) => {}
        }
        held.send_replace(false);
        if let Some(at) = at {
            // An empty message is a seat given up; its expectation keeps it from ending another's.
            submit(&self.bus, &self.subject, HeaderMap::new(), Vec::new(), at).await;
        }
        Ok(())
    }

    async fn keep(&self, held: &watch::Sender<bool>, at: &mut Option<Seq>) {
        let mut pace = interval(RENEW);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut term = Term::begin();
        loop {
            let holding = *held.borrow();
            let round = async {
                pace.tick().await;
                let fresh = Term::begin();
                (self.claim(at).await, fresh)
            };
            let (claim, fresh) = tokio::select! {
                () = term.over(), if holding => {
                    self.lose(held, "it could not be renewed in time");
                    continue;
                }
                round = round => round,
            };
            match claim {
                Claim::Ours => {
                    term = fresh;
                    if !held.send_replace(true) {
                        tracing::info!(lease = self.subject, "the lease is held");
                    }
                }
                Claim::Anothers if holding => self.lose(held, "another holds it"),
                Claim::Anothers | Claim::Unknown => {}
            }
        }
    }

    fn lose(&self, held: &watch::Sender<bool>, why: &str) {
        held.send_replace(false);
        tracing::warn!(lease = self.subject, why, "the lease is held no more");
    }

    /// Takes or renews. An expectation that no longer holds may be one of our own unanswered tries.
    async fn claim(&self, at: &mut Option<Seq>) -> Claim {
        let mut outcome = self.write(at.unwrap_or(Seq(0))).await;
        if outcome == AppendOutcome::WrongLast {
            outcome = match self.seat().await {
                Some(Seat::Free { after: last } | Seat::Ours { at: last }) => {
                    self.write(last).await
                }
                Some(Seat::Anothers) => {
                    *at = None;
                    return Claim::Anothers;
                }
                None => return Claim::Unknown,
            };
        }
        match outcome {
            AppendOutcome::Stored(seq) => {
                *at = Some(seq);
                Claim::Ours
            }
            AppendOutcome::WrongLast
            | AppendOutcome::Unavailable(_)
            | AppendOutcome::Unknown(_) => Claim::Unknown,
        }
    }

    async fn write(&self, expects: Seq) -> AppendOutcome {
        submit(
            &self.bus,
            &self.subject,
            HeaderMap::new(),
            self.holder.clone().into(),
            expects,
        )
        .await
    }

    async fn seat(&self) -> Option<Seat> {
        let subject = format!("$JS.API.DIRECT.GET.{LEASES}.{}", self.subject);
        Some(
            match direct_get(&self.bus, subject, Vec::new()).await.ok()? {
                None => Seat::Free { after: Seq(0) },
                Some(stored) if stored.payload.is_empty() => Seat::Free { after: stored.seq },
                Some(stored) if stored.payload == self.holder.as_bytes() => {
                    Seat::Ours { at: stored.seq }
                }
                Some(_) => Seat::Anothers,
            },
        )
    }
}
