//! `gantry node`: the nodes, what each has, and what of it is set aside.

use gantry_events::Time;
use gantry_rest::ReadAt;
use gantry_views::{NodeDoc, NodeState};

use super::word;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, age};

/// Nodes of the cluster.
#[derive(Debug, clap::Subcommand)]
pub enum Node {
    /// List the nodes
    Ls,
}

const COLUMNS: [Column; 9] = [
    Column::always("NODE"),
    Column::spare("MACHINE", 4),
    Column::always("STATE"),
    Column::spare("ADDRESS", 2),
    Column::spare("CPU", 3),
    Column::spare("MEMORY", 3),
    Column::always("REPLICAS"),
    Column::spare("SINCE", 1),
    Column::wrapped("WAITING FOR"),
];

impl Node {
    /// Prints the nodes.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Ls => list(context).await,
        }
    }
}

async fn list(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let list = answered(client.nodes(&ReadAt::default())).await?;
    if list.items.is_empty() {
        let none = "no nodes yet: `gantry pool create local --provider local --size 3` makes some";
        context.screen.note(Tone::Dim, none);
    }
    let now = client.date();
    context.screen.result(&list, || {
        Sheet::new(&COLUMNS, list.items.iter().map(|doc| row(doc, now)))
    })
}

fn row(doc: &NodeDoc, now: Option<Time>) -> Vec<Field> {
    let (taken, all) = (&doc.reserved, &doc.capacity);
    let tone = match doc.state {
        NodeState::Ready => Tone::Good,
        NodeState::Joining => Tone::Wait,
        NodeState::Silent => Tone::Bad,
    };
    vec![
        Field::of(&doc.id),
        Field::of(&doc.machine),
        Field::toned(tone, word(doc.state)),
        Field::maybe(doc.address),
        Field::of(format!("{}/{}", taken.cpu, all.cpu)),
        Field::of(format!("{}/{}Mi", mebi(taken.memory.0), mebi(all.memory.0))),
        Field::of(doc.replicas),
        Field::of(age(doc.standing.since, now)),
        Field::maybe(doc.standing.waiting_for.as_ref()),
    ]
}

/// Whole mebibytes: what an engine reports is never a round number of anything.
fn mebi(bytes: u64) -> u64 {
    bytes >> 20
}
