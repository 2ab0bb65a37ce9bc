//! Starting a role: settings, telemetry, process, health; then the role's own `run`.

use std::fmt::Display;
use std::future::Future;
use std::path::PathBuf;

use anyhow::Context;
use gantry_runtime::settings::{Common, Loaded, load, load_leniently};
use gantry_runtime::{Process, Supervisor, Telemetry, serve_health};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

/// The roles that serve until they are told to stop.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Name {
    /// The api.
    Api,
    /// The scheduler.
    Scheduler,
    /// The provisioner.
    Provisioner,
    /// The worker of one node.
    NodeWorker,
    /// The driver of one balancer.
    LbSync,
    /// The built-in balancer.
    Ingress,
}

/// The roles that `gantryd all` carries, in the order of their health ports.
const ALL: [Name; 5] = [
    Name::Api,
    Name::Scheduler,
    Name::Provisioner,
    Name::LbSync,
    Name::Ingress,
];

/// How the settings of a role are read: strictly where it stands alone, past the others' where it does not.
#[derive(Clone, Copy)]
enum Reading {
    Strict,
    Lenient,
}

impl Reading {
    fn read<S: Default + Serialize + DeserializeOwned>(self) -> anyhow::Result<Loaded<S>> {
        Ok(match self {
            Self::Strict => load()?,
            Self::Lenient => load_leniently()?,
        })
    }
}

impl Name {
    fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Scheduler => "scheduler",
            Self::Provisioner => "provisioner",
            Self::NodeWorker => "node-worker",
            Self::LbSync => "lb-sync",
            Self::Ingress => "ingress",
        }
    }

    fn common(self, reading: Reading) -> anyhow::Result<Common> {
        Ok(match self {
            Self::Api => reading.read::<gantry_api::Settings>()?.common,
            Self::Scheduler => reading.read::<gantry_scheduler::Settings>()?.common,
            Self::Provisioner => reading.read::<gantry_provisioner::Settings>()?.common,
            Self::NodeWorker => reading.read::<gantry_node_worker::Settings>()?.common,
            Self::LbSync => reading.read::<gantry_lb_sync::Settings>()?.common,
            Self::Ingress => reading.read::<gantry_ingress::Settings>()?.common,
        })
    }

    async fn run(self, process: Process, reading: Reading) -> anyhow::Result<()> {
        match self {
            Self::Api => {
                let mut settings = reading.read::<gantry_api::Settings>()?.value;
                self.find(&mut settings.creds, reading);
                gantry_api::run(process, settings).await?;
            }
            Self::Scheduler => {
                let mut settings = reading.read::<gantry_scheduler::Settings>()?.value;
                self.find(&mut settings.creds, reading);
                gantry_scheduler::run(process, settings).await?;
            }
            Self::Provisioner => {
                let mut settings = reading.read::<gantry_provisioner::Settings>()?.value;
                self.find(&mut settings.creds, reading);
                gantry_provisioner::run(process, settings).await?;
            }
            Self::LbSync => {
                let mut settings = reading.read::<gantry_lb_sync::Settings>()?.value;
                self.find(&mut settings.creds, reading);
                gantry_lb_sync::run(process, settings).await?;
            }
            Self::NodeWorker => gantry_node_worker::run(process, reading.read()?.value).await?,
            Self::Ingress => gantry_ingress::run(process, reading.read()?.value).await?,
        }
        Ok(())
    }

    /// Roles in one process find their credentials side by side, as the first start lays them out.
    fn find(self, creds: &mut PathBuf, reading: Reading) {
        match reading {
            Reading::Strict => {}
            Reading::Lenient => *creds = creds.join(format!("{}-creds", self.as_str())),
        }
    }
}

/// Serves one role until SIGTERM, or until one of its tasks fails.
pub async fn serve(role: Name) -> anyhow::Result<()> {
    let common = role.common(Reading::Strict)?;
    let _telemetry = telemetry(role.as_str(), &common)?;
    let supervisor = start(role, &common, Reading::Strict).await?;
    supervised(role, supervisor).await
}

/// Serves the control plane and the balancer in one process. Each role has a health port of its own,
/// counted up from the one that is set.
pub async fn serve_all() -> anyhow::Result<()> {
    let mut common = Name::Api.common(Reading::Lenient)?;
    let _telemetry = telemetry("all", &common)?;
    let mut roles = JoinSet::new();
    for role in ALL {
        let supervisor = start(role, &common, Reading::Lenient).await?;
        roles.spawn(supervised(role, supervisor));
        let next = common.health_address.port().saturating_add(1);
        common.health_address.set_port(next);
    }
    // The first that ends, ends all: what is left is killed, which every role is made for.
    while let Some(ended) = roles.join_next().await {
        ended??;
    }
    Ok(())
}

/// Runs a one-shot command with its settings.
pub async fn once<S, F>(name: &'static str, run: impl FnOnce(S) -> F) -> anyhow::Result<()>
where
    S: Default + Serialize + DeserializeOwned,
    F: Future<Output = anyhow::Result<()>>,
{
    let loaded: Loaded<S> = load()?;
    let _telemetry = telemetry(name, &loaded.common)?;
    run(loaded.value).await
}

/// Runs as PID 1 of a simulated machine.
pub async fn machine_init() -> anyhow::Result<()> {
    let common = Name::NodeWorker.common(Reading::Lenient)?;
    let _telemetry = telemetry("machine-init", &common)?;
    gantry_node_worker::machine_init()
        .await
        .context("the machine's init failed")
}

/// Each setting of a role with its source, a line each.
pub fn settings(role: Name) -> anyhow::Result<Vec<String>> {
    match role {
        Name::Api => lines(&load::<gantry_api::Settings>()?),
        Name::Scheduler => lines(&load::<gantry_scheduler::Settings>()?),
        Name::Provisioner => lines(&load::<gantry_provisioner::Settings>()?),
        Name::NodeWorker => lines(&load::<gantry_node_worker::Settings>()?),
        Name::LbSync => lines(&load::<gantry_lb_sync::Settings>()?),
        Name::Ingress => lines(&load::<gantry_ingress::Settings>()?),
    }
}

fn lines<S: Serialize>(loaded: &Loaded<S>) -> anyhow::Result<Vec<String>> {
    let mut values = serde_json::to_value(&loaded.value)?;
    let common = serde_json::to_value(&loaded.common)?;
    if let (Some(values), Some(common)) = (values.as_object_mut(), common.as_object()) {
        values.extend(common.clone());
    }
    let line = |(key, source): (&String, &String)| {
        let secret = key.contains("token");
        let value = if secret {
            "(not shown)".to_owned()
        } else {
            values[key].to_string()
        };
        format!("{key} = {value}    # {source}")
    };
    Ok(loaded.sources.iter().map(line).collect())
}

fn telemetry(role: &'static str, common: &Common) -> anyhow::Result<Telemetry> {
    Ok(Telemetry::start(
        role,
        &common.log_filter,
        common.otlp_endpoint.as_deref(),
    )?)
}

async fn start(role: Name, common: &Common, reading: Reading) -> anyhow::Result<Supervisor> {
    let (process, supervisor) = Process::start();
    let address = serve_health(&process, common.health_address).await?;
    tracing::info!(role = role.as_str(), health = %address, version = env!("CARGO_PKG_VERSION"), "starting");
    role.run(process, reading)
        .await
        .with_context(|| format!("{} could not start", role.as_str()))?;
    Ok(supervisor)
}

async fn supervised(role: Name, supervisor: Supervisor) -> anyhow::Result<()> {
    let ended = supervisor.wait().await;
    match &ended {
        Ok(()) => tracing::info!(role = role.as_str(), "stopped"),
        Err(error) => log_end(role, error),
    }
    Ok(ended?)
}

fn log_end(role: Name, error: &impl Display) {
    tracing::error!(role = role.as_str(), %error, "ended");
}
