//! Machines that come and go: asked for, and torn away.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use gantry_e2e::{System, between, clock, docker, eventually, measured};
use gantry_events::{PoolName, Time};
use gantry_rest::{ReadAt, Write};
use gantry_views::{NodeState, OperationDoc, OperationState};

use crate::stage::{abrupt, traffic};

/// What is held up longer was in flight on the machine when it went.
const HELD_UP: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_machine_that_is_torn_away_is_replaced_with_all_it_ran() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-torn", 1, 3)).await?;
    let victim = system.settled("e2e-torn", "web", 3).await?.remove(0);
    let node = system.node(&victim).await?;
    let size = ready_nodes(&system).await?.len();
    let traffic = traffic(&system, "e2e-torn")?;

    let (torn, torn_at) = (Instant::now(), clock());
    docker(&["rm", "-f", &node.machine]).await?;
    let elsewhere = || async {
        let now = system.ready("e2e-torn", "web", 3).await?;
        ensure!(
            now.iter().all(|one| one.node != node.id),
            "{} is still named",
            node.id
        );
        Ok(())
    };
    eventually(Duration::from_secs(120), elsewhere).await?;
    let last = last_ready(&system, "e2e-torn").await?;
    measured(
        "removed-machine-replaced-replicas",
        between(torn_at, last),
        Duration::from_secs(30),
    )?;
    let took = system.left_out(&victim, torn_at).await?;
    measured("removed-machine-left-out", took, Duration::from_secs(3))?;
    let whole = || async {
        let nodes = ready_nodes(&system).await?;
        ensure!(
            nodes.len() == size && !nodes.contains(&node.id.to_string()),
            "{nodes:?}"
        );
        Ok(())
    };
    eventually(Duration::from_secs(120), whole).await?;

    let tally = traffic.end().await?;
    let last = tally.trouble_after(torn, HELD_UP);
    measured("removed-machine-last-request", last, Duration::from_secs(3))?;
    system.empty("e2e-torn").await
}

#[tokio::test]
async fn a_pool_grows_and_shrinks_without_one_failed_request() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    let pool: PoolName = "local".parse()?;
    let size = system.api.pool(&pool, &ReadAt::default()).await?.size;
    system.deployed(&abrupt("e2e-pool", 1, 4)).await?;
    system.settled("e2e-pool", "web", 4).await?;
    let traffic = traffic(&system, "e2e-pool")?;

    let grown = scaled(&system, &pool, size + 1).await?;
    let took = system.lasted(&grown).await?;
    measured("pool-grows", took, Duration::from_secs(10))?;
    scaled(&system, &pool, size - 1).await?;
    ensure!(
        ready_nodes(&system).await?.len() == size as usize - 1,
        "two have not left"
    );
    system.settled("e2e-pool", "web", 4).await?;
    scaled(&system, &pool, size).await?;

    let tally = traffic.end().await?;
    ensure!(tally.bad.is_empty(), "{} good, {:?}", tally.good, tally.bad);
    system.empty("e2e-pool").await
}

async fn scaled(system: &System, pool: &PoolName, size: u32) -> anyhow::Result<OperationDoc> {
    let operation = system.api.scale_pool(pool, size, &Write::new()).await?;
    let ended = system.ended(operation, Duration::from_secs(180)).await?;
    ensure!(ended.state == OperationState::Succeeded, "{ended:?}");
    Ok(ended)
}

/// When the youngest of a service's replicas became ready.
async fn last_ready(system: &System, project: &str) -> anyhow::Result<Time> {
    let replicas = system.replicas(project, "web").await?;
    let since = replicas.iter().map(|one| one.standing.since).max();
    since.context("the service has replicas")
}

async fn ready_nodes(system: &System) -> anyhow::Result<Vec<String>> {
    let nodes = system
        .api
        .nodes(&ReadAt::default())
        .await
        .context("listing nodes")?;
    let ready = nodes
        .items
        .iter()
        .filter(|node| node.state == NodeState::Ready);
    Ok(ready.map(|node| node.id.to_string()).collect())
}
