//! `gantry validate`: checks the file, here, without the api.

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
        let parsed = file.parsed()?;
        for warning in &parsed.warnings {
            let text = format!("{} (warning)", file.show(warning));
            context.screen.note(Tone::Wait, &text);
        }
        if !context.screen.is_for_people() {
            return context.screen.value(&parsed.project);
        }
        context.screen.line(format!(
            "{} is valid: project {}, {}",
            file.name,
            parsed.project.name,
            count(parsed.project.services.len(), "service")
        ))
    }
}
