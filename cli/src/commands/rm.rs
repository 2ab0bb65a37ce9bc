//! `gantry rm`: removes services, or all of a project, once it is meant.

use gantry_events::{ProjectName, ServiceName};
use gantry_rest::{Client, ReadAt, ServiceAnswer, Write};

use super::status::replicas_of;
use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::exit::Exit;
use crate::failure::{Failure, count};
use crate::names::{Named, meant};
use crate::operation;
use crate::output::Answer;
use crate::tale::Goal;

/// Remove a service and its replicas, or every service of a project
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry rm web             the service web of the project here
  gantry rm -p shop         every service of shop; its releases stay, to go back to")]
pub struct Rm {
    /// The service; none for all of the project
    service: Option<ServiceName>,
    /// Of the project that the file names, remove all without being asked
    #[arg(long)]
    allow_remove: bool,
    #[command(flatten)]
    file: FileArg,
}

impl Rm {
    /// Removes what is named and waits until its replicas have stopped.
    ///
    /// # Errors
    /// It is not there; those of the write and its operation; whoever was asked said no.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        match &self.service {
            Some(service) => remove_service(context, &client, &project, service).await,
            None => self.remove_all(context, &client, &project).await,
        }
    }

    async fn remove_all(
        &self,
        context: &Context,
        client: &Client,
        project: &ProjectName,
    ) -> Result<(), Failure> {
        let services = match answered(client.services(project, &ReadAt::default())).await {
            Err(failure) => return Err(meant(client, failure, project, Named::Project).await),
            Ok(list) => list.items,
        };
        self.agree(context, project, &services)?;
        let key = Write::new();
        let ask = || client.delete_project(project, &key);
        let accepted = operation::write(context, ask).await?;
        let next = format!("to undo: gantry rollback -p {project}");
        operation::finish(context, accepted, Goal::default(), &next).await
    }

    /// All of a project takes a person's yes, or a word that says so.
    fn agree(
        &self,
        context: &Context,
        project: &ProjectName,
        services: &[ServiceAnswer],
    ) -> Result<(), Failure> {
        if self.allow_remove || context.common.yes {
            return Ok(());
        }
        let what = count(services.len(), "service");
        let what = format!("{what} of {project} with {}", replicas_of(services));
        if context.screen.asks() {
            return context.agree(&format!("Remove {what}?"), Answer::No);
        }
        Err(Failure::here(
            Exit::Refused,
            format!("{what} would be removed; nothing was changed"),
            "add --allow-remove if that is meant, or name one service",
        ))
    }
}

async fn remove_service(
    context: &Context,
    client: &Client,
    project: &ProjectName,
    service: &ServiceName,
) -> Result<(), Failure> {
    let read = match answered(client.service(project, service, &ReadAt::default())).await {
        Err(failure) => return Err(meant(client, failure, service, Named::Service(project)).await),
        Ok(read) => read,
    };
    let replicas = replicas_of(std::slice::from_ref(&read));
    let question = format!("Remove {service} of {project} with {replicas}?");
    context.agree(&question, Answer::No)?;
    let key = Write::new();
    let ask = || client.delete_service(project, service, &key);
    let accepted = operation::write(context, ask).await?;
    let goal = Goal {
        services: [(service.clone(), crate::tale::Count::default())].into(),
        ..Goal::default()
    };
    let next = "the file may still name it: the next deploy of that file brings it back";
    operation::finish(context, accepted, goal, next).await
}
