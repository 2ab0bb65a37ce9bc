//! `gantry restart`: replaces every replica of services by one that runs the same.

use std::collections::BTreeMap;

use gantry_events::ServiceName;
use gantry_rest::{ReadAt, Write};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::operation;
use crate::output::Tone;
use crate::tale::{Count, Goal};

/// Replace every replica of services by a fresh one, as a rollout does
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  gantry restart web worker")]
pub struct Restart {
    /// The services
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<ServiceName>,
    #[command(flatten)]
    file: FileArg,
}

impl Restart {
    /// Restarts one after the other: what one of them does not survive, the next is spared.
    ///
    /// # Errors
    /// A service is not there; those of the writes and their operations.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let mut goals = Vec::new();
        for service in &self.services {
            let read = answered(client.service(&project, service, &ReadAt::default())).await;
            let wanted = match read {
                Ok(read) => read.status.replicas.wanted,
                Err(failure) => {
                    return Err(meant(&client, failure, service, Named::Service(&project)).await);
                }
            };
            let count = Count {
                wanted,
                ..Count::default()
            };
            let services = BTreeMap::from([(service.clone(), count)]);
            goals.push(Goal {
                services,
                ..Goal::default()
            });
        }
        for (service, goal) in self.services.iter().zip(goals) {
            if self.services.len() > 1 {
                context.screen.note(Tone::Plain, &format!("{service}:"));
            }
            let key = Write::new();
            let accepted =
                operation::write(context, || client.restart(&project, service, &key)).await?;
            operation::finish(context, accepted, goal, "").await?;
        }
        Ok(())
    }
}
