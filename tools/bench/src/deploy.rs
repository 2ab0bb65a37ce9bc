//! How long a deploy takes, from the request to the operation's success, beside the same containers made
//! directly.

use anyhow::ensure;

use crate::entry::Entry;
use crate::floor::Floor;
use crate::sample::median;
use crate::system::System;

/// How many replicas are deployed at a time.
const SIZES: [u32; 2] = [1, 10];

/// What a deploy may take, as a ratio to its floor.
const TARGET: f64 = 1.10;

/// Measures each size in so many rounds, floor and deploy in turn.
pub async fn measure(system: &System, rounds: usize) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for size in SIZES {
        entries.push(one(system, size, rounds).await?);
    }
    Ok(entries)
}

async fn one(system: &System, size: u32, rounds: usize) -> anyhow::Result<Entry> {
    let project = format!("bench-deploy-{size}");
    // The first brings the image to each machine, and shows what is to be copied.
    system.deploy(&project, size).await?;
    let floor = Floor::of(system, &project).await?;
    ensure!(
        floor.containers() == size as usize,
        "{} containers run instead of {size}",
        floor.containers()
    );
    system.remove(&project).await?;
    let (mut ours, mut floors) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        floors.push(floor.run().await?.as_secs_f64());
        ours.push(system.deploy(&project, size).await?.as_secs_f64());
        system.remove(&project).await?;
        println!(
            "deploy of {size}, round {round}: {:.3} s, directly {:.3} s",
            ours[round - 1],
            floors[round - 1]
        );
    }
    let name = format!("deploy.{size}_replica{}", if size == 1 { "" } else { "s" });
    Ok(Entry::plain(&name, median(ours), "s", Some(TARGET)).beside(median(floors)))
}
