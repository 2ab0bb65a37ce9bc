//! The provisioner: machines are made, started again, and said to be ready.
//!
//! Leaves to others: which machines there should be (`gantry-provisioner-core`), admitting their nodes
//! (the api), what is inside a machine (its image and the node-worker).
//!
//! - [`settings`]: what can be set;
//! - [`Tending`]: wanted minus present, round after round, while the lease is held;
//! - [`providers`]: who makes machines.

pub mod providers;
pub mod settings;
mod tend;

pub use settings::Settings;
pub use tend::Tending;

use gantry_bus::{BusError, CredentialError, Ledger, Marker, NatsBus, RoleFile};
use gantry_provisioner_core::ProvisionerCore;
use gantry_runtime::{Duty, Process, Setup, drive};
use tokio::sync::watch;

use providers::local::Local;
use settings::SettingError;

/// The lease of provisioning: one holder makes machines.
const LEASE: &str = "provisioner";

/// The provisioner cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that can never do.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The credential folder cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The bus cannot be used.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Starts the provisioner's tasks: lease, engine, machines.
pub async fn run(process: Process, settings: Settings) -> Result<(), Error> {
    let role = RoleFile::load(&settings.creds)?;
    let join_key = role.need(&role.join_key, "join_key")?.clone();
    let local = Local::new(settings.local()?, join_key);
    let bus = NatsBus::connect(&settings.nats_url, &role.bus).await?;

    let (told, held) = watch::channel(false);
    let stopping = process.stopping();
    let lease = bus.lease(LEASE).hold(told, stopping.cancelled_owned());
    process.spawn("lease", lease);

    let setup = Setup {
        core: ProvisionerCore,
        ledger: Ledger::of_control_plane(role.log, role.control_key.clone()),
        marker: Marker::Control(role.control_key),
        log: bus.log(),
        duty: Duty::Leased(held.clone()),
        resume: None,
        keep: None,
    };
    let driven = drive(&process, setup);
    let tending = Tending::new(&process, driven, held, local);
    process.spawn("machines", tending.tend());
    Ok(())
}
