//! `gantry logs`: what replicas wrote, of one service or of all, in the order it was written.

use gantry_events::{ProjectName, ReplicaId, ServiceName};
use gantry_rest::{Client, LogLine, LogQuery, ReadAt};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::Tone;

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
    #[command(flatten)]
    file: FileArg,
}

impl Logs {
    /// Prints the lines.
    ///
    /// # Errors
    /// Those of the reads.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let mut lines = Vec::new();
        for service in self.services(&client, &project).await? {
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
        let query = LogQuery {
            tail: Some(self.tail),
            replica: self.replica.clone(),
            ..LogQuery::default()
        };
        let mut stream = answered(client.logs(project, service, &query)).await?;
        let mut lines = Vec::new();
        while let Some(line) = answered(stream.next()).await? {
            lines.push(line);
        }
        Ok(lines)
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
