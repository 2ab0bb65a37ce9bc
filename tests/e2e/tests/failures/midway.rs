//! A role is killed in the middle of a rollout: it ends as if nothing had happened.

use std::time::Duration;

use anyhow::ensure;
use gantry_e2e::{
    System, eventually, host_pid, kill_process, measured, project, sent, service_container,
};
use gantry_events::ReleaseNumber;
use gantry_rest::Write;
use gantry_views::{OperationDoc, OperationState};

use crate::roles::{node_worker, nothing_is_doubled};
use crate::stage::{abrupt, traffic};

/// The project whose rollouts are disturbed.
const PROJECT: &str = "e2e-midway";

/// An undisturbed rollout of three takes about a second and a half; the rest is for coming back.
const DONE: Duration = Duration::from_secs(8);

#[tokio::test]
async fn whoever_is_killed_in_mid_rollout_it_ends_as_if_nothing_had_happened() -> anyhow::Result<()>
{
    let system = System::of_environment()?;
    system.deployed(&abrupt(PROJECT, 0, 3)).await?;
    system.settled(PROJECT, "web", 3).await?;
    let traffic = traffic(&system, PROJECT)?;
    let victims = ["api", "scheduler", "provisioner", "lb-sync", "node-worker"];
    for (version, victim) in (1..).zip(victims) {
        let pid = pid_of(&system, victim).await?;
        let (name, write) = (project(PROJECT), Write::new());
        let put = || {
            system
                .api
                .put_config(&name, abrupt(PROJECT, version, 3), &write)
        };
        let operation = sent(put).await?;
        eventually(Duration::from_secs(20), || has_begun(&system, &operation)).await?;
        kill_process(pid).await?;
        let ended = system.ended(operation, Duration::from_secs(90)).await?;
        ensure!(
            ended.state == OperationState::Succeeded,
            "{victim}: {ended:?}"
        );
        let took = system.lasted(&ended).await?;
        measured(&format!("rollout-with-killed-{victim}"), took, DONE)?;
        let replicas = system.settled(PROJECT, "web", 3).await?;
        ensure!(
            replicas
                .iter()
                .all(|one| Some(one.release) == ended.release),
            "{victim}: {replicas:?}"
        );
        eventually(Duration::from_secs(30), || is_back(&system, victim, pid)).await?;
    }
    let tally = traffic.end().await?;
    ensure!(tally.bad.is_empty(), "{} good, {:?}", tally.good, tally.bad);
    nothing_is_doubled(&system, PROJECT).await?;
    system.empty(PROJECT).await
}

async fn is_back(system: &System, role: &str, killed: u32) -> anyhow::Result<()> {
    ensure!(
        pid_of(system, role).await? != killed,
        "{role} has not been started again"
    );
    Ok(())
}

async fn pid_of(system: &System, role: &str) -> anyhow::Result<u32> {
    if role != "node-worker" {
        return host_pid(&service_container(&system.cluster, role).await?).await;
    }
    let replica = system.ready(PROJECT, "web", 3).await?.remove(0);
    node_worker(&system.node(&replica).await?.machine).await
}

/// A replica of the new release is placed.
async fn has_begun(system: &System, operation: &OperationDoc) -> anyhow::Result<()> {
    let replicas = system.replicas(PROJECT, "web").await?;
    let releases: Vec<ReleaseNumber> = replicas.iter().map(|one| one.release).collect();
    let newest = releases.iter().max();
    let oldest = releases.iter().min();
    ensure!(newest != oldest, "{} has placed nothing yet", operation.id);
    Ok(())
}
