//! Following the engine with the balancer: apply the wanted table, watch what is live, tell the engine.
//!
//! A table is applied whenever it is not known to be live: first of all, when it changed, and after
//! anything went wrong. Applying the same table twice changes nothing.

use std::convert::Infallible;
use std::sync::Arc;

use gantry_decider::Backoff;
use gantry_events::{LogId, RouteTable, Seq};
use gantry_lb_sync_core::{LbCore, Live, Reading};
use gantry_runtime::{Condition, Driven, Process, View};
use tokio::sync::watch;

use crate::drivers::ingress::{Ingress, IngressError, Told};

type Views = watch::Receiver<Option<Arc<View<LbCore>>>>;

/// Keeps the balancer as the engine wants it, until the process stops.
pub struct Following {
    process: Process,
    driven: Driven<LbCore>,
    ingress: Ingress,
    answers: Condition,
    failures: u32,
    /// What the balancer said last; none when it has to be given the table anew.
    told: Option<Told>,
    live: watch::Sender<Option<Seq>>,
}

/// What a step came to.
enum Step {
    /// The balancer said what is live.
    Told(Told),
    /// Nothing happened for a while, and the balancer is there.
    Quiet,
    /// Another table is wanted.
    Changed,
}

impl Following {
    /// Follows this engine with this balancer.
    pub fn new(process: &Process, driven: Driven<LbCore>, ingress: Ingress) -> Self {
        let answers = process.health.condition("balancer");
        answers.unmet("waiting for the log");
        Self {
            process: process.clone(),
            driven,
            ingress,
            answers,
            failures: 0,
            told: None,
            live: watch::Sender::new(None),
        }
    }

    /// The sequence of the live table as it changes; none while the balancer does not answer.
    pub fn live(&self) -> watch::Receiver<Option<Seq>> {
        self.live.subscribe()
    }

    /// Follows until the process stops. Dropped half-way, a table may have been applied or not.
    pub async fn follow(mut self) -> Result<(), Infallible> {
        let stopping = self.process.stopping();
        let mut views = self.driven.view.clone();
        while let Some(wanted) = stopping
            .run_until_cancelled(wanted(&mut views))
            .await
            .flatten()
        {
            if stopping
                .run_until_cancelled(self.turn(&mut views, &wanted))
                .await
                .is_none()
            {
                break;
            }
        }
        Ok(())
    }

    async fn turn(&mut self, views: &mut Views, wanted: &RouteTable) {
        match self.step(views, wanted).await {
            Ok(step) => {
                self.failures = 0;
                self.answers.met();
                match step {
                    Step::Told(told) => self.take(wanted, told).await,
                    Step::Quiet | Step::Changed => {}
                }
            }
            Err(error) => self.lose(&error).await,
        }
    }

    async fn step(&self, views: &mut Views, wanted: &RouteTable) -> Result<Step, IngressError> {
        match &self.told {
            Some(told) if (told.status.log, told.status.seq) == place(wanted) => {
                tokio::select! {
                    () = changed(views, wanted) => Ok(Step::Changed),
                    news = self.ingress.news(told) => Ok(news?.map_or(Step::Quiet, Step::Told)),
                }
            }
            Some(_) | None => self.ingress.apply(wanted).await.map(Step::Told),
        }
    }

    async fn take(&mut self, wanted: &RouteTable, told: Told) {
        self.live.send_replace(Some(told.status.seq));
        if let Some(live) = Live::of(wanted, &told.status) {
            self.tell(Reading::Live(live)).await;
        }
        self.told = Some(told);
    }

    async fn lose(&mut self, error: &IngressError) {
        if self.failures == 0 {
            tracing::warn!(%error, "the balancer is lost; it is given its table as soon as it answers");
        }
        self.told = None;
        self.live.send_replace(None);
        self.failures = self.failures.saturating_add(1);
        self.answers.unmet(&error.to_string());
        self.process
            .metrics
            .count("gantry_lb_sync_balancer_failures_total", &[], 1);
        self.tell(Reading::Silent).await;
        self.process.sleep(Backoff::NEAR.after(self.failures)).await;
    }

    async fn tell(&self, reading: Reading) {
        // The engine's inbox closes only when the process ends.
        let _ = self.driven.readings.send(reading).await;
    }
}

fn place(table: &RouteTable) -> (LogId, Seq) {
    (table.log, table.seq)
}

/// The wanted table, once it is known; none when the engine has ended.
async fn wanted(views: &mut Views) -> Option<RouteTable> {
    let known = views
        .wait_for(|view| view.as_ref().is_some_and(|view| view.wanted.is_some()))
        .await;
    known.ok()?.as_ref()?.wanted.clone()
}

/// Ends once another table is wanted.
async fn changed(views: &mut Views, wanted: &RouteTable) {
    let other = |view: &Option<Arc<View<LbCore>>>| {
        let table = view.as_ref().and_then(|view| view.wanted.as_ref());
        table.is_some_and(|table| place(table) != place(wanted))
    };
    // An engine that has ended wants nothing else; the process is about to end as well.
    if views.wait_for(other).await.is_err() {
        std::future::pending::<()>().await;
    }
}
