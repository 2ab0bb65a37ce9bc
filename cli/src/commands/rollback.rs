//! `gantry rollback`: makes the project as an earlier release had it, by a new release.

use std::str::FromStr;

use gantry_events::{ProjectName, ReleaseNumber};
use gantry_rest::{Client, ReadAt, Write};
use gantry_views::ReleaseDoc;

use super::deploy::plan::{Plan, services};
use super::releases::newest_first;
use crate::args::{FileArg, Ingress};
use crate::context::{Context, answered};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::lineage::{self, Lineage};
use crate::names::{Named, meant};
use crate::operation;

/// Releases among which the one before the current is looked for.
const LOOKED_AT: usize = 50;

/// Go back to an earlier release: a new release with its content
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry rollback        to the good release before the current one
  gantry rollback r3     to r3; `gantry releases` lists them")]
pub struct Rollback {
    /// The release, as r3 [default: the good one before the current one]
    #[arg(value_name = "rN")]
    to: Option<Number>,
    /// Remove services that the release does not name, without being asked
    #[arg(long)]
    allow_remove: bool,
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    ingress: Ingress,
}

/// The number of a release, as `r3` or `3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number(ReleaseNumber);

impl FromStr for Number {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('r').unwrap_or(text);
        let number = digits
            .parse()
            .map_err(|_| format!("`{text}` is no release, as r3"))?;
        Ok(Self(ReleaseNumber(number)))
    }
}

impl Rollback {
    /// Goes back, once what that changes is seen and meant.
    ///
    /// # Errors
    /// There is no such release, or none to go back to; those of the write and its operation.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let to = self.target(&client, &project).await?;
        let file = lineage::file(&client, &project, &to).await?;
        let before = services(&client, &project).await?;
        let plan = Plan::of(file, before);
        let head = format!("{project}: back to {}, as a new release", to.release);
        plan.show(context, &head);
        plan.agree(
            context,
            &format!("Go back to {}", to.release),
            self.allow_remove,
        )?;
        let key = Write::new();
        let accepted =
            operation::write(context, || client.rollback(&project, to.release, &key)).await?;
        if !context.common.waits() {
            return operation::leave(context, &accepted);
        }
        let done = operation::to_its_end(context, accepted, plan.goal()).await?;
        plan.conclude(context, &done, &self.ingress)
    }

    async fn target(&self, client: &Client, project: &ProjectName) -> Result<ReleaseDoc, Failure> {
        let now = ReadAt::default();
        if let Some(Number(number)) = self.to {
            return match answered(client.release(project, number, &now)).await {
                Err(failure) => Err(meant(client, failure, number, Named::Release(project)).await),
                Ok(doc) => Ok(doc),
            };
        }
        let list = match answered(client.releases(project, &now)).await {
            Err(failure) => return Err(meant(client, failure, project, Named::Project).await),
            Ok(list) => list,
        };
        let all = newest_first(list.items);
        let lineage = Lineage::read(client, project, &all, LOOKED_AT).await?;
        let before = lineage.before_current().map(|made| made.doc.clone());
        before.ok_or_else(|| {
            let what = match lineage.current() {
                Some(made) => format!(
                    "no good release differs from {}, the current one",
                    made.doc.release
                ),
                None => format!("{project} has no good release yet"),
            };
            Failure::here(
                Exit::Refused,
                what,
                "see `gantry releases`, and name one: gantry rollback r1",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_written_with_its_r_or_without() {
        for text in ["r3", "3"] {
            assert_eq!(text.parse(), Ok(Number(ReleaseNumber(3))));
        }
        for text in ["", "r", "x3", "r-1"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }
}
