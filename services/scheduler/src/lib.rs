//! The scheduler: images are looked up, nodes are told what to run.
//!
//! Leaves to others: what runs where (`gantry-scheduler-core`), starting containers (node-worker),
//! routing to them (lb-sync).
//!
//! - [`settings`]: what can be set;
//! - [`answers`]: wanted sets and container specs, signed, for nodes that ask;
//! - [`lookups`]: images that the core wants to know, asked of [`registry`];
//! - [`hearing`]: heartbeats, which the core judges silence by.

pub mod answers;
pub mod hearing;
pub mod lookups;
pub mod registry;
pub mod settings;

pub use settings::Settings;

use gantry_bus::{BusError, CredentialError, Ledger, Marker, NatsBus, RoleFile};
use gantry_runtime::{Duty, Process, Setup, drive};
use gantry_scheduler_core::SchedulerCore;
use tokio::sync::watch;

use answers::Answers;
use hearing::Hearing;
use lookups::Lookups;
use registry::{Registries, RegistriesError};

/// The lease of scheduling: one holder decides and answers.
const LEASE: &str = "scheduler";

/// The scheduler cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credential folder cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The bus cannot be used.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Registries cannot be asked.
    #[error(transparent)]
    Registries(#[from] RegistriesError),
}

/// Starts the scheduler's tasks: lease, engine, answers, look-ups.
pub async fn run(process: Process, settings: Settings) -> Result<(), Error> {
    let role = RoleFile::load(&settings.creds)?;
    let signer = role.need(&role.answer_key, "answer_key")?.clone();
    let registries = Registries::new(&settings.registry)?;
    let bus = NatsBus::connect(&settings.nats_url, &role.bus).await?;

    let (told, held) = watch::channel(false);
    let lease = bus
        .lease(LEASE)
        .hold(told, process.stopping().cancelled_owned());
    process.spawn("lease", lease);

    let setup = Setup {
        core: SchedulerCore,
        ledger: Ledger::of_control_plane(role.log, role.control_key.clone()),
        marker: Marker::Control(role.control_key),
        log: bus.log(),
        duty: Duty::Leased(held.clone()),
        resume: None,
        keep: None,
    };
    let driven = drive(&process, setup);
    let lookups = Lookups::new(&process, driven.clone(), held.clone(), registries);
    process.spawn("lookups", lookups.follow());
    let readings = driven.readings.clone();
    let hearing = Hearing::new(&process, bus.clone(), role.log, readings, held.clone());
    process.spawn("hearing", hearing.follow());
    let answers = Answers::new(&process, bus, (role.log, signer), driven.view, held);
    process.spawn("answers", answers.give());
    Ok(())
}
