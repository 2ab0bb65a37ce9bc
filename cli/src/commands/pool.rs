//! `gantry pool`: pools of machines: makes one, gives it another size, removes it, lists them.

mod list;
mod resize;

use std::str::FromStr;

use gantry_events::PoolName;
use gantry_rest::{CreatePool, Write};

use crate::context::Context;
use crate::failure::Failure;
use crate::operation;
use crate::tale::{Count, Goal};

/// Pools of machines
#[derive(Debug, clap::Subcommand)]
pub enum Pool {
    /// List the pools
    #[command(after_help = "Example:
  gantry pool ls")]
    Ls(list::Ls),
    /// Make a pool and wait until its machines have joined
    #[command(after_help = "Examples:
  gantry pool create local --size 3
  gantry pool create fast --provider local --size 2 --label disk=ssd")]
    Create(Create),
    /// Give a pool another size: machines are added, or emptied and removed
    #[command(after_help = "Examples:
  gantry pool scale local=4    one more machine
  gantry pool scale local=2    the newest are emptied, then removed")]
    Scale(resize::Scale),
    /// Remove a pool: its machines are emptied, then removed
    #[command(after_help = "Example:
  gantry pool rm local")]
    Rm(resize::Rm),
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
    /// A label of its nodes, for `place` in a file; again for more
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<Label>,
}

/// A label and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    key: String,
    value: String,
}

impl FromStr for Label {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| format!("`{text}` is no KEY=VALUE, as disk=ssd"))?;
        let (key, value) = (key.to_owned(), value.to_owned());
        Ok(Self { key, value })
    }
}

impl Pool {
    /// Does what is asked for.
    ///
    /// # Errors
    /// Those of the write and its operation, or of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Ls(ls) => ls.run(context).await,
            Self::Create(create) => create.run(context).await,
            Self::Scale(scale) => scale.run(context).await,
            Self::Rm(rm) => rm.run(context).await,
        }
    }
}

impl Create {
    async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let labels = self.labels.iter().cloned();
        let pool = CreatePool {
            name: self.name.clone(),
            provider: self.provider.clone(),
            size: self.size,
            labels: labels.map(|label| (label.key, label.value)).collect(),
        };
        let key = Write::new();
        let accepted = operation::write(context, || client.create_pool(&pool, &key)).await?;
        let goal = Goal {
            machines: Count {
                wanted: self.size,
                ..Count::default()
            },
            ..Goal::default()
        };
        let next = "next: gantry node ls; gantry deploy in a folder with a gantry.yaml";
        operation::finish(context, accepted, goal, next).await
    }
}
