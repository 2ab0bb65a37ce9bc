//! `gantry rm`: removes a service, once it is meant.

use gantry_events::ServiceName;
use gantry_rest::Write;

use crate::args::FileArg;
use crate::context::Context;
use crate::failure::Failure;
use crate::operation;
use crate::output::Answer;
use crate::tale::Goal;

/// Remove a service.
#[derive(Debug, clap::Args)]
pub struct Rm {
    /// The service
    service: ServiceName,
    #[command(flatten)]
    file: FileArg,
}

impl Rm {
    /// Removes the service and waits until its replicas have stopped.
    ///
    /// # Errors
    /// Those of the write and its operation; whoever was asked said no.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let question = format!("Remove {} of {project} and its replicas?", self.service);
        context.agree(&question, Answer::No)?;
        let client = context.client()?;
        let key = Write::new();
        let ask = || client.delete_service(&project, &self.service, &key);
        let accepted = operation::write(ask).await?;
        operation::finish(context, accepted, Goal::default()).await
    }
}
