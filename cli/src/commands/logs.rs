//! `gantry logs`: what replicas wrote, of one service or of all, in the order it was written; with `-f`,
//! what they write, until Ctrl-C.

use std::cell::Cell;
use std::path::PathBuf;

use futures::future::try_join_all;
use gantry_events::{ProjectName, ReplicaId, ServiceName};
use gantry_rest::{Client, LogLine, LogQuery, ReadAt};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::Tone;
use crate::patience::Patience;

/// Most lines of a replica that can be asked for at once: after a break, none of those should be missed.
const LONGEST_TAIL: u32 = 1000;

/// Show what replicas wrote.
#[derive(Debug, clap::Args)]
pub struct Logs {
    /// Only replicas of this service
    service: Option<ServiceName>,
    /// How many of the last lines of each replica
    #[arg(long, default_value_t = 100)]
    tail: u32,
    /// Only this replica
    #[arg(long)]
    replica: Option<ReplicaId>,
    /// Go on as new ones come, of the services there are now
    #[arg(short, long)]
    follow: bool,
    /// The project's file, or - for standard input
    #[arg(long, value_name = "FILE", default_value = "gantry.yaml")]
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
            return self.stream(context, &client, &project, &services).await;
        }
        let mut lines = Vec::new();
        for service in services {
            lines.extend(self.read(&client, &project, &service).await?);
        }
        lines.sort_by_key(|line| line.time);
        let widest = lines.iter().map(|line| line.replica.to_string().len());
        let widest = widest.max().unwrap_or(0);
        for line in &lines {
            show(context, line, widest)?;
        }
        Ok(())
    }

    async fn services(
        &self,
        client: &Client,
        project: &ProjectName,
    ) -> Result<Vec<ServiceName>, Failure> {
        if let Some(service) = &self.service {
            return Ok(vec![service.clone()]);
        }
        let of_replica = self.replica.as_ref();
        let list = answered(client.services(project, &ReadAt::default())).await?;
        let names = list.items.into_iter().map(|service| service.id);
        Ok(names
            .filter(|name| of_replica.is_none_or(|id| belongs(id, name)))
            .collect())
    }

    async fn read(
        &self,
        client: &Client,
        project: &ProjectName,
        service: &ServiceName,
    ) -> Result<Vec<LogLine>, Failure> {
        let query = self.query();
        let mut stream = answered(client.logs(project, service, &query)).await?;
        let mut lines = Vec::new();
        while let Some(line) = answered(stream.next()).await? {
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

    /// Prints the lines of all these services as they come.
    async fn stream(
        &self,
        context: &Context,
        client: &Client,
        project: &ProjectName,
        services: &[ServiceName],
    ) -> Result<(), Failure> {
        let widest = Cell::new(0);
        let streams = services.iter().map(|service| {
            let read = Following {
                context,
                client,
                project,
                service,
                widest: &widest,
            };
            read.forever(self.query())
        });
        tokio::select! {
            failed = try_join_all(streams) => failed.map(|_| ()),
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }
}

/// The lines of one service, as they come.
struct Following<'a> {
    context: &'a Context,
    client: &'a Client,
    project: &'a ProjectName,
    service: &'a ServiceName,
    /// Of the replicas' names so far, of all services.
    widest: &'a Cell<usize>,
}

impl Following<'_> {
    /// Where the stream breaks, it goes on after the last line.
    async fn forever(self, mut query: LogQuery) -> Result<(), Failure> {
        let mut patience = Patience::new();
        loop {
            let broke = self.until_it_breaks(&mut query, &mut patience).await;
            patience.outlast(self.context, broke).await?;
        }
    }

    async fn until_it_breaks(
        &self,
        query: &mut LogQuery,
        patience: &mut Patience,
    ) -> Result<(), Failure> {
        let asked = self.client.logs(self.project, self.service, query);
        let mut stream = answered(asked).await?;
        patience.is_answered(self.context);
        while let Some(line) = stream.next().await? {
            let widest = self.widest.get().max(line.replica.to_string().len());
            self.widest.set(widest);
            show(self.context, &line, widest)?;
            query.since = Some(line.cursor);
            query.tail = Some(LONGEST_TAIL);
        }
        Ok(())
    }
}

/// A replica's id is its service's name, `-` and a suffix without one.
fn belongs(replica: &ReplicaId, service: &ServiceName) -> bool {
    let text = replica.to_string();
    text.rsplit_once('-')
        .is_some_and(|(name, _)| name == service.as_str())
}

fn show(context: &Context, line: &LogLine, widest: usize) -> Result<(), Failure> {
    if !context.screen.is_for_people() {
        return context.screen.item(line);
    }
    let tone = if line.stream == "stderr" {
        Tone::Wait
    } else {
        Tone::Dim
    };
    let who = context
        .screen
        .tint(tone, &format!("{:<widest$} |", line.replica));
    context.screen.line(format!("{who} {}", line.line))
}
