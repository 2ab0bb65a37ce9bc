//! `gantry pool`: pools of machines: makes one, lists them.

use gantry_events::{PoolName, Time};
use gantry_rest::{CreatePool, ReadAt, Write};
use gantry_views::{PoolDoc, PoolState};

use super::word;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::operation;
use crate::output::{Column, Field, Sheet, Tone, age};
use crate::tale::Goal;

/// Pools of machines.
#[derive(Debug, clap::Subcommand)]
pub enum Pool {
    /// Make a pool and wait until its machines have joined
    Create(Create),
    /// List the pools
    Ls,
}

/// Make a pool.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Name of the pool
    name: PoolName,
    /// Who makes its machines
    #[arg(long, default_value = "local")]
    provider: String,
    /// How many machines
    #[arg(long)]
    size: u32,
}

const COLUMNS: [Column; 6] = [
    Column::always("POOL"),
    Column::spare("PROVIDER", 2),
    Column::always("READY"),
    Column::always("STATE"),
    Column::spare("SINCE", 1),
    Column::wrapped("WAITING FOR"),
];

impl Pool {
    /// Makes a pool, or lists them.
    ///
    /// # Errors
    /// Those of the write and its operation, or of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(context).await,
            Self::Ls => list(context).await,
        }
    }
}

impl Create {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let pool = CreatePool {
            name: self.name.clone(),
            provider: self.provider.clone(),
            size: self.size,
            labels: Default::default(),
        };
        let key = Write::new();
        let accepted = operation::write(|| client.create_pool(&pool, &key)).await?;
        let goal = Goal {
            machines: self.size,
            ..Goal::default()
        };
        operation::finish(context, accepted, goal).await
    }
}

async fn list(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let list = answered(client.pools(&ReadAt::default())).await?;
    let now = client.date();
    context.screen.result(&list, || {
        Sheet::new(&COLUMNS, list.items.iter().map(|doc| row(doc, now)))
    })
}

fn row(doc: &PoolDoc, now: Option<Time>) -> Vec<Field> {
    let tone = match doc.state {
        PoolState::Ready => Tone::Good,
        PoolState::Filling => Tone::Wait,
    };
    vec![
        Field::of(&doc.id),
        Field::of(&doc.provider),
        Field::of(format!("{}/{}", doc.ready, doc.size)),
        Field::toned(tone, word(doc.state)),
        Field::of(age(doc.standing.since, now)),
        Field::maybe(doc.standing.waiting_for.as_ref()),
    ]
}
