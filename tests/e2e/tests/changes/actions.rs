//! Actions on what runs: restarted, taken back to an earlier release, moved off a node.

use std::time::Duration;

use anyhow::{Context, ensure};
use gantry_e2e::{System, Traffic, eventually, image, project, sent, service};
use gantry_events::{NodeId, ReleaseNumber};
use gantry_rest::{ReadAt, Write};
use gantry_views::{NodeDoc, Open, OperationDoc, OperationState};

use crate::files::file;

const CONNECTIONS: usize = 16;

async fn succeeds(system: &System, accepted: OperationDoc) -> anyhow::Result<OperationDoc> {
    let ended = system.ended(accepted, Duration::from_secs(120)).await?;
    ensure!(ended.state == OperationState::Succeeded, "{ended:?}");
    Ok(ended)
}

#[tokio::test]
async fn a_restart_replaces_every_replica_without_one_failed_request() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system
        .deployed(&file("e2e-restart", image(), "1", 3))
        .await?;
    let before = system.settled("e2e-restart", "web", 3).await?;
    let traffic = Traffic::begin(system.ingress(), "web.e2e-restart.localhost", CONNECTIONS)?;
    let (name, web, write) = (project("e2e-restart"), service("web"), Write::new());
    let accepted = sent(|| system.api.restart(&name, &web, &write)).await?;
    succeeds(&system, accepted).await?;
    let tally = traffic.end().await?;
    let after = system.settled("e2e-restart", "web", 3).await?;

    ensure!(tally.good > 100 && tally.bad.is_empty(), "{:?}", tally.bad);
    for new in &after {
        ensure!(
            before.iter().all(|old| old.id != new.id),
            "{} stayed",
            new.id
        );
        ensure!(
            (new.round, new.release) == (before[0].round + 1, before[0].release),
            "{} is of round {} of {}",
            new.id,
            new.round,
            new.release
        );
    }
    system.empty("e2e-restart").await
}

#[tokio::test]
async fn a_rollback_is_a_new_release_with_the_content_of_the_old_one() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-back", image(), "1", 2)).await?;
    let first = system.settled("e2e-back", "web", 2).await?;
    system.deployed(&file("e2e-back", image(), "2", 2)).await?;
    let (name, write) = (project("e2e-back"), Write::new());
    let list = system.api.releases(&name, &ReadAt::default()).await?;
    let [.., old, newer] = &list.items[..] else {
        anyhow::bail!("two releases are wanted: {:?}", list.items);
    };
    let traffic = Traffic::begin(system.ingress(), "web.e2e-back.localhost", CONNECTIONS)?;
    let accepted = sent(|| system.api.rollback(&name, old.release, &write)).await?;
    let ended = succeeds(&system, accepted).await?;
    let tally = traffic.end().await?;

    ensure!(tally.good > 100 && tally.bad.is_empty(), "{:?}", tally.bad);
    let next = ReleaseNumber(newer.release.0 + 1);
    ensure!(ended.release == Some(next), "{:?}", ended.release);
    let at = ReadAt::after(ended.end_seq.context("it has ended")?);
    let made = system.api.release(&name, next, &at).await?;
    ensure!(made.rollback_of == Some(old.release), "{made:?}");
    ensure!(
        (made.config, &made.images) == (old.config, &old.images),
        "{made:?}"
    );
    let now = system.settled("e2e-back", "web", 2).await?;
    ensure!(now.iter().all(|one| one.spec == first[0].spec), "{now:?}");
    system.empty("e2e-back").await
}

#[tokio::test]
async fn a_drained_node_is_empty_when_the_operation_ends_and_opens_again() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    system.deployed(&file("e2e-drain", image(), "1", 3)).await?;
    let node = system.settled("e2e-drain", "web", 3).await?.remove(0).node;
    let traffic = Traffic::begin(system.ingress(), "web.e2e-drain.localhost", CONNECTIONS)?;
    let write = Write::new();
    let accepted = sent(|| system.api.drain(&node, &write)).await?;
    let ended = succeeds(&system, accepted).await?;
    let drained = doc(&system, &node, &ended).await?;
    let tally = traffic.end().await?;

    ensure!(tally.good > 100 && tally.bad.is_empty(), "{:?}", tally.bad);
    ensure!(drained.availability.state == Open::Drained, "{drained:?}");
    ensure!(drained.replicas == 0, "{drained:?}");
    let moved = system.settled("e2e-drain", "web", 3).await?;
    ensure!(moved.iter().all(|one| one.node != node), "{moved:?}");

    let write = Write::new();
    let accepted = sent(|| system.api.uncordon(&node, &write)).await?;
    let ended = succeeds(&system, accepted).await?;
    let open = doc(&system, &node, &ended).await?;
    ensure!(open.availability.state == Open::Open, "{open:?}");
    // The emptiest node is the best one for the next replica.
    system.deployed(&file("e2e-drain", image(), "1", 4)).await?;
    let taken = || async {
        let now = system.ready("e2e-drain", "web", 4).await?;
        ensure!(
            now.iter().any(|one| one.node == node),
            "nothing came to {node}"
        );
        Ok(())
    };
    eventually(Duration::from_secs(30), taken).await?;
    system.empty("e2e-drain").await
}

/// The node as it was when the operation had ended.
async fn doc(system: &System, node: &NodeId, ended: &OperationDoc) -> anyhow::Result<NodeDoc> {
    let at = ReadAt::after(ended.end_seq.context("it has ended")?);
    Ok(system.api.node(node, &at).await?)
}
