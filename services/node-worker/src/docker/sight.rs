//! What the engine shows of our containers, read into the words of the core.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, EventMessage,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use gantry_events::{ReplicaKey, Time};
use gantry_node_worker_core::{Container, ContainerId, Outcome, Reading, Run};

use super::creation::{PORT, PROJECT, REPLICA, SPEC, name};
use super::{Engine, EngineError};

/// Containers that are asked about at the same time.
const AT_ONCE: usize = 8;

/// Where the engine keeps what a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The newest of its files; empty where there is none.
    pub path: PathBuf,
    /// Whether its process is at an end.
    pub ended: bool,
}

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

    /// One replica, of which something has become.
    pub async fn look_at(&self, replica: &ReplicaKey) -> Result<Reading, EngineError> {
        let look = self.look_begins();
        let found = self.inspect(&name(replica)).await?;
        Ok(Reading::Container {
            replica: replica.clone(),
            look,
            found: found
                .filter(|(key, _)| key == replica)
                .map(|(_, container)| container),
        })
    }

    /// Where the engine keeps what a replica wrote; none where it has no such container.
    pub async fn written(&self, replica: &ReplicaKey) -> Result<Option<Written>, EngineError> {
        let found = self.ask_about(&name(replica)).await?;
        let written = found.and_then(|found| {
            let path = found.log_path.clone().unwrap_or_default();
            let (key, container) = self.read(found)?;
            (key == *replica).then(|| Written {
                path: path.into(),
                ended: container.running_since().is_none(),
            })
        });
        Ok(written)
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
        Ok(self.ask_about(id).await?.and_then(|found| self.read(found)))
    }

    async fn ask_about(&self, id: &str) -> Result<Option<ContainerInspectResponse>, EngineError> {
        let found = self.docker().await?.inspect_container(id, None).await;
        match found.map_err(self.wrong()) {
            Ok(found) => Ok(Some(found)),
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

/// Which replica the engine tells something of.
pub(super) fn of_event(event: &EventMessage) -> Option<ReplicaKey> {
    replica(event.actor.as_ref()?.attributes.as_ref()?)
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
