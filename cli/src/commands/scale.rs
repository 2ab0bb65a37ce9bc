//! `gantry scale`: sets how many replicas services have.

use std::collections::BTreeMap;
use std::str::FromStr;

use gantry_events::{ProjectName, ServiceName};
use gantry_rest::{Client, ReadAt, Write};

use crate::args::FileArg;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::operation;
use crate::tale::{Count, Goal};

/// Set how many replicas services have.
#[derive(Debug, clap::Args)]
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
    /// Scales all of them, then waits for each in turn.
    ///
    /// # Errors
    /// Those of the writes and their operations; what was accepted before goes on.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let project = context.project(&self.file)?;
        let client = context.client()?;
        let mut accepted = Vec::new();
        for target in &self.targets {
            let goal = goal(&client, &project, target).await?;
            let key = Write::new();
            let ask = || client.scale(&project, &target.service, target.replicas, &key);
            accepted.push((operation::write(ask).await?, goal));
        }
        for (operation, goal) in accepted {
            operation::finish(context, operation, goal).await?;
        }
        Ok(())
    }
}

/// What is there already stays: only the rest is waited for.
async fn goal(client: &Client, project: &ProjectName, target: &Target) -> Result<Goal, Failure> {
    let now = ReadAt::default();
    let service = answered(client.service(project, &target.service, &now)).await?;
    let now = service.status.replicas;
    let count = Count {
        wanted: target.replicas,
        there: now.ready.min(target.replicas),
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
