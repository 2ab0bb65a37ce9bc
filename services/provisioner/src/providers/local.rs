//! The provider `local`: a machine is a container of the engine this system runs on.
//!
//! Everything goes by name and label, and nothing is remembered here: whoever dies between two calls
//! leaves what the next one adopts. A container or volume of the right name with another cluster's
//! label, or none, is never touched.

mod container;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use bollard::errors::Error as Docker;
use bollard::models::ContainerSummaryStateEnum::{PAUSED, RESTARTING, RUNNING};
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, InspectContainerOptions,
    ListContainersOptionsBuilder, StartContainerOptions,
};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use gantry_bus::JoinKey;
use gantry_events::{Bytes, MachineId, MilliCpu};
use gantry_provisioner_core::WantedMachine;
use tokio::sync::OnceCell;

use crate::settings::ClusterId;
use container::{CLUSTER, MACHINE};

/// Longest wait for one answer of the engine. Starting a container takes a third of a second; an engine
/// whose disk is busy takes many.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

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

/// The engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The engine said no, or cannot be reached.
    #[error("{doing} failed: {cause}{}", way_out(.cause))]
    Engine {
        /// What was being done.
        doing: String,
        /// What the engine or the connection said.
        cause: Docker,
    },
    /// The engine did not answer. What was asked may have been done.
    #[error("{doing} was not answered within {} s; see whether the engine is busy", ANSWER_WITHIN.as_secs())]
    Late {
        /// What was being done.
        doing: String,
    },
    /// Something of that name belongs to somebody else.
    #[error("{what} is not labelled {CLUSTER}={cluster}, so it is not ours; remove or rename it")]
    Foreign {
        /// The container or volume.
        what: String,
        /// Our cluster.
        cluster: ClusterId,
    },
    /// The name is taken by a container that is not there yet, or not any more.
    #[error("container {0} is being made or removed; it is looked at again")]
    Changing(String),
}

fn way_out(cause: &Docker) -> &'static str {
    let text = cause.to_string();
    match text.contains("No such image") {
        true => "; run `make images`",
        false => "",
    }
}

/// Machines that are containers. Any number of these may work on one engine.
#[derive(Debug)]
pub struct Local {
    settings: LocalSettings,
    key: JoinKey,
    engine: OnceCell<bollard::Docker>,
}

impl Local {
    /// The provider. The engine is connected to when it is first needed.
    pub fn new(settings: LocalSettings, key: JoinKey) -> Self {
        Self {
            settings,
            key,
            engine: OnceCell::new(),
        }
    }

    /// The machines of this cluster that are there, running or not.
    pub async fn list(&self) -> Result<BTreeMap<MachineId, Present>, LocalError> {
        let engine = self.engine().await?;
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
        let engine = self.engine().await?.clone();
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
            let engine = self.engine().await?;
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
        let engine = self.engine().await?;
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
        let engine = self.engine().await?;
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

    async fn engine(&self) -> Result<&bollard::Docker, LocalError> {
        let connect = || async {
            let socket = self.settings.socket.display().to_string();
            let doing = format!("connecting to the engine at {socket}");
            let engine = bollard::Docker::connect_with_unix(
                &socket,
                ANSWER_WITHIN.as_secs(),
                bollard::API_DEFAULT_VERSION,
            );
            let engine = engine.map_err(|cause| LocalError::Engine {
                doing: doing.clone(),
                cause,
            })?;
            answer(&doing, engine.negotiate_version()).await
        };
        self.engine.get_or_try_init(connect).await
    }
}

/// One call, with its deadline.
async fn answer<T>(
    doing: &str,
    call: impl Future<Output = Result<T, Docker>>,
) -> Result<T, LocalError> {
    let answered = tokio::time::timeout(ANSWER_WITHIN, call).map(|timed| match timed {
        Ok(answer) => answer.map_err(|cause| LocalError::Engine {
            doing: doing.to_owned(),
            cause,
        }),
        Err(_) => Err(LocalError::Late {
            doing: doing.to_owned(),
        }),
    });
    answered.await
}

fn status(error: &Docker) -> Option<u16> {
    match error {
        Docker::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}
