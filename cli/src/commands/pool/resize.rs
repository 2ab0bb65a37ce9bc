//! `gantry pool scale` and `gantry pool rm`: machines that come, and machines that are emptied and go.

use std::str::FromStr;

use gantry_events::PoolName;
use gantry_rest::{Client, ReadAt, Write};
use gantry_views::PoolDoc;

use crate::commands::node::homes;
use crate::context::{Context, answered};
use crate::exit::Exit;
use crate::failure::{Failure, count};
use crate::names::{Named, meant};
use crate::operation;
use crate::output::Answer;
use crate::tale::{Count, Goal};

/// Give a pool another size.
#[derive(Debug, clap::Args)]
pub struct Scale {
    /// The pool and how many machines it should have: local=4
    #[arg(value_name = "NAME=N")]
    target: Target,
}

/// Remove a pool.
#[derive(Debug, clap::Args)]
pub struct Rm {
    /// The pool
    name: PoolName,
    /// Remove it without being asked
    #[arg(long)]
    allow_remove: bool,
}

/// A pool and how many machines it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    pool: PoolName,
    size: u32,
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no NAME=N, as local=4");
        let (pool, size) = text.split_once('=').ok_or_else(wrong)?;
        Ok(Self {
            pool: pool
                .parse()
                .map_err(|e: gantry_events::ParseNameError| e.to_string())?,
            size: size.parse().map_err(|_| wrong())?,
        })
    }
}

impl Scale {
    /// Scales the pool and waits until its machines have joined, or left.
    ///
    /// # Errors
    /// It is not there; those of the write and its operation.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let Target { pool, size } = &self.target;
        let before = read(&client, pool).await?;
        let goal = goal(&client, &before, *size).await?;
        let key = Write::new();
        let accepted = operation::write(context, || client.scale_pool(pool, *size, &key)).await?;
        let next = format!(
            "see them: gantry node ls; to undo: gantry pool scale {pool}={}",
            before.size
        );
        operation::finish(context, accepted, goal, &next).await
    }
}

impl Rm {
    /// Removes the pool and waits until its machines have left.
    ///
    /// # Errors
    /// It is not there; nobody said that it may go; those of the write and its operation.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let before = read(&client, &self.name).await?;
        self.agree(context, &before)?;
        let goal = goal(&client, &before, 0).await?;
        let key = Write::new();
        let accepted = operation::write(context, || client.delete_pool(&self.name, &key)).await?;
        operation::finish(context, accepted, goal, "").await
    }

    fn agree(&self, context: &Context, before: &PoolDoc) -> Result<(), Failure> {
        if self.allow_remove || context.common.yes {
            return Ok(());
        }
        let what = format!(
            "pool {} with {}",
            self.name,
            count(before.size as usize, "machine")
        );
        if context.screen.asks() {
            let question = format!("Remove {what}? What runs there moves to other pools.");
            return context.agree(&question, Answer::No);
        }
        Err(Failure::here(
            Exit::Refused,
            format!("{what} would be removed; nothing was changed"),
            "add --allow-remove if that is meant",
        ))
    }
}

async fn read(client: &Client, pool: &PoolName) -> Result<PoolDoc, Failure> {
    match answered(client.pool(pool, &ReadAt::default())).await {
        Err(failure) => Err(meant(client, failure, pool, Named::Pool).await),
        Ok(doc) => Ok(doc),
    }
}

/// What to count on the way to that size.
async fn goal(client: &Client, before: &PoolDoc, size: u32) -> Result<Goal, Failure> {
    let machines = Count {
        wanted: if size > before.size { size } else { 0 },
        there: before.ready.min(size),
        leaving: before.size.saturating_sub(size),
    };
    Ok(Goal {
        machines,
        moves: true,
        homes: homes(client).await?,
        ..Goal::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_pool_and_a_number() {
        let target: Target = "local=4".parse().unwrap();
        assert_eq!((target.pool.as_str(), target.size), ("local", 4));
        for text in ["local", "local=", "=5", "local=-1", "Local=5"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
