//! The whole of lb-sync on a log in memory, with a balancer that comes and goes.

#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

use std::path::PathBuf;
use std::time::Duration;

use gantry_events::Seq;
use gantry_lb_sync::Settings;
use gantry_runtime::{Process, Supervisor};
use stage::balancer::Balancer;
use stage::{Scribe, key};
use tempfile::TempDir;
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    process: Process,
    supervisor: Supervisor,
    folder: TempDir,
    live: Option<watch::Receiver<Option<Seq>>>,
}

impl Running {
    fn start(scribe: &Scribe) -> Self {
        let (process, supervisor) = Process::start();
        let folder = tempfile::tempdir().unwrap();
        let mut running = Self {
            process,
            supervisor,
            folder,
            live: None,
        };
        running.follow(scribe);
        running
    }

    fn follow(&mut self, scribe: &Scribe) {
        let settings = Settings {
            ingress_socket: self.socket(),
            ..Settings::default()
        };
        let live = gantry_lb_sync::start(
            &self.process,
            &settings,
            scribe.log.clone(),
            Scribe::ledger(),
            Scribe::marker(),
        );
        self.live = Some(live);
    }

    /// The table that is said to be live when somebody asks.
    fn live(&self) -> Option<Seq> {
        *self.live.as_ref().unwrap().borrow()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("ingress.sock")
    }

    async fn eventually(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let watched = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            while !holds() {
                ticks.tick().await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, watched).await.is_ok(),
            "never came true: {what}"
        );
    }
}

/// What the balancer says next, be it that it has no table yet.
async fn first_told(scribe: &mut Scribe) -> gantry_events::TableApplied {
    tokio::time::timeout(PATIENCE, scribe.told())
        .await
        .expect("nothing is told")
}

/// What the balancer says next of a table.
async fn told(scribe: &mut Scribe) -> gantry_events::TableApplied {
    loop {
        let said = first_told(scribe).await;
        if !said.is_none_yet() {
            return said;
        }
    }
}

#[tokio::test]
async fn what_is_ready_is_routed_and_what_drains_is_let_go() {
    let mut scribe = Scribe::begin().await;
    let running = Running::start(&scribe);
    let balancer = Balancer::start(&running.socket());
    assert!(
        told(&mut scribe).await.routed.is_empty(),
        "an empty table is a table"
    );

    let ready = scribe.ready("web-a", 0, 1).await;
    let said = told(&mut scribe).await;
    assert_eq!(
        (said.table, said.hosts, said.routed),
        (ready, 1, [key("web-a")].into())
    );

    let drained = scribe.drain("web-a").await;
    let said = told(&mut scribe).await;
    assert_eq!(
        (said.table, said.routed, said.released),
        (drained, [].into(), [].into())
    );

    balancer.release(&key("web-a"));
    let said = told(&mut scribe).await;
    assert_eq!(
        (said.table, said.released),
        (drained, [key("web-a")].into())
    );
    assert!(
        running.process.health.waiting_for().is_empty(),
        "it is ready"
    );
    running.supervisor.shut_down().await.unwrap();
}

#[tokio::test]
async fn nothing_is_applied_before_the_log_holds_that_the_balancer_is_there() {
    let mut scribe = Scribe::begin().await;
    scribe.ready("web-a", 0, 1).await;
    let running = Running::start(&scribe);
    let announced = first_told(&mut scribe).await;
    assert_eq!((announced.table, announced.routed), (Seq(0), [].into()));
    let balancer = Balancer::start(&running.socket());
    let said = told(&mut scribe).await;
    assert_eq!(said.routed, [key("web-a")].into());
    assert_eq!(balancer.applied(), [said.table]);
    running.supervisor.shut_down().await.unwrap();
}

#[tokio::test]
async fn a_balancer_that_comes_back_is_given_its_table() {
    let mut scribe = Scribe::begin().await;
    let ready = scribe.ready("web-a", 0, 1).await;
    let running = Running::start(&scribe);
    running
        .eventually("it says what it waits for", || {
            running
                .process
                .health
                .waiting_for()
                .get("balancer")
                .is_some_and(|why| why.contains("cannot be reached"))
        })
        .await;
    assert_eq!(running.live(), None);
    let balancer = Balancer::start(&running.socket());
    assert_eq!(told(&mut scribe).await.table, ready);
    assert_eq!(running.live(), Some(ready));

    balancer.crash(&running.socket()).await;
    running
        .eventually("the loss is noticed", || {
            let noticed = running.process.health.waiting_for();
            noticed.contains_key("balancer") && running.live().is_none()
        })
        .await;
    let balancer = Balancer::start(&running.socket());
    running
        .eventually("the table is applied", || {
            balancer.applied().contains(&ready)
        })
        .await;
    running
        .eventually("it is ready", || {
            running.process.health.waiting_for().is_empty()
        })
        .await;
    running.supervisor.shut_down().await.unwrap();
}

#[tokio::test]
async fn a_restart_says_nothing_that_was_said() {
    let mut scribe = Scribe::begin().await;
    scribe.ready("web-a", 0, 1).await;
    let running = Running::start(&scribe);
    let balancer = Balancer::start(&running.socket());
    told(&mut scribe).await;
    let last = scribe.log.last();
    running.supervisor.shut_down().await.unwrap();

    let (process, supervisor) = Process::start();
    let mut running = Running {
        process,
        supervisor,
        folder: running.folder,
        live: None,
    };
    running.follow(&scribe);
    let given = balancer.applied().len();
    running
        .eventually("the table is applied again", || {
            balancer.applied().len() > given
        })
        .await;
    running
        .eventually("it is ready", || {
            running.process.health.waiting_for().is_empty()
        })
        .await;
    assert_eq!(scribe.log.last(), last);
    scribe.ready("web-b", 1, 1).await;
    assert_eq!(
        told(&mut scribe).await.routed,
        [key("web-a"), key("web-b")].into()
    );
    running.supervisor.shut_down().await.unwrap();
}
