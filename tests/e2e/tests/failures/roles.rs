//! What breaks, on the real system: processes of replicas and of every role.

#![allow(clippy::print_stdout, reason = "measured times are shown")]

use std::time::Duration;

use anyhow::{bail, ensure};
use gantry_e2e::{
    System, containers_of_machine, eventually, host_pid, image, in_machine, kill_process, measured,
    project, sent, service, service_container,
};
use gantry_events::Millis;
use gantry_rest::{EventQuery, Write};
use gantry_views::OperationState;

/// No test waits longer than this for a role.
const PATIENCE: Duration = Duration::from_secs(30);

/// A role that was killed is useful again within this time.
const USEFUL_AGAIN: Duration = Duration::from_secs(5);

fn file(name: &str, replicas: u32) -> String {
    format!(
        "gantry: 1\nproject: {name}\nservices:\n  web:\n    image: {}\n    port: 8080\n    replicas: {replicas}\n    \
         health: {{path: /healthz, interval: 500ms}}\n",
        image()
    )
}

#[tokio::test]
async fn a_killed_process_is_restarted_in_place() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-kill", 1)).await?;
    let before = system.settled("e2e-kill", "web", 1).await?.remove(0);
    let machine = system.node(&before).await?.machine;
    let container = containers_of_machine(&machine, before.id.as_str())
        .await?
        .remove(0);
    in_machine(&machine, &["kill", "-s", "KILL", &container]).await?;

    let restarted = || async {
        let after = system.settled("e2e-kill", "web", 1).await?.remove(0);
        ensure!(
            after.restarts == before.restarts + 1,
            "restarts: {}",
            after.restarts
        );
        Ok(after)
    };
    let (after, took) = eventually(Duration::from_secs(20), restarted).await?;
    println!("ready again after {took:?}");
    assert_eq!(after.id, before.id);
    assert_eq!(
        containers_of_machine(&machine, after.id.as_str()).await?,
        [container]
    );
    system.empty("e2e-kill").await
}

#[tokio::test]
async fn a_replica_that_stays_unhealthy_is_ended_and_replaced() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-sick", 2)).await?;
    let before = system.settled("e2e-sick", "web", 2).await?;
    let (_, sick) = system.get("web.e2e-sick.localhost", "/unhealthy").await?;
    ensure!(
        before.iter().any(|replica| replica.id.to_string() == sick),
        "{sick} answered"
    );

    let replaced = || async {
        let after = system.settled("e2e-sick", "web", 2).await?;
        ensure!(
            after.iter().all(|replica| replica.id.to_string() != sick),
            "{sick} is still there"
        );
        Ok(())
    };
    let ((), took) = eventually(Duration::from_secs(60), replaced).await?;
    println!("replaced after {took:?}");
    for replica in &before {
        let machine = system.node(replica).await?.machine;
        let left = containers_of_machine(&machine, &sick).await?;
        assert!(left.is_empty(), "{sick} still runs on {machine}");
    }
    system.empty("e2e-sick").await
}

#[tokio::test]
async fn each_role_that_is_killed_is_useful_again_and_nothing_is_doubled() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-roles", 2)).await?;
    for (round, role) in ["api", "scheduler", "provisioner", "lb-sync", "ingress"]
        .into_iter()
        .enumerate()
    {
        let container = service_container(&system.cluster, role).await?;
        let killed = host_pid(&container).await?;
        kill_process(killed).await?;
        let count = 1 + (round as u32) % 3;
        let (ready, took) = eventually(PATIENCE, || useful(&system, &container, killed)).await?;
        println!("{role}: {ready}");
        measured("role-useful-again", took, USEFUL_AGAIN)?;
        scale(&system, count).await?;
    }
    nothing_is_doubled(&system, "e2e-roles").await?;
    system.empty("e2e-roles").await
}

#[tokio::test]
async fn a_killed_node_worker_adopts_what_runs() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-adopt", 1)).await?;
    let before = system.settled("e2e-adopt", "web", 1).await?.remove(0);
    let machine = system.node(&before).await?.machine;
    let container = containers_of_machine(&machine, before.id.as_str()).await?;
    let worker = node_worker(&machine).await?;
    kill_process(worker).await?;

    let again = || async {
        let now = node_worker(&machine).await?;
        ensure!(now != worker, "the worker has not been started again");
        system.ready("e2e-adopt", "web", 1).await
    };
    let (after, took) = eventually(PATIENCE, again).await?;
    measured("node-worker-useful-again", took, USEFUL_AGAIN)?;
    assert_eq!(
        (&after[0].id, after[0].restarts),
        (&before.id, before.restarts)
    );
    assert_eq!(
        containers_of_machine(&machine, before.id.as_str()).await?,
        container
    );
    scale_of(&system, "e2e-adopt", 2).await?;
    system.empty("e2e-adopt").await
}

/// The role answers that it is ready, in another process than the one that was killed.
async fn useful(system: &System, container: &str, killed: u32) -> anyhow::Result<String> {
    ensure!(
        host_pid(container).await? != killed,
        "it has not been started again"
    );
    let address = address(container).await?;
    let answer = system
        .http
        .get(format!("http://{address}:9000/readyz"))
        .send()
        .await?;
    let (status, body) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{body}");
    Ok(body)
}

async fn address(container: &str) -> anyhow::Result<String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let output = tokio::process::Command::new("docker")
        .args(["inspect", "-f", format, container])
        .output()
        .await?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

async fn scale(system: &System, count: u32) -> anyhow::Result<()> {
    scale_of(system, "e2e-roles", count).await
}

async fn scale_of(system: &System, name: &str, count: u32) -> anyhow::Result<()> {
    let write = Write::new().and_wait(Millis::from_secs(60));
    let (project, service) = (project(name), service("web"));
    let scale = || system.api.scale(&project, &service, count, &write);
    let operation = sent(scale).await?;
    let operation = system.ended(operation, Duration::from_secs(60)).await?;
    ensure!(
        operation.state == OperationState::Succeeded,
        "{:?}",
        operation.problem
    );
    let (_, took) = eventually(Duration::from_secs(15), || {
        system.ready(name, "web", count as usize)
    })
    .await?;
    println!("scaled to {count}, seen {took:?} later");
    Ok(())
}

/// Every command has one outcome, and every replica was placed and stopped at most once.
pub async fn nothing_is_doubled(system: &System, project: &str) -> anyhow::Result<()> {
    let query = EventQuery {
        scope: Some(project.to_owned()),
        limit: Some(1000),
        ..EventQuery::default()
    };
    let page = system.api.events(&query).await?;
    ensure!(page.next.is_none(), "more happened than one page holds");
    let mut seen = std::collections::BTreeSet::new();
    for event in &page.items {
        let once = [
            "replica.placed.v1",
            "replica.stopped.v1",
            "operation.succeeded.v1",
            "release.created.v1",
        ];
        if once.contains(&event.type_name.as_str())
            && !seen.insert((event.type_name.clone(), event.subject.clone()))
        {
            bail!(
                "{} {} stands twice in the log",
                event.type_name,
                event.subject
            );
        }
    }
    Ok(())
}

/// Process id on the host of the node-worker in a machine.
pub async fn node_worker(machine: &str) -> anyhow::Result<u32> {
    let top = tokio::process::Command::new("docker")
        .args(["top", machine, "-eo", "pid,args"])
        .output()
        .await?;
    let text = String::from_utf8(top.stdout)?;
    let line = text.lines().find(|line| line.contains("node-worker"));
    let pid = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|pid| pid.parse().ok());
    pid.ok_or_else(|| anyhow::anyhow!("no node-worker runs on {machine}: {text}"))
}
