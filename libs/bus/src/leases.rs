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

/// What the bucket says.
enum Seat {
    Free { after: Seq },
    Ours { at: Seq },
    Taken,
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
            if *held.borrow() {
                tokio::select! {
                    () = term.over() => { lose(held, "it could not be renewed in time"); continue }
                    _ = pace.tick() => {}
                }
            } else {
                pace.tick().await;
            }
            let fresh = Term::begin();
            let renewed = if *held.borrow() {
                tokio::select! {
                    () = term.over() => { lose(held, "it could not be renewed in time"); continue }
                    renewed = self.take(at) => renewed,
                }
            } else {
                self.take(at).await
            };
            match renewed {
                Some(true) => {
                    term = fresh;
                    if !held.send_replace(true) {
                        tracing::info!(lease = self.subject, "the lease is held");
                    }
                }
                Some(false) if *held.borrow() => lose(held, "another holds it"),
                Some(false) | None => {}
            }
        }
    }

    /// Takes or renews. None when the server did not say.
    async fn take(&self, at: &mut Option<Seq>) -> Option<bool> {
        let expects = at.unwrap_or(Seq(0));
        match self.write(expects).await {
            AppendOutcome::Stored(seq) => {
                *at = Some(seq);
                Some(true)
            }
            AppendOutcome::WrongLast => {
                let expects = match self.seat().await? {
                    Seat::Taken => {
                        *at = None;
                        return Some(false);
                    }
                    Seat::Free { after } => after,
                    Seat::Ours { at } => at,
                };
                let AppendOutcome::Stored(seq) = self.write(expects).await else {
                    return None;
                };
                *at = Some(seq);
                Some(true)
            }
            AppendOutcome::Unavailable(_) | AppendOutcome::Unknown(_) => None,
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
                Some(_) => Seat::Taken,
            },
        )
    }
}

fn lose(held: &watch::Sender<bool>, why: &str) {
    held.send_replace(false);
    tracing::warn!(why, "the lease is held no more");
}
