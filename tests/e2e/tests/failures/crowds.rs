//! Many at once: the last one holds, and each operation says how it ended.

use std::time::Duration;

use anyhow::ensure;
use gantry_e2e::{System, project, service};
use gantry_rest::Write;
use gantry_views::OperationState;

use crate::stage::abrupt;

#[tokio::test]
async fn of_two_who_deploy_at_once_the_later_command_holds() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-two", 0, 2)).await?;
    let (one, other) = (abrupt("e2e-two", 1, 2), abrupt("e2e-two", 2, 3));
    let (one, other) = tokio::try_join!(system.deploy(&one), system.deploy(&other))?;

    let (earlier, later, count) = if one.seq < other.seq {
        (one, other, 3)
    } else {
        (other, one, 2)
    };
    ensure!(later.state == OperationState::Succeeded, "{later:?}");
    ensure!(
        matches!(
            earlier.state,
            OperationState::Superseded | OperationState::Succeeded
        ),
        "{earlier:?}"
    );
    let replicas = system.settled("e2e-two", "web", count).await?;
    ensure!(
        replicas
            .iter()
            .all(|one| Some(one.release) == later.release),
        "{replicas:?}"
    );
    system.empty("e2e-two").await
}

#[tokio::test]
async fn of_a_hundred_scale_changes_in_a_burst_the_last_one_holds() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&abrupt("e2e-burst", 0, 1)).await?;
    let (project, service) = (project("e2e-burst"), service("web"));
    let mut accepted = Vec::new();
    for round in 0..100_u32 {
        let replicas = 1 + round % 4;
        accepted.push(
            system
                .api
                .scale(&project, &service, replicas, &Write::new())
                .await?,
        );
    }
    for operation in accepted {
        let ended = system.ended(operation, Duration::from_secs(120)).await?;
        ensure!(
            matches!(
                ended.state,
                OperationState::Superseded | OperationState::Succeeded
            ),
            "{ended:?}"
        );
    }
    system.settled("e2e-burst", "web", 4).await?;
    system.empty("e2e-burst").await
}
