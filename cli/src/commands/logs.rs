//! `gantry logs`: what replicas wrote, of one service or of all, in the order it was written; with `-f`,
//! what they write, until Ctrl-C.

mod follow;

use std::path::PathBuf;

use gantry_events::{ProjectName, ReplicaId, ServiceName};
use gantry_rest::{Client, LogLine, LogQuery, ReadAt};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::output::{Tone, plain};
use crate::tale::service_of;

/// Show what replicas wrote, of a service or of all
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry logs -f                        all services, as they write
  gantry logs web --tail 20
  gantry logs web --replica web-7f3k2q  also of one that failed: `gantry ps --all` names it")]
pub struct Logs {
    /// Only replicas of this service
    service: Option<ServiceName>,
    /// How many of the last lines of each replica
    #[arg(long, short = 'n', default_value_t = 100, value_name = "N")]
    tail: u32,
    /// Only this replica
    #[arg(long, value_name = "ID")]
    replica: Option<ReplicaId>,
    /// Go on as new ones come, also of replicas and services that come
    #[arg(short, long)]
    follow: bool,
    /// The project's file, or - for standard input
    #[arg(long, value_name = "FILE", default_value = crate::args::FILE)]
    file: PathBuf,
}

impl Logs {
    /// Prints the lines.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let path = self.file.clone();
        let project = context.project(&FileArg { path })?;
        let client = context.client()?;
        let services = self.services(&client, &project).await?;
        if self.follow {
            return follow::run(self, context, (&client, &project), services).await;
        }
        let mut lines = Vec::new();
        let mut missing = Vec::new();
        for service in services {
            let read = self.read(&client, &project, &service, &mut missing).await;
            match read {
                Err(failure) => return Err(self.meant(&client, &project, &service, failure).await),
                Ok(read) => lines.extend(read),
            }
        }
        lines.sort_by_key(|line| line.time);
        let widest = lines.iter().map(|line| line.replica.as_str().len());
        let widest = widest.max().unwrap_or(0);
        for line in &lines {
            show(context, line, widest)?;
        }
        if !missing.is_empty() {
            let note = format!(
                "not read, as their nodes do not answer: {}",
                missing.join(", ")
            );
            context.screen.note(Tone::Bad, &note);
        }
        if lines.is_empty() && missing.is_empty() {
            context
                .screen
                .note(Tone::Dim, &format!("nothing was written in {project}"));
        }
        Ok(())
    }

    /// The service that is named, else that of the replica, else all.
    async fn services(
        &self,
        client: &Client,
        project: &ProjectName,
    ) -> Result<Vec<ServiceName>, Failure> {
        let of_replica = self.replica.as_ref().and_then(|id| service_of(id.as_str()));
        let of_replica = of_replica.and_then(|name| name.parse().ok());
        if let Some(service) = self.service.clone().or(of_replica) {
            return Ok(vec![service]);
        }
        match answered(client.services(project, &ReadAt::default())).await {
            Err(failure) => Err(meant(client, failure, project, Named::Project).await),
            Ok(list) => Ok(list.items.into_iter().map(|service| service.id).collect()),
        }
    }

    async fn meant(
        &self,
        client: &Client,
        project: &ProjectName,
        service: &ServiceName,
        failure: Failure,
    ) -> Failure {
        match &self.replica {
            Some(replica) => meant(client, failure, replica, Named::Replica(project)).await,
            None => meant(client, failure, service, Named::Service(project)).await,
        }
    }

    async fn read(
        &self,
        client: &Client,
        project: &ProjectName,
        service: &ServiceName,
        missing: &mut Vec<String>,
    ) -> Result<Vec<LogLine>, Failure> {
        let query = self.query();
        let mut stream = answered(client.logs(project, service, &query)).await?;
        missing.extend(stream.missing());
        let mut lines = Vec::new();
        while let Some(line) = client.in_time(stream.next()).await?? {
            lines.push(line);
        }
        Ok(lines)
    }

    fn query(&self) -> LogQuery {
        LogQuery {
            follow: self.follow,
            tail: Some(self.tail),
            replica: self.replica.clone(),
            ..LogQuery::default()
        }
    }
}

/// A line behind its replica's name, which has its own colour; the bar tells errors.
fn show(context: &Context, line: &LogLine, widest: usize) -> Result<(), Failure> {
    let screen = &context.screen;
    if !screen.is_for_people() {
        return screen.item(line);
    }
    let id = line.replica.as_str();
    if line.stream == gantry_rest::NOTICE {
        screen.note(Tone::Bad, &format!("{id:<widest$} ! {}", plain(&line.line)));
        return Ok(());
    }
    let bar = if line.stream == "stderr" {
        Tone::Bad
    } else {
        Tone::Dim
    };
    let who = screen.tint(Tone::of_name(id), &format!("{id:<widest$}"));
    let bar = screen.tint(bar, "|");
    screen.line(format!("{who} {bar} {}", screen.foreign(&line.line)))
}
