//! `gantry schema`: the JSON Schema of the file, for editors.

use crate::context::Context;
use crate::failure::Failure;

/// Print the JSON Schema of the file, which editors check and complete it by
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example, for an editor that knows the YAML language server:
  gantry schema > gantry.schema.json
  and as the first line of gantry.yaml: # yaml-language-server: $schema=gantry.schema.json"
)]
pub struct Schema {}

impl Schema {
    /// Prints it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        context.screen.value(&gantry_spec::schema())
    }
}
