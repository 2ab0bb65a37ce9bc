//! The verbs, one a file: each asks, waits and prints.

pub mod completion;
pub mod config;
pub mod deploy;
pub mod events;
pub mod image;
pub mod init;
pub mod logs;
pub mod node;
pub mod plan;
pub mod pool;
pub mod ps;
pub mod releases;
pub mod restart;
pub mod rm;
pub mod rollback;
pub mod scale;
pub mod schema;
pub mod status;
pub mod validate;
pub mod version;
pub mod why;

use gantry_views::Standing;
use serde::Serialize;

use crate::args::Verb;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::clock;

/// Does what is asked for.
///
/// # Errors
/// It could not be done; the failure says why, and with which exit code the program ends.
pub async fn run(context: &Context, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Init(verb) => verb.run(context),
        Verb::Validate(verb) => verb.run(context),
        Verb::Config(verb) => verb.run(context),
        Verb::Schema(verb) => verb.run(context),
        Verb::Completion(verb) => verb.run(context),
        Verb::Plan(verb) => verb.run(context).await,
        Verb::Deploy(verb) => verb.run(context).await,
        Verb::Status(verb) => verb.run(context).await,
        Verb::Ps(verb) => verb.run(context).await,
        Verb::Scale(verb) => verb.run(context).await,
        Verb::Restart(verb) => verb.run(context).await,
        Verb::Releases(verb) => verb.run(context).await,
        Verb::Rollback(verb) => verb.run(context).await,
        Verb::Rm(verb) => verb.run(context).await,
        Verb::Logs(verb) => verb.run(context).await,
        Verb::Events(verb) => verb.run(context).await,
        Verb::Why(verb) => verb.run(context).await,
        Verb::Node(verb) => verb.run(context).await,
        Verb::Pool(verb) => verb.run(context).await,
        Verb::Image(verb) => verb.run(context).await,
        Verb::Version(verb) => verb.run(context).await,
    }
}

/// What it waits for, and until when.
pub fn waits_for(standing: &Standing) -> Option<String> {
    let what = standing.waiting_for.as_ref()?;
    let until = standing
        .until
        .map(|until| format!(", until {}", clock(until)));
    Some(format!("waits for {what}{}", until.unwrap_or_default()))
}

/// A state as the api spells it.
pub fn word(state: impl Serialize) -> String {
    let value = serde_json::to_value(state).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
