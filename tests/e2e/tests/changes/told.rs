//! What is told afterwards: the command line leads from a replica back to who asked for it.

use std::process::Output;
use std::time::Duration;

use anyhow::{Context, ensure};
use gantry_e2e::{System, image, project, sent, service};
use gantry_events::ReplicaId;
use gantry_rest::{Why, Write};
use gantry_views::why::Relation;
use tokio::process::Command;

use crate::files::file;

/// The command line that `make up` has built, with the address and the token of the environment.
async fn gantry(words: &[&str]) -> anyhow::Result<Output> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bin/gantry");
    let output = Command::new(program).args(words).output().await;
    output.context("starting bin/gantry; `make up` makes it")
}

/// The first cause that is told to people of a replica must be this, asked for by the operator.
async fn begins(replica: &ReplicaId, says: &str) -> anyhow::Result<()> {
    let told = gantry(&["why", replica.as_str(), "-p", "e2e-why"]).await?;
    ensure!(told.status.success(), "{told:?}");
    let text = String::from_utf8(told.stdout)?;
    let first = text.lines().nth(1).unwrap_or_default();
    ensure!(
        first.contains(says) && first.contains("token:operator"),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn why_leads_from_a_replica_back_to_the_command_that_caused_it() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-why", image(), "1", 1)).await?;
    let first = system.settled("e2e-why", "web", 1).await?.remove(0).id;
    begins(&first, "asked to make project e2e-why as a file says").await?;

    let (name, web, write) = (project("e2e-why"), service("web"), Write::new());
    let accepted = sent(|| system.api.restart(&name, &web, &write)).await?;
    let restart = system.ended(accepted, Duration::from_secs(60)).await?.id;
    let second = system.settled("e2e-why", "web", 1).await?.remove(0).id;
    // What came and what left for it have one cause.
    for replica in [&first, &second] {
        begins(replica, "asked to restart web of e2e-why").await?;
    }
    let told = gantry(&["why", second.as_str(), "-p", "e2e-why", "-o", "json"]).await?;
    let why: Why = serde_json::from_slice(&told.stdout)?;
    let cause = why.links.last().context("it has causes")?;
    ensure!(
        cause.relation == Relation::Asked && cause.operation == Some(restart),
        "{cause:?}"
    );
    let nobody = gantry(&["why", "web-zzzzzz", "-p", "e2e-why"]).await?;
    ensure!(nobody.status.code() == Some(3), "{nobody:?}");
    system.empty("e2e-why").await
}
