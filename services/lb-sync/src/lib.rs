//! lb-sync: keeps one balancer's table as the log says it should be, and tells the log what is live.
//!
//! Leaves to others: what should be routed (`gantry-lb-sync-core`), requests (the balancer itself).
//!
//! - [`settings`]: what can be set;
//! - [`follow`]: apply, watch, apply again;
//! - `beats`: each second a sign of life;
//! - [`drivers`]: how each kind of balancer is spoken to.

mod beats;
pub mod drivers;
pub mod follow;
pub mod settings;

pub use settings::Settings;

use gantry_bus::{BusError, CredentialError, Ledger, Log, Marker, NatsBus, RoleFile};
use gantry_events::Seq;
use gantry_lb_sync_core::LbCore;
use gantry_runtime::{Duty, Process, Setup, drive};
use tokio::sync::watch;

use drivers::ingress::Ingress;
use follow::Following;

/// lb-sync cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credential folder cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The credentials are another cluster's.
    #[error(
        "the credentials are of cluster `{found}`, and this is `{cluster}`; mount the right folder or set cluster"
    )]
    Cluster {
        /// What the settings say.
        cluster: String,
        /// What the credentials say.
        found: String,
    },
    /// The bus cannot be used.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Starts lb-sync's tasks: the engine, the one that follows it with the balancer, and its beats.
pub async fn run(process: Process, settings: Settings) -> Result<(), Error> {
    let role = RoleFile::load(&settings.creds)?;
    if role.cluster != settings.cluster {
        return Err(Error::Cluster {
            cluster: settings.cluster,
            found: role.cluster,
        });
    }
    let bus = NatsBus::connect(&settings.nats_url, &role.bus).await?;
    let ledger = Ledger::of_control_plane(role.log, role.control_key.clone());
    let live = start(
        &process,
        &settings,
        bus.log(),
        ledger,
        Marker::Control(role.control_key),
    );
    let who = (settings.balancer, role.log);
    process.spawn("beats", beats::beat(process.clone(), bus, who, live));
    Ok(())
}

/// The engine and its following on any log. Gives the sequence of the live table as it changes; none while
/// the balancer does not answer.
pub fn start<L>(
    process: &Process,
    settings: &Settings,
    log: L,
    ledger: Ledger,
    marker: Marker,
) -> watch::Receiver<Option<Seq>>
where
    L: Log + Clone + 'static,
{
    let core = LbCore {
        balancer: settings.balancer.clone(),
    };
    // One process has a balancer's credential, so no lease is needed; should there be two, the log lets
    // one at a time write, and both want the same table.
    let setup = Setup {
        core,
        ledger,
        marker,
        log,
        duty: Duty::Always,
        resume: None,
        keep: None,
    };
    let driven = drive(process, setup);
    let ingress = Ingress::at(&settings.ingress_socket);
    let following = Following::new(process, driven, ingress);
    let live = following.live();
    process.spawn("balancer", following.follow());
    live
}
