//! `gantry config`: the file as it is deployed, with every default and every file written in.

use std::io;

use crate::args::{FileArg, Format};
use crate::context::Context;
use crate::failure::Failure;
use crate::file::File;
use crate::output::Tone;

/// Print the file as it would be deployed: defaults written in, an environment laid over it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry config                   what gantry.yaml says, as YAML that is a file again
  gantry config --env staging     what is deployed for that environment
  gantry config -o json           the text that is sent")]
pub struct Config {
    #[command(flatten)]
    file: FileArg,
}

impl Config {
    /// Prints it.
    ///
    /// # Errors
    /// The file cannot be read, or has faults; standard output cannot be written.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let file = File::read(&self.file.path)?;
        let parsed = file.parsed(context.common.environment.as_ref())?;
        for warning in &parsed.warnings {
            context.screen.note(Tone::Wait, &file.warning(warning));
        }
        if context.common.output != Format::Table {
            return context.screen.value(&parsed.project);
        }
        let text = serde_saphyr::to_string(&parsed.project).map_err(io::Error::other)?;
        context.screen.line(text.trim_end())
    }
}
