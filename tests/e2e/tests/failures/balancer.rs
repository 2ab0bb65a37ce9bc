//! The balancer's process is killed, with nobody there to bring it a table.

use std::time::Duration;

use anyhow::ensure;
use gantry_e2e::{System, docker, eventually, host_pid, kill_process, measured, service_container};

use crate::stage::abrupt;

#[tokio::test]
async fn a_killed_ingress_answers_again_from_its_saved_table() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-ingress", 0, 2)).await?;
    system.settled("e2e-ingress", "web", 2).await?;
    let lb_sync = service_container(&system.cluster, "lb-sync").await?;
    let ingress = service_container(&system.cluster, "ingress").await?;
    docker(&["stop", &lb_sync]).await?;
    let outcome = killed(&system, &ingress).await;
    // Also when the test fails, for those after it.
    docker(&["start", &lb_sync]).await?;
    let took = outcome?;
    measured("killed-ingress", took, Duration::from_secs(2))?;
    system.empty("e2e-ingress").await
}

async fn killed(system: &System, ingress: &str) -> anyhow::Result<Duration> {
    let pid = host_pid(ingress).await?;
    kill_process(pid).await?;
    let answers = || async {
        let (status, _) = system.get("web.e2e-ingress.localhost", "/").await?;
        ensure!(status == 200, "status {status}");
        Ok(())
    };
    let ((), took) = eventually(Duration::from_secs(15), answers).await?;
    ensure!(host_pid(ingress).await? != pid, "it was not killed");
    Ok(took)
}
