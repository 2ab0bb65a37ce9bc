//! Pools and nodes in a few lines: how many there are, and which are not as they should be.

use gantry_rest::{Client, ReadAt};
use gantry_views::{NodeDoc, NodeState, PoolDoc};

use crate::commands::word;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::Tone;

/// Shows them.
///
/// # Errors
/// Those of the reads; standard output cannot be written.
pub async fn show(context: &Context, client: &Client, at: &ReadAt) -> Result<(), Failure> {
    let pools = answered(client.pools(at)).await?.items;
    let nodes = answered(client.nodes(at)).await?.items;
    context.screen.line("")?;
    let pools: Vec<_> = pools.iter().map(|pool| of_pool(context, pool)).collect();
    if !pools.is_empty() {
        context
            .screen
            .line(format!("pools  {}", pools.join(", ")))?;
    }
    context
        .screen
        .line(format!("nodes  {}", of_nodes(context, &nodes)))
}

fn of_pool(context: &Context, pool: &PoolDoc) -> String {
    let tone = if pool.ready < pool.size {
        Tone::Wait
    } else {
        Tone::Good
    };
    let counts = context
        .screen
        .tint(tone, &format!("{}/{}", pool.ready, pool.size));
    format!("{} {counts}", pool.id)
}

fn of_nodes(context: &Context, nodes: &[NodeDoc]) -> String {
    if nodes.is_empty() {
        return "none yet: gantry pool create local --size 3".to_owned();
    }
    let ready = nodes
        .iter()
        .filter(|node| node.state == NodeState::Ready)
        .count();
    let others = nodes.iter().filter(|node| node.state != NodeState::Ready);
    let others = others.map(|node| {
        let text = format!("{} {}", node.id, word(node.state));
        context.screen.tint(Tone::Wait, &text)
    });
    let ready = context.screen.tint(Tone::Good, &format!("{ready} ready"));
    [ready]
        .into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join(", ")
}
