//! Leases on a real server: one holder at a time, whoever dies and whatever is away.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod server;

use std::time::{Duration, Instant};

use gantry_bus::NatsBus;
use gantry_events::Writer;
use server::proxy::{Proxy, Weather};
use server::{Server, within};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

struct Holder {
    held: watch::Receiver<bool>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn holder(bus: &NatsBus) -> Holder {
    let (told, held) = watch::channel(false);
    let (stop, stopping) = oneshot::channel::<()>();
    let lease = bus.lease("scheduler");
    let task = tokio::spawn(async move {
        let stopping = async move { drop(stopping.await) };
        lease
            .hold(told, stopping)
            .await
            .expect("holding never fails");
    });
    Holder { held, stop, task }
}

async fn holds(holder: &mut Holder, what: &str) -> Instant {
    within(what, holder.held.wait_for(|held| *held))
        .await
        .unwrap();
    Instant::now()
}

async fn lets_go(holder: &mut Holder, what: &str) -> Instant {
    within(what, holder.held.wait_for(|held| !*held))
        .await
        .unwrap();
    Instant::now()
}

#[tokio::test]
async fn a_lease_that_is_given_back_moves_at_once() {
    let server = Server::start().await;
    let mut first = holder(&server.bus(&Writer::Scheduler).await);
    holds(&mut first, "the first holds").await;
    let mut second = holder(&server.bus(&Writer::Scheduler).await);
    let waits = tokio::time::timeout(
        Duration::from_millis(2500),
        second.held.wait_for(|held| *held),
    );
    assert!(waits.await.is_err(), "one holder at a time");
    first.stop.send(()).unwrap();
    within("the first ends", first.task).await.unwrap();
    assert!(!*first.held.borrow());
    let given = Instant::now();
    let taken = holds(&mut second, "the second holds").await;
    assert!(
        taken - given < Duration::from_secs(2),
        "{:?}",
        taken - given
    );
}

#[tokio::test]
async fn a_lease_moves_when_its_holder_dies_and_not_before_its_time() {
    let server = Server::start().await;
    let mut first = holder(&server.bus(&Writer::Scheduler).await);
    holds(&mut first, "the first holds").await;
    let mut second = holder(&server.bus(&Writer::Scheduler).await);
    first.task.abort();
    let died = Instant::now();
    let taken = holds(&mut second, "the second holds").await;
    let gap = taken - died;
    assert!(
        gap > Duration::from_millis(1500) && gap < Duration::from_millis(5500),
        "{gap:?}"
    );
}

#[tokio::test]
async fn a_holder_that_is_cut_off_stops_acting_before_another_may() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.port).await;
    let mut first = holder(&server.bus_at(&Writer::Scheduler, &proxy.url()).await);
    holds(&mut first, "the first holds").await;
    let mut second = holder(&server.bus(&Writer::Scheduler).await);
    proxy.set(Weather::RequestsHeld);
    let (let_go, taken) = tokio::join!(
        lets_go(&mut first, "the first stops acting"),
        holds(&mut second, "the second holds")
    );
    assert!(let_go < taken, "there was a time with two");
    proxy.set(Weather::Fine);
    let again = tokio::time::timeout(
        Duration::from_millis(2500),
        first.held.wait_for(|held| *held),
    );
    assert!(
        again.await.is_err(),
        "what was held back does not take it from the second"
    );
    assert!(*second.held.borrow());
}

#[tokio::test]
async fn a_lease_is_not_given_away_because_the_server_restarted() {
    let mut server = Server::start().await;
    let mut first = holder(&server.bus(&Writer::Scheduler).await);
    let mut second = holder(&server.bus(&Writer::Scheduler).await);
    let (first_held, second_held) = (&mut first.held, &mut second.held);
    let first_is_it = tokio::select! {
        _ = within("one holds", first_held.wait_for(|held| *held)) => true,
        _ = within("one holds", second_held.wait_for(|held| *held)) => false,
    };
    server.kill();
    server.start_again();
    let (old, new) = if first_is_it {
        (&mut first, &mut second)
    } else {
        (&mut second, &mut first)
    };
    let two = async {
        loop {
            within("the other holds", new.held.wait_for(|held| *held))
                .await
                .unwrap();
            if *old.held.borrow() {
                return;
            }
            within("the other lets go", new.held.wait_for(|held| !*held))
                .await
                .unwrap();
        }
    };
    let watched = tokio::time::timeout(Duration::from_secs(6), two);
    assert!(watched.await.is_err(), "two held it at a time");
}
