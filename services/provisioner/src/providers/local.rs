//! The provider `local`: a machine is a container of the engine this system runs on.
//!
//! Everything goes by name and label, and nothing is remembered here: whoever dies between two calls
//! leaves what the next one adopts. A container or volume of the right name with another cluster's
//! label, or none, is never touched.

mod container;
mod engine;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use bollard::models::ContainerSummaryStateEnum::{PAUSED, RESTARTING, RUNNING};
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, InspectContainerOptions,
    ListContainersOptionsBuilder, StartContainerOptions,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use gantry_bus::JoinKey;
use gantry_events::{Bytes, MachineId, MilliCpu};
use gantry_provisioner_core::WantedMachine;

use crate::settings::ClusterId;
use container::{CLUSTER, MACHINE};
use engine::{Engine, answer, status};

pub use engine::LocalError;

/// What machines are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalSettings {
    /// The cluster they belong to.
    pub cluster: ClusterId,
    /// The engine's socket.
    pub socket: PathBuf,
    /// Image of a machine.
    pub image: String,
    /// Network they are in.
    pub network: String,
    /// Most memory of each; 0 sets no limit.
    pub memory: Bytes,
    /// Most processor time of each; 0 sets no limit.
    pub cpu: MilliCpu,
    /// Address of the api, for their nodes.
    pub api_url: String,
    /// Address of the bus, for their nodes.
    pub nats_url: String,
    /// The registry, for their nodes.
    pub registry: String,
}

/// A machine as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// What the engine calls it.
    pub provider_id: String,
    /// Whether it runs.
    pub running: bool,
}

/// Machines that are containers. Any number of these may work on one engine.
#[derive(Debug)]
pub struct Local {
    settings: LocalSettings,
    key: JoinKey,
    engine: Engine,
}

impl Local {
    /// The provider. The engine is connected to when it is first needed.
    pub fn new(settings: LocalSettings, key: JoinKey) -> Self {
        let engine = Engine::new(settings.socket.clone());
        Self {
            settings,
            key,
            engine,
        }
    }

    /// The machines of this cluster that are there, running or not.
    pub async fn list(&self) -> Result<BTreeMap<MachineId, Present>, LocalError> {
        let engine = self.engine.client().await?;
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&self.filters());
        let call = engine.list_containers(Some(options.build()));
        let found = answer("listing machines", call).await?;
        Ok(found
            .iter()
            .filter_map(|container| self.machine(container))
            .collect())
    }

    /// Tells of machines that start, end or vanish. Ends when the connection does.
    pub async fn changes(&self) -> Result<BoxStream<'static, ()>, LocalError> {
        let engine = self.engine.client().await?.clone();
        let mut filters = self.filters();
        filters.insert("type", vec!["container".to_owned()]);
        filters.insert(
            "event",
            ["start", "die", "destroy"].map(str::to_owned).to_vec(),
        );
        let options = EventsOptionsBuilder::new().filters(&filters).build();
        let events = engine.events(Some(options));
        Ok(events
            .take_while(|event| std::future::ready(event.is_ok()))
            .map(drop)
            .boxed())
    }

    /// Makes sure that the machine exists and runs, and gives its name. May be called any number of
    /// times at once, dropped half-way, and called again: what is there is adopted.
    pub async fn ensure(
        &self,
        machine: &MachineId,
        wanted: &WantedMachine,
    ) -> Result<String, LocalError> {
        let name = container::name(&self.settings, machine);
        let found = match self.find(&name).await? {
            Some(found) => found,
            None => {
                self.create(&name, machine, wanted).await?;
                self.find(&name)
                    .await?
                    .ok_or_else(|| LocalError::Changing(name.clone()))?
            }
        };
        self.check_ours(&name, &found)?;
        if !found.state.and_then(|state| state.running).unwrap_or(false) {
            let engine = self.engine.client().await?;
            let call = engine.start_container(&name, None::<StartContainerOptions>);
            answer(&format!("starting container {name}"), call).await?;
        }
        Ok(name)
    }

    async fn create(
        &self,
        name: &str,
        machine: &MachineId,
        wanted: &WantedMachine,
    ) -> Result<(), LocalError> {
        let engine = self.engine.client().await?;
        for volume in container::volumes(&self.settings, machine) {
            let doing = format!(
                "making volume {}",
                volume.name.as_deref().unwrap_or_default()
            );
            let made = answer(&doing, engine.create_volume(volume)).await?;
            self.check_label(&format!("volume {}", made.name), made.labels.get(CLUSTER))?;
        }
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let body = container::container(&self.settings, &self.key, machine, wanted);
        let call = engine.create_container(Some(options), body);
        match answer(&format!("making container {name}"), call).await {
            // Somebody was faster; whatever bears the name is looked at next.
            Err(LocalError::Engine { cause, .. }) if status(&cause) == Some(409) => Ok(()),
            made => made.map(drop),
        }
    }

    async fn find(&self, name: &str) -> Result<Option<ContainerInspectResponse>, LocalError> {
        let engine = self.engine.client().await?;
        let call = engine.inspect_container(name, None::<InspectContainerOptions>);
        match answer(&format!("looking at container {name}"), call).await {
            Err(LocalError::Engine { cause, .. }) if status(&cause) == Some(404) => Ok(None),
            found => found.map(Some),
        }
    }

    fn check_ours(&self, name: &str, found: &ContainerInspectResponse) -> Result<(), LocalError> {
        let labels = found
            .config
            .as_ref()
            .and_then(|config| config.labels.as_ref());
        let cluster = labels.and_then(|labels| labels.get(CLUSTER));
        self.check_label(&format!("container {name}"), cluster)
    }

    fn check_label(&self, what: &str, found: Option<&String>) -> Result<(), LocalError> {
        if found.is_some_and(|found| *found == self.settings.cluster.to_string()) {
            return Ok(());
        }
        Err(LocalError::Foreign {
            what: what.to_owned(),
            cluster: self.settings.cluster.clone(),
        })
    }

    /// The machine that a container is; none when it bears our labels under a name that is not ours.
    fn machine(&self, container: &ContainerSummary) -> Option<(MachineId, Present)> {
        let machine: MachineId = container.labels.as_ref()?.get(MACHINE)?.parse().ok()?;
        let provider_id = container::name(&self.settings, &machine);
        let named = container
            .names
            .iter()
            .flatten()
            .any(|name| name.trim_start_matches('/') == provider_id);
        let running = matches!(container.state, Some(RUNNING | PAUSED | RESTARTING));
        named.then_some((
            machine,
            Present {
                provider_id,
                running,
            },
        ))
    }

    fn filters(&self) -> HashMap<&'static str, Vec<String>> {
        let labels = vec![
            format!("{CLUSTER}={}", self.settings.cluster),
            MACHINE.to_owned(),
        ];
        HashMap::from([("label", labels)])
    }
}
