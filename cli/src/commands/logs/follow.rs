//! `gantry logs -f`: the lines of services as they come, and those of services that come.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures::stream::{FuturesUnordered, StreamExt};
use gantry_events::{ProjectName, ServiceName};
use gantry_rest::{Client, LogQuery, ReadAt};
use tokio::time::interval;

use super::{Logs, show};
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::patience::{PAUSE, Patience};

/// Most lines of a replica that can be asked for at once: after a break, none of those should be missed.
const LONGEST_TAIL: u32 = 1000;
/// Pauses after which it is looked for services that came.
const PAUSES: u32 = 5;

/// The lines of one service, as they come.
struct Following<'a> {
    context: &'a Context,
    client: &'a Client,
    project: &'a ProjectName,
    /// Of the replicas' names so far, of all services.
    widest: &'a Cell<usize>,
}

/// Prints lines as they come, until Ctrl-C.
///
/// # Errors
/// A service or a replica that was named is not there; those of the reads.
pub async fn run(
    logs: &Logs,
    context: &Context,
    (client, project): (&Client, &ProjectName),
    services: Vec<ServiceName>,
) -> Result<(), Failure> {
    let widest = Cell::new(0);
    let following = Following {
        context,
        client,
        project,
        widest: &widest,
    };
    let all = logs.service.is_none() && logs.replica.is_none();
    let first = services.first().cloned();
    let failed = tokio::select! {
        failed = following.all(logs, services, all) => failed,
        _ = tokio::signal::ctrl_c() => return Ok(()),
    };
    match (failed, first) {
        (Err(failure), Some(service)) => Err(logs.meant(client, project, &service, failure).await),
        (failed, _) => failed,
    }
}

impl Following<'_> {
    /// Follows these services and, where all are meant, each that comes.
    async fn all(&self, logs: &Logs, services: Vec<ServiceName>, all: bool) -> Result<(), Failure> {
        let mut known: BTreeSet<ServiceName> = services.iter().cloned().collect();
        let mut streams: FuturesUnordered<_> = services
            .into_iter()
            .map(|service| self.forever(service, logs.query()))
            .collect();
        let mut look = interval(PAUSE * PAUSES);
        loop {
            tokio::select! {
                Some(ended) = streams.next() => match ended {
                    Err(failure) if all && failure.is_not_found() => {}
                    ended => ended?,
                },
                _ = look.tick(), if all => {
                    let list = answered(self.client.services(self.project, &ReadAt::default())).await;
                    let names = list.map(|list| list.items).unwrap_or_default();
                    for service in names.into_iter().map(|doc| doc.id) {
                        if known.insert(service.clone()) {
                            streams.push(self.forever(service, logs.query()));
                        }
                    }
                }
            }
        }
    }

    /// Where the stream breaks, it goes on after the last line.
    async fn forever(&self, service: ServiceName, mut query: LogQuery) -> Result<(), Failure> {
        let mut patience = Patience::new();
        loop {
            let broke = self
                .until_it_breaks(&service, &mut query, &mut patience)
                .await;
            patience.outlast(self.context, broke).await?;
        }
    }

    async fn until_it_breaks(
        &self,
        service: &ServiceName,
        query: &mut LogQuery,
        patience: &mut Patience,
    ) -> Result<(), Failure> {
        let asked = self.client.logs(self.project, service, query);
        let mut stream = answered(asked).await?;
        patience.is_answered(self.context);
        while let Some(line) = stream.next().await? {
            let widest = self.widest.get().max(line.replica.as_str().len());
            self.widest.set(widest);
            show(self.context, &line, widest)?;
            query.since = Some(line.cursor);
            query.tail = Some(LONGEST_TAIL);
        }
        Ok(())
    }
}
