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
use bollard::models::{ContainerInspectResponse, ContainerSummary, Volume};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, InspectContainerOptions,
    ListContainersOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveVolumeOptions, StartContainerOptions,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use gantry_bus::JoinKey;
use gantry_events::{Bytes, MachineId, MilliCpu};
use gantry_provisioner_core::{Found, WantedMachine};

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
    /// What there is of it.
    pub found: Found,
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

    /// The machines of this cluster of which anything is there: containers, running or not, and volumes.
    pub async fn list(&self) -> Result<BTreeMap<MachineId, Present>, LocalError> {
        let engine = self.engine.client().await?;
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&self.filters());
        // Volumes first: those of a machine that is just being made are then seen with its container.
        let volumes = self.volumes(self.filters()).await?;
        let call = engine.list_containers(Some(options.build()));
        let containers = answer("listing machines", call).await?;
        let remains = volumes.iter().filter_map(|volume| self.remains(volume));
        let there = containers.iter().filter_map(|one| self.machine(one));
        Ok(remains.chain(there).collect())
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
    pub async fn make(
        &self,
        machine: &MachineId,
        wanted: &WantedMachine,
    ) -> Result<String, LocalError> {
        let name = container::name(&self.settings, machine);
        if self.find(&name).await?.is_none() {
            self.create(&name, machine, wanted).await?;
        }
        self.start(machine).await
    }

    /// Makes sure that the machine runs, if it exists, and gives its name.
    ///
    /// # Errors
    /// It does not exist, or is being removed.
    pub async fn start(&self, machine: &MachineId) -> Result<String, LocalError> {
        let name = container::name(&self.settings, machine);
        let found = self.find(&name).await?;
        let found = found.ok_or_else(|| LocalError::Changing(name.clone()))?;
        self.check_ours(&name, &found)?;
        if !found.state.and_then(|state| state.running).unwrap_or(false) {
            let engine = self.engine.client().await?;
            let call = engine.start_container(&name, None::<StartContainerOptions>);
            answer(&format!("starting container {name}"), call).await?;
        }
        Ok(name)
    }

    /// Makes sure that nothing is left of the machine. May be dropped half-way and called again.
    pub async fn remove(&self, machine: &MachineId) -> Result<(), LocalError> {
        let name = container::name(&self.settings, machine);
        let engine = self.engine.client().await?;
        if let Some(found) = self.find(&name).await? {
            self.check_ours(&name, &found)?;
            // Its node is empty or lost, so nothing inside is waited for.
            let at_once = RemoveContainerOptionsBuilder::new().force(true).v(true);
            let call = engine.remove_container(&name, Some(at_once.build()));
            gone(answer(&format!("removing container {name}"), call).await)?;
        }
        let mut filters = self.filters();
        let label = format!("{MACHINE}={machine}");
        filters.entry("label").or_default().push(label);
        for volume in self.volumes(filters).await? {
            let call = engine.remove_volume(&volume.name, None::<RemoveVolumeOptions>);
            gone(answer(&format!("removing volume {}", volume.name), call).await)?;
        }
        Ok(())
    }

    async fn volumes(
        &self,
        filters: HashMap<&'static str, Vec<String>>,
    ) -> Result<Vec<Volume>, LocalError> {
        let engine = self.engine.client().await?;
        let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let found = answer("listing volumes", engine.list_volumes(Some(options))).await?;
        Ok(found.volumes.unwrap_or_default())
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
        let mut names = container.names.iter().flatten();
        let named = names.any(|name| name.trim_start_matches('/') == provider_id);
        let found = match container.state {
            Some(RUNNING | PAUSED | RESTARTING) => Found::Running,
            Some(_) | None => Found::Stopped,
        };
        named.then_some((machine, Present { provider_id, found }))
    }

    /// The machine that a volume belongs to.
    fn remains(&self, volume: &Volume) -> Option<(MachineId, Present)> {
        let machine: MachineId = volume.labels.get(MACHINE)?.parse().ok()?;
        let provider_id = container::name(&self.settings, &machine);
        let found = Found::Remains;
        Some((machine, Present { provider_id, found }))
    }

    fn filters(&self) -> HashMap<&'static str, Vec<String>> {
        let labels = vec![
            format!("{CLUSTER}={}", self.settings.cluster),
            MACHINE.to_owned(),
        ];
        HashMap::from([("label", labels)])
    }
}

/// What is not there any more is removed.
fn gone(removal: Result<(), LocalError>) -> Result<(), LocalError> {
    match removal {
        Err(LocalError::Engine { cause, .. }) if status(&cause) == Some(404) => Ok(()),
        removal => removal,
    }
}
