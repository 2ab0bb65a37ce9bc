//! Files that are deployed: versions under traffic, numbers, removals, mistakes, two at once.

use std::time::Duration;

use gantry_e2e::{System, Traffic, eventually, image, project, service};
use gantry_events::{Millis, ProblemCode};
use gantry_rest::{ClientError, Write};
use gantry_views::OperationState;

/// A file of one service `web` whose replicas differ by `version` alone.
pub fn file(name: &str, image: &str, version: &str, replicas: u32) -> String {
    format!(
        "gantry: 1\nproject: {name}\nservices:\n  web:\n    image: {image}\n    port: 8080\n    replicas: {replicas}\n    \
         health: {{path: /healthz, interval: 500ms}}\n    env: {{VERSION: \"{version}\"}}\n"
    )
}

#[tokio::test]
async fn a_new_version_takes_over_without_one_failed_request() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-roll", image(), "1", 3)).await?;
    let before = system.settled("e2e-roll", "web", 3).await?;
    let traffic = Traffic::begin(system.ingress(), "web.e2e-roll.localhost", 16)?;
    system.deployed(&file("e2e-roll", image(), "2", 3)).await?;
    let tally = traffic.end().await?;
    let after = system.settled("e2e-roll", "web", 3).await?;

    assert!(tally.good > 100, "{tally:?}");
    assert!(tally.bad.is_empty(), "{tally:?}");
    let kept: Vec<_> = after
        .iter()
        .filter(|new| before.iter().any(|old| old.id == new.id))
        .collect();
    assert!(kept.is_empty(), "every replica is a new one, but {kept:?}");
    system.empty("e2e-roll").await
}

#[tokio::test]
async fn scaling_goes_up_and_down_and_the_file_has_the_last_word() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    let text = file("e2e-scale", image(), "1", 2);
    system.deployed(&text).await?;
    for count in [4, 1] {
        let write = Write::new().and_wait(Millis::from_secs(60));
        let operation = system
            .api
            .scale(&project("e2e-scale"), &service("web"), count, &write)
            .await?;
        let operation = system.ended(operation, Duration::from_secs(60)).await?;
        assert_eq!(
            operation.state,
            OperationState::Succeeded,
            "{:?}",
            operation.problem
        );
        system.settled("e2e-scale", "web", count as usize).await?;
    }
    system.deployed(&text).await?;
    system.settled("e2e-scale", "web", 2).await?;
    let again = system.deployed(&text).await?;
    assert_eq!(again.changed, Some(false));
    system.empty("e2e-scale").await
}

#[tokio::test]
async fn a_removed_service_is_gone_from_balancer_and_machines() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-rm", image(), "1", 1)).await?;
    let write = Write::new().and_wait(Millis::from_secs(60));
    let operation = system
        .api
        .delete_service(&project("e2e-rm"), &service("web"), &write)
        .await?;
    let operation = system.ended(operation, Duration::from_secs(60)).await?;
    assert_eq!(
        operation.state,
        OperationState::Succeeded,
        "{:?}",
        operation.problem
    );
    let gone = || async {
        match system.get("web.e2e-rm.localhost", "/").await? {
            (404, _) => Ok(()),
            (status, _) => anyhow::bail!("still answered with {status}"),
        }
    };
    eventually(Duration::from_secs(10), gone).await?;
    assert!(
        system.replicas("e2e-rm", "web").await.is_err()
            || system.replicas("e2e-rm", "web").await?.is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn an_image_nobody_has_fails_the_deploy_and_leaves_what_runs() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-image", image(), "1", 1)).await?;
    let before = system.settled("e2e-image", "web", 1).await?;
    let write = Write::new().and_wait(Millis::from_secs(60));
    let text = file("e2e-image", "localhost:5000/nobody-has-this:1", "1", 1);
    let code = match system
        .api
        .put_config(&project("e2e-image"), text, &write)
        .await
    {
        Ok(operation) => system
            .ended(operation, Duration::from_secs(90))
            .await?
            .problem
            .map(|p| format!("{:?}", p.code)),
        Err(ClientError::Problem(problem)) => Some(format!("{:?}", problem.code)),
        Err(other) => return Err(other.into()),
    };
    assert_eq!(code, Some(format!("{:?}", ProblemCode::ImageNotFound)));
    assert_eq!(
        system.settled("e2e-image", "web", 1).await?[0].id,
        before[0].id
    );
    system.empty("e2e-image").await
}

#[tokio::test]
async fn of_two_deploys_at_once_the_last_one_holds_and_both_say_how_they_ended()
-> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-two", image(), "1", 2)).await?;
    let name = project("e2e-two");
    let first = system
        .api
        .put_config(&name, file("e2e-two", image(), "2", 2), &Write::new())
        .await?;
    let second = system
        .api
        .put_config(&name, file("e2e-two", image(), "3", 3), &Write::new())
        .await?;
    let first = system.ended(first, Duration::from_secs(90)).await?;
    let second = system.ended(second, Duration::from_secs(90)).await?;
    assert!(
        matches!(
            first.state,
            OperationState::Succeeded | OperationState::Superseded
        ),
        "{:?}",
        first.state
    );
    assert_eq!(
        second.state,
        OperationState::Succeeded,
        "{:?}",
        second.problem
    );
    system.settled("e2e-two", "web", 3).await?;
    system.empty("e2e-two").await
}
