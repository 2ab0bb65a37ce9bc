//! `gantry validate`: checks the file, here, without the api.

use gantry_spec::EnvironmentName;

use crate::args::FileArg;
use crate::context::Context;
use crate::failure::{Failure, count};
use crate::file::File;
use crate::output::Tone;

/// Check the file, telling all its faults at once
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  gantry validate -f shop.yaml")]
pub struct Validate {
    #[command(flatten)]
    file: FileArg,
}

impl Validate {
    /// Says that the file is valid; as JSON, what it says with every default written in.
    ///
    /// # Errors
    /// The file cannot be read, or has faults.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let file = File::read(&self.file.path)?;
        let parsed = file.parsed(context.common.environment.as_ref())?;
        for warning in &parsed.warnings {
            context.screen.note(Tone::Wait, &file.warning(warning));
        }
        if !context.screen.is_for_people() {
            return context.screen.value(&parsed.project);
        }
        context.screen.line(format!(
            "{} is valid: project {}, {}{}",
            file.name,
            parsed.project.name,
            count(parsed.project.services.len(), "service"),
            environments(context, &parsed.environments)
        ))
    }
}

/// The environments of a file, which are valid too, unless one is meant.
fn environments(context: &Context, all: &[EnvironmentName]) -> String {
    let names: Vec<_> = all.iter().map(EnvironmentName::as_str).collect();
    match &context.common.environment {
        None if !names.is_empty() => format!("; environments: {}", names.join(", ")),
        Some(_) | None => String::new(),
    }
}
