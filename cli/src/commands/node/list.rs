//! `gantry node ls`: a line for each node.

use gantry_events::Time;
use gantry_views::{NodeDoc, NodeState};

use crate::args::Past;
use crate::commands::{waits_for, word};
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, age};

/// List the nodes.
#[derive(Debug, clap::Args)]
pub struct Ls {
    #[command(flatten)]
    past: Past,
}

const COLUMNS: [Column; 10] = [
    Column::always("NODE"),
    Column::spare("MACHINE", 6),
    Column::always("STATE"),
    Column::spare("ADDRESS", 5),
    Column::spare("CPU", 2),
    Column::spare("MEMORY", 3),
    Column::always("REPLICAS"),
    Column::spare("SINCE", 1),
    Column::spare("LABELS", 7),
    Column::sentence("WHY"),
];

impl Ls {
    /// Prints the nodes.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let list = answered(client.nodes(&self.past.read(false))).await?;
        if list.items.is_empty() {
            let none = "no nodes yet: `gantry pool create local --size 3` makes some";
            context.screen.note(Tone::Dim, none);
        }
        let now = self.past.now(&client);
        context.screen.result(&list, || {
            Sheet::new(&COLUMNS, list.items.iter().map(|doc| row(doc, now)))
        })
    }
}

fn row(doc: &NodeDoc, now: Option<Time>) -> Vec<Field> {
    let (taken, all) = (&doc.reserved, &doc.capacity);
    let labels = doc
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let labels: Vec<_> = labels.collect();
    vec![
        Field::of(&doc.id),
        Field::of(&doc.machine),
        Field::toned(tone(doc.state), word(doc.state)),
        Field::maybe(doc.address),
        Field::of(format!("{}/{}", taken.cpu, all.cpu)),
        Field::of(format!("{}/{}Mi", mebi(taken.memory.0), mebi(all.memory.0))),
        Field::of(doc.replicas),
        Field::of(age(doc.standing.since, now)),
        Field::of(labels.join(",")),
        Field::maybe(waits_for(&doc.standing)),
    ]
}

/// How a node's state is to be taken.
pub fn tone(state: NodeState) -> Tone {
    match state {
        NodeState::Ready => Tone::Good,
        NodeState::Joining | NodeState::Draining => Tone::Wait,
        NodeState::Cordoned | NodeState::Drained | NodeState::Removed => Tone::Dim,
        NodeState::Suspect | NodeState::Lost | NodeState::Gone => Tone::Bad,
    }
}

/// Whole mebibytes: what an engine reports is never a round number of anything.
pub fn mebi(bytes: u64) -> u64 {
    bytes >> 20
}
