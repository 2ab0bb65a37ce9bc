//! `gantry plan`: what a deploy of the file would change, as the api answers it. Nothing is done.

use gantry_rest::Plan as Planned;

use super::deploy::plan::difference;
use super::deploy::said;
use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::{Failure, count};
use crate::output::Tone;

/// Show what a deploy of the file would change, and how many replicas that touches
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry plan                  what `gantry deploy` would do; nothing is done
  gantry plan -f shop.yaml -o json")]
pub struct Plan {
    #[command(flatten)]
    file: FileArg,
}

impl Plan {
    /// Prints what differs.
    ///
    /// # Errors
    /// The file has faults; those of the read.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let (project, text) = said(context, &self.file)?;
        let plan = answered(client.plan(&project.name, text)).await?;
        let screen = &context.screen;
        if !screen.is_for_people() {
            return screen.value(&plan);
        }
        screen.line(head(&plan, project.services.len()))?;
        for (tone, line) in difference(screen.width(), &plan.changes, &plan.replicas) {
            screen.line(screen.tint(tone, &line))?;
        }
        if !plan.changes.is_empty() {
            screen.note(Tone::Dim, "nothing was changed; to do it: gantry deploy");
        }
        Ok(())
    }
}

fn head(plan: &Planned, services: usize) -> String {
    let project = &plan.project;
    match plan.release {
        None => format!("{project}: new, {}", count(services, "service")),
        Some(release) if plan.changes.is_empty() => {
            format!("{project}: the file says what is there, {release}")
        }
        Some(release) => format!("{project}: what differs from {release}"),
    }
}
