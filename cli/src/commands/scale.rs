//! `gantry scale`: sets how many replicas services have.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use gantry_events::{ProjectName, ServiceName};
use gantry_rest::{Client, ReadAt, Write};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::names::{Named, meant};
use crate::operation;
use crate::output::Tone;
use crate::tale::{Count, Goal};

/// Set how many replicas services have, until the next deploy
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gantry scale web=5
  gantry scale web=5 worker=0    all of them or, where one is not there, none")]
pub struct Scale {
    /// Services and their numbers: web=5 worker=2
    #[arg(required = true, value_name = "SERVICE=N")]
    targets: Vec<Target>,
    #[command(flatten)]
    file: FileArg,
}

/// A service and how many replicas it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    service: ServiceName,
    replicas: u32,
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no SERVICE=N, as web=5");
        let (service, replicas) = text.split_once('=').ok_or_else(wrong)?;
        Ok(Self {
            service: service
                .parse()
                .map_err(|e: gantry_events::ParseNameError| e.to_string())?,
            replicas: replicas.parse().map_err(|_| wrong())?,
        })
    }
}

impl Scale {
    /// Scales all of them or, where a service is not there, none; then waits for each in turn.
    ///
    /// # Errors
    /// A service is named twice or is not there; the first of those of the writes and their operations.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        self.name_each_once()?;
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let goals = self.goals(context, &client, &project).await?;
        let mut ended = Vec::new();
        let mut accepted = Vec::new();
        for (target, goal) in self.targets.iter().zip(goals) {
            let key = Write::new();
            let ask = || client.scale(&project, &target.service, target.replicas, &key);
            match operation::write(context, ask).await {
                Ok(operation) => accepted.push((target, operation, goal)),
                Err(failure) => ended.push(self.tell(context, target, Err(failure))),
            }
        }
        let mut open = accepted.into_iter();
        for (target, operation, goal) in open.by_ref() {
            let end = operation::finish(context, operation, goal, "").await;
            let unwatched = matches!(end, Err(Failure::StillRunning { .. }));
            ended.push(self.tell(context, target, end));
            if unwatched {
                break;
            }
        }
        for (Target { service, .. }, operation, _) in open {
            let goes_on = format!(
                "{service}: not waited for; operation {} goes on",
                operation.id
            );
            context.screen.note(Tone::Wait, &goes_on);
        }
        ended.into_iter().collect::<Result<(), _>>()?;
        let hint =
            format!("see them: gantry ps -p {project}; the next deploy sets what its file says");
        context.screen.note(Tone::Dim, &hint);
        Ok(())
    }

    fn name_each_once(&self) -> Result<(), Failure> {
        let mut seen = BTreeSet::new();
        for Target { service, .. } in &self.targets {
            if !seen.insert(service) {
                return Err(Failure::bad_input(
                    format!("{service} is named twice; nothing was changed"),
                    "name each service once",
                ));
            }
        }
        Ok(())
    }

    /// Asks for each service before any is changed.
    async fn goals(
        &self,
        context: &Context,
        client: &Client,
        project: &ProjectName,
    ) -> Result<Vec<Goal>, Failure> {
        let mut goals = Vec::new();
        for target in &self.targets {
            let read = goal(client, project, target).await;
            if read.is_err() && self.targets.len() > 1 {
                let all = "nothing was changed, of any of the services";
                context.screen.note(Tone::Wait, all);
            }
            goals.push(read?);
        }
        Ok(goals)
    }

    /// Says of which of several services that was the end.
    fn tell(
        &self,
        context: &Context,
        target: &Target,
        end: Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.targets.len() > 1 {
            let service = &target.service;
            let (tone, line) = match &end {
                Ok(()) if context.common.waits() => {
                    let replicas = target.replicas;
                    (Tone::Good, format!("{service}: at {replicas}"))
                }
                Ok(()) => (Tone::Dim, format!("{service}: accepted")),
                Err(failure) => (Tone::Bad, format!("{service}: {failure}")),
            };
            context.screen.note(tone, &line);
        }
        end
    }
}

/// What is there already stays: only the rest is waited for.
async fn goal(client: &Client, project: &ProjectName, target: &Target) -> Result<Goal, Failure> {
    let now = ReadAt::default();
    let service = match answered(client.service(project, &target.service, &now)).await {
        Err(failure) => {
            return Err(meant(client, failure, &target.service, Named::Service(project)).await);
        }
        Ok(service) => service,
    };
    let now = service.status.replicas;
    let count = Count {
        wanted: if target.replicas > now.ready {
            target.replicas
        } else {
            0
        },
        there: now.ready.min(target.replicas),
        leaving: now.present.saturating_sub(target.replicas),
    };
    Ok(Goal {
        services: BTreeMap::from([(target.service.clone(), count)]),
        ..Goal::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_service_and_a_number() {
        let target: Target = "web=5".parse().unwrap();
        assert_eq!((target.service.as_str(), target.replicas), ("web", 5));
        for text in ["web", "web=", "=5", "web=-1", "Web=5", "web=5=6"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
