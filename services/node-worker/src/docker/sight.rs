//! What the engine shows of our containers, read into the words of the core.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};
use futures::stream::{self, StreamExt, TryStreamExt};
use gantry_events::{ReplicaKey, Time};
use gantry_node_worker_core::{Container, ContainerId, Outcome, Reading, Run};

use super::creation::{PORT, PROJECT, REPLICA, SPEC};
use super::{Engine, EngineError};

/// Containers that are asked about at the same time.
const AT_ONCE: usize = 8;

impl Engine {
    /// Everything of ours in the engine, running or not.
    pub async fn look(&self) -> Result<Reading, EngineError> {
        let look = self.look_begins();
        let ids = self.ids().await?;
        let found: BTreeMap<ReplicaKey, Container> = stream::iter(ids)
            .map(|id| async move { self.inspect(&id).await })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        Ok(Reading::Containers { look, found })
    }

    /// One container as a step left it.
    pub(super) async fn sight(&self, id: &str) -> Result<Outcome, EngineError> {
        let look = self.look_begins();
        let container = self.inspect(id).await?.map(|(_, container)| container);
        Ok(Outcome::Done { container, look })
    }

    /// A container by id or name; none where there is none, or none of ours.
    pub(super) async fn inspect(
        &self,
        id: &str,
    ) -> Result<Option<(ReplicaKey, Container)>, EngineError> {
        let found = self
            .docker()
            .await?
            .inspect_container(id, None)
            .await
            .map_err(self.wrong());
        match found {
            Ok(found) => Ok(self.read(found)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, found: ContainerInspectResponse) -> Option<(ReplicaKey, Container)> {
        let labels = found.config?.labels?;
        let is = |label: &str, value: &str| labels.get(label).is_some_and(|said| said == value);
        if !is("gantry.cluster", &self.ours.cluster) || !is("gantry.node", self.ours.node.as_str())
        {
            return None;
        }
        let container = Container {
            id: ContainerId(found.id?),
            spec: labels.get(SPEC)?.parse().ok()?,
            port: labels.get(PORT).and_then(|port| port.parse().ok()),
            run: run(&found.state?)?,
        };
        Some((replica(&labels)?, container))
    }
}

fn replica(labels: &HashMap<String, String>) -> Option<ReplicaKey> {
    Some(ReplicaKey {
        project: labels.get(PROJECT)?.parse().ok()?,
        replica: labels.get(REPLICA)?.parse().ok()?,
    })
}

fn run(state: &ContainerState) -> Option<Run> {
    let time = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| text.parse::<Time>().ok())
            .unwrap_or_default()
    };
    match state.status? {
        ContainerStateStatusEnum::CREATED => Some(Run::Created),
        ContainerStateStatusEnum::RUNNING
        | ContainerStateStatusEnum::PAUSED
        | ContainerStateStatusEnum::RESTARTING
        | ContainerStateStatusEnum::STOPPING => Some(Run::Running {
            since: time(&state.started_at),
        }),
        ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD => Some(Run::Ended {
            at: time(&state.finished_at),
            exit: state.exit_code.unwrap_or_default(),
        }),
        // As good as gone.
        ContainerStateStatusEnum::REMOVING | ContainerStateStatusEnum::EMPTY => None,
    }
}
