//! A release that never becomes healthy is taken back by itself, and nobody who asks notices.

use std::time::Duration;

use anyhow::{Context, ensure};
use gantry_e2e::{System, image, measured};
use gantry_views::OperationState;

use crate::stage::{abrupt, traffic};

/// What the file of the ill release gives each step.
const DEADLINE: Duration = Duration::from_secs(8);

#[tokio::test]
async fn a_release_that_never_becomes_healthy_is_taken_back_and_says_why() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-ill", 1, 3)).await?;
    let before = system.settled("e2e-ill", "web", 3).await?;
    let traffic = traffic(&system, "e2e-ill")?;

    let operation = system.deploy(&ill("e2e-ill")).await?;
    let took = system.lasted(&operation).await?;
    measured("unhealthy-release-taken-back", took, DEADLINE * 2)?;

    let tally = traffic.end().await?;
    ensure!(tally.bad.is_empty(), "{} good, {:?}", tally.good, tally.bad);
    ensure!(operation.state == OperationState::Failed, "{operation:?}");
    let detail = operation.problem.context("it says why")?.detail;
    for word in ["/healthz", "503", "ill from the start"] {
        ensure!(detail.contains(word), "{word} is not in: {detail}");
    }
    let after = system.settled("e2e-ill", "web", 3).await?;
    let ids = |replicas: &[gantry_views::ReplicaDoc]| -> Vec<_> {
        let each = replicas
            .iter()
            .map(|one| (one.id.clone(), one.address, one.restarts));
        each.collect()
    };
    ensure!(
        ids(&before) == ids(&after),
        "{:?} became {:?}",
        ids(&before),
        ids(&after)
    );
    system.empty("e2e-ill").await
}

fn ill(project: &str) -> String {
    format!(
        "gantry: 1\nproject: {project}\nservices:\n  web:\n    image: {}\n    port: 8080\n    replicas: 3\n    \
         health: {{path: /healthz, interval: 500ms, start_within: 5s}}\n    \
         rollout: {{deadline: {}s, drain: 5s}}\n    env: {{VERSION: \"2\", UNHEALTHY: \"true\"}}\n",
        image(),
        DEADLINE.as_secs()
    )
}
