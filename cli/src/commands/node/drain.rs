//! `gantry node drain`: moves all off a node and follows it: what has moved, what blocks, until when.

use gantry_events::{NodeId, Slot};
use gantry_rest::{Client, ReadAt, Write};
use gantry_views::ReplicaDoc;

use super::show::replicas;
use crate::context::Context;
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::operation;
use crate::tale::{Goal, Home};

/// Drains the node.
///
/// # Errors
/// It is not there; those of the write and its operation, among them what fits nowhere else.
pub async fn run(context: &Context, node: &NodeId) -> Result<(), Failure> {
    let client = context.client()?;
    let goal = Goal {
        nodes: [node.clone()].into(),
        moves: true,
        homes: homes(&client).await?,
        ..Goal::default()
    };
    let key = Write::new();
    let ended = match operation::write(context, || client.drain(node, &key)).await {
        Ok(accepted) => {
            let next =
                format!("{node} is empty and takes nothing; to undo: gantry node uncordon {node}");
            operation::finish(context, accepted, goal, &next).await
        }
        Err(failure) => Err(failure),
    };
    match ended {
        Ok(()) => Ok(()),
        Err(failure) => {
            let failure = meant(&client, failure, node, Named::Node).await;
            let blocked = matches!(failure, Failure::Ended(..));
            let way_out = format!(
                "see what is left with `gantry node show {node}`; the drain goes on; end it with `gantry node uncordon {node}`"
            );
            Err(if blocked {
                failure.with_way_out(way_out)
            } else {
                failure
            })
        }
    }
}

/// Where all replicas are.
///
/// # Errors
/// Those of the reads.
pub async fn homes(client: &Client) -> Result<Vec<Home>, Failure> {
    let all = replicas(client, &ReadAt::default()).await?;
    Ok(all.into_iter().map(home).collect())
}

fn home(replica: ReplicaDoc) -> Home {
    Home {
        slot: Slot {
            service: replica.service,
            ordinal: replica.slot,
        },
        project: replica.project,
        replica: replica.id,
        node: replica.node,
    }
}
