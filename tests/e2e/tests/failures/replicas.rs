//! A replica's process is killed, or hangs.

use std::time::{Duration, Instant};

use anyhow::ensure;
use gantry_e2e::{System, clock, eventually, measured};

use crate::stage::{abrupt, signal, traffic};

/// The slowest answer takes 700 ms by itself; twice that and more is one that was held up.
const HELD_UP: Duration = Duration::from_secs(2);

#[tokio::test]
async fn of_a_killed_process_only_requests_in_flight_are_lost() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-killed", 1, 3)).await?;
    let victim = system.settled("e2e-killed", "web", 3).await?.remove(0);
    let traffic = traffic(&system, "e2e-killed")?;
    let (killed, killed_at) = (Instant::now(), clock());
    signal(&system, &victim, "KILL").await?;
    let restarted = || async {
        let now = system.ready("e2e-killed", "web", 3).await?;
        let again = now.iter().find(|replica| replica.id == victim.id);
        ensure!(
            again.is_some_and(|replica| replica.restarts == victim.restarts + 1),
            "it has not been started again"
        );
        Ok(())
    };
    eventually(Duration::from_secs(30), restarted).await?;
    let tally = traffic.end().await?;
    ensure!(tally.good > 100, "{} good, {:?}", tally.good, tally.bad);
    let last = tally.trouble_after(killed, HELD_UP);
    measured("killed-process-last-request", last, Duration::from_secs(2))?;
    let took = system.left_out(&victim, killed_at).await?;
    measured("killed-process-left-out", took, Duration::from_secs(2))?;
    // Of 64 connections one in four waits half of its time; about a third of them on this replica.
    let lost: u64 = tally.bad.values().sum();
    ensure!(
        lost <= 32,
        "more is lost than can have been in flight: {:?}",
        tally.bad
    );
    system.empty("e2e-killed").await
}

#[tokio::test]
async fn a_replica_that_hangs_is_left_out_ended_and_replaced() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-hang", 1, 3)).await?;
    let victim = system.settled("e2e-hang", "web", 3).await?.remove(0);
    let traffic = traffic(&system, "e2e-hang")?;
    let (stopped, stopped_at) = (Instant::now(), clock());
    signal(&system, &victim, "STOP").await?;
    let replaced = || async {
        let now = system.ready("e2e-hang", "web", 3).await?;
        ensure!(
            now.iter().all(|replica| replica.id != victim.id),
            "{} is still there",
            victim.id
        );
        Ok(())
    };
    eventually(Duration::from_secs(90), replaced).await?;
    let tally = traffic.end().await?;
    ensure!(tally.good > 100, "{} good, {:?}", tally.good, tally.bad);
    let last = tally.trouble_after(stopped, HELD_UP);
    measured("hanging-replica-last-request", last, Duration::from_secs(5))?;
    let took = system.left_out(&victim, stopped_at).await?;
    measured("hanging-replica-left-out", took, Duration::from_secs(5))?;
    system.empty("e2e-hang").await
}
