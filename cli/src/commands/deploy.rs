//! `gantry deploy`: makes the project as the file says: shows what differs, asks, puts the file, and
//! tells each step until it answers.

pub mod plan;

use gantry_events::{ProjectName, ReleaseNumber};
use gantry_rest::{Client, ReadAt, Write};
use gantry_spec::Project;

use crate::args::{FileArg, Ingress};
use crate::context::{Context, answered};
use crate::failure::{Failure, count};
use crate::file::File;
use crate::operation;
use crate::output::Tone;
use plan::{Plan, services};

/// Make the project as the file says: show the plan, ask, then show each step
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry deploy                       what gantry.yaml says
  gantry deploy -f shop.yaml --yes    without being asked
  gantry deploy --no-wait             returns once it is accepted

Once it is accepted a deploy goes on by itself, whatever becomes of this program.")]
pub struct Deploy {
    #[command(flatten)]
    file: FileArg,
    /// Remove services that the file no longer names, without being asked
    #[arg(long)]
    allow_remove: bool,
    #[command(flatten)]
    ingress: Ingress,
}

impl Deploy {
    /// Deploys the file.
    ///
    /// # Errors
    /// The file has faults; a service would go and nobody said it may; those of the write and its
    /// operation.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let (project, text) = said(context, &self.file)?;
        let before = release(&client, &project.name).await?;
        let plan = Plan::of(project.clone(), services(&client, &project.name).await?);
        plan.show(context, &head(&plan));
        plan.agree(
            context,
            &format!("Deploy {}", project.name),
            self.allow_remove,
        )?;
        let key = Write::new();
        let ask = || client.put_config(&project.name, text.clone(), &key);
        let accepted = operation::write(context, ask).await?;
        if !context.common.waits() {
            return operation::leave(context, &accepted);
        }
        let undo = undo(&plan, before);
        let done = match operation::to_its_end(context, accepted, plan.goal()).await {
            Err(failure @ Failure::StillRunning { .. }) => return Err(goes_on(failure, &undo)),
            done => done?,
        };
        plan.conclude(context, &done, &self.ingress)?;
        if done.operation.changed != Some(false) {
            context.screen.note(Tone::Dim, &format!("to undo: {undo}"));
        }
        Ok(())
    }
}

/// What the file says, under the name that is asked for, and the text that says so.
///
/// # Errors
/// It cannot be read, or has faults.
pub fn said(context: &Context, file: &FileArg) -> Result<(Project, String), Failure> {
    let file = File::read(&file.path)?;
    let parsed = file.parsed(context.common.environment.as_ref())?;
    for warning in &parsed.warnings {
        context.screen.note(Tone::Wait, &file.warning(warning));
    }
    let mut project = parsed.project;
    if let Some(name) = context.common.named_project()? {
        project.name = name;
    }
    let text = file.that_says(&project);
    Ok((project, text))
}

fn head(plan: &Plan) -> String {
    let project = &plan.project.name;
    if plan.is_empty() {
        return format!("{project}: the file says what is there");
    }
    match plan.is_first() {
        true => format!(
            "{project}: new, {}",
            count(plan.project.services.len(), "service")
        ),
        false => format!("{project}: what differs"),
    }
}

/// The way back, in verbs that there are.
fn undo(plan: &Plan, before: Option<ReleaseNumber>) -> String {
    let name = &plan.project.name;
    match before {
        Some(release) => format!("gantry rollback {release} -p {name}"),
        None => format!("gantry rm -p {name}"),
    }
}

fn goes_on(failure: Failure, undo: &str) -> Failure {
    let watch = failure.way_out().unwrap_or_default();
    failure.with_way_out(format!("{watch}; to undo it: {undo}"))
}

/// The last release, if there is one.
async fn release(client: &Client, project: &ProjectName) -> Result<Option<ReleaseNumber>, Failure> {
    match answered(client.project(project, &ReadAt::default())).await {
        Err(failure) if failure.is_not_found() => Ok(None),
        head => Ok(Some(head?.release)),
    }
}
