//! Release after release under traffic, and the proof that this test would notice.

use std::time::Duration;

use anyhow::ensure;
use gantry_e2e::{System, eventually};

use crate::stage::{abrupt, signal, traffic};

#[tokio::test]
async fn ten_releases_in_a_row_fail_no_request() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-ten", 0, 3)).await?;
    system.settled("e2e-ten", "web", 3).await?;
    let traffic = traffic(&system, "e2e-ten")?;
    for version in 1..=10 {
        system.deployed(&abrupt("e2e-ten", version, 3)).await?;
    }
    let tally = traffic.end().await?;
    ensure!(tally.bad.is_empty(), "{} good, {:?}", tally.good, tally.bad);
    ensure!(tally.good > 1000, "{} good", tally.good);
    system.empty("e2e-ten").await
}

/// The order reversed by hand: told to end while it is routed, not after. Nothing in the system has to be able
/// to do it wrong for this, and what the test above counts is shown to count.
#[tokio::test]
async fn a_process_that_is_told_to_end_before_it_drains_fails_requests() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-order", 0, 3)).await?;
    let all = system.settled("e2e-order", "web", 3).await?;
    let traffic = traffic(&system, "e2e-order")?;
    let asked = || async {
        let (status, _) = system
            .get("web.e2e-order.localhost", "/slow?ms=1500")
            .await?;
        ensure!(status == 200, "status {status}");
        Ok(())
    };
    eventually(Duration::from_secs(20), asked).await?;
    for replica in &all {
        signal(&system, replica, "TERM").await?;
    }
    let back = || system.ready("e2e-order", "web", 3);
    eventually(Duration::from_secs(60), back).await?;
    let tally = traffic.end().await?;
    ensure!(
        !tally.bad.is_empty(),
        "{} good, and nothing failed",
        tally.good
    );
    system.empty("e2e-order").await
}
