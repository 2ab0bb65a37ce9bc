//! `gantry completion SHELL`: what a shell needs to complete verbs and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Failure;

/// Print what a shell needs to complete verbs and options
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  source <(gantry completion bash)
  gantry completion zsh > ~/.zfunc/_gantry
  gantry completion fish > ~/.config/fish/completions/gantry.fish")]
pub struct Completion {
    /// The shell
    shell: Shell,
}

impl Completion {
    /// Prints its script.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Args::command(), "gantry", &mut script);
        context
            .screen
            .line(String::from_utf8_lossy(&script).trim_end())
    }
}
