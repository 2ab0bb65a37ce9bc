//! `gantry pool ls`: a line for each pool.

use gantry_events::Time;
use gantry_views::{PoolDoc, PoolState};

use crate::args::Past;
use crate::commands::{waits_for, word};
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, age};

/// List the pools.
#[derive(Debug, clap::Args)]
pub struct Ls {
    #[command(flatten)]
    past: Past,
}

const COLUMNS: [Column; 6] = [
    Column::always("POOL"),
    Column::spare("PROVIDER", 2),
    Column::always("READY"),
    Column::always("STATE"),
    Column::spare("SINCE", 1),
    Column::sentence("WHY"),
];

impl Ls {
    /// Prints the pools.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let list = answered(client.pools(&self.past.read(false))).await?;
        if list.items.is_empty() {
            let none = "no pools yet: `gantry pool create local --size 3` makes one";
            context.screen.note(Tone::Dim, none);
        }
        let now = self.past.now(&client);
        context.screen.result(&list, || {
            Sheet::new(&COLUMNS, list.items.iter().map(|doc| row(doc, now)))
        })
    }
}

fn row(doc: &PoolDoc, now: Option<Time>) -> Vec<Field> {
    let tone = match doc.state {
        PoolState::Ready => Tone::Good,
        PoolState::Filling | PoolState::Shrinking | PoolState::Closing => Tone::Wait,
        PoolState::Removed => Tone::Dim,
    };
    vec![
        Field::of(&doc.id),
        Field::of(&doc.provider),
        Field::of(format!("{}/{}", doc.ready, doc.size)),
        Field::toned(tone, word(doc.state)),
        Field::of(age(doc.standing.since, now)),
        Field::maybe(waits_for(&doc.standing)),
    ]
}
