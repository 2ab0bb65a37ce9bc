//! `gantry version`: of this program, and of the api where one answers.

use serde_json::json;

use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::Tone;

/// Show the versions of this program and of the api
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  gantry version")]
pub struct Version {}

const OWN: &str = env!("CARGO_PKG_VERSION");

impl Version {
    /// Prints the versions. That no api answers is no failure here.
    ///
    /// # Errors
    /// The output cannot be written.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let api = answered(context.client()?.version()).await;
        let failure = api.as_ref().err().map(ToString::to_string);
        let api = api.ok();
        if !context.screen.is_for_people() {
            return context.screen.value(&json!({"version": OWN, "api": api}));
        }
        context.screen.line(format!("gantry {OWN}"))?;
        match (api, failure) {
            (Some(api), _) => context.screen.line(format!(
                "api    {} at {}, cluster {}, log {} at {}",
                api.version, context.common.url, api.cluster, api.log, api.seq
            )),
            (None, Some(failure)) => {
                context.screen.note(Tone::Wait, &failure);
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}
