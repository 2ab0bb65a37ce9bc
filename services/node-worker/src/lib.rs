//! The node-worker: its shell around the core of one node, with Docker through bollard.
//!
//! `join` makes it a node, `told` brings what it should run, `watch` and `probing` what it runs, `act`
//! makes the two the same; what changed is reported through the log's engine, the rest by `say`.
//! `machine_init` is the first process of a simulated machine. Leaves to others: what to do and to say
//! (`gantry-node-worker-core`), where replicas run (`gantry-scheduler`).

pub mod act;
mod disk;
pub mod docker;
pub mod files;
mod followed;
pub mod host;
mod join;
mod machine_init;
pub mod output;
pub mod probe;
mod probing;
mod processes;
mod relay;
pub mod room;
mod say;
mod settings;
mod told;
pub mod watch;

pub use machine_init::{MachineInitError, Program, Programs, keep_running, machine_init};
pub use settings::Settings;

use std::convert::Infallible;
use std::sync::Arc;

use gantry_bus::{BusError, Ledger, NatsBus, node_key};
use gantry_node_worker_core::{NodeCore, NodeState, Observed, Reading, Work};
use gantry_runtime::{Driven, Duty, Process, Setup, drive};
use tokio::sync::{Notify, mpsc, watch as latest};

use act::Act;
use disk::{Disk, DiskError};
use docker::{Engine, Ours};
use join::{Identity, JoinError};
use probing::Probing;
use room::Room;
use say::Say;
use told::Told;

/// Readings that may wait for the loop; whoever reads faster waits.
const READINGS: usize = 1024;

/// The node-worker cannot work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot join.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// Its files cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The bus cannot be used.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The relay cannot listen.
    #[error(transparent)]
    Relay(#[from] relay::RelayError),
    /// Its own public key is none.
    #[error("the node's own key is of no use; make the machine anew")]
    Key,
}

/// Runs the node-worker as tasks of this process. Comes back once they are begun.
pub async fn run(process: Process, settings: Settings) -> Result<(), Error> {
    let disk = Disk::open(&settings.data)?;
    relay::relay(
        &process,
        settings.relay_address,
        settings.registry.clone(),
        settings.relay_connections,
    )
    .await?;
    process.spawn("node", join_then_work(process.clone(), settings, disk));
    Ok(())
}

async fn join_then_work(process: Process, settings: Settings, disk: Disk) -> Result<(), Error> {
    match join::join(&process, &settings, &disk).await {
        Ok(identity) => work(process, settings, disk, identity).await,
        Err(JoinError::Stopping) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn work(
    process: Process,
    settings: Settings,
    disk: Disk,
    identity: Identity,
) -> Result<(), Error> {
    let core = NodeCore {
        node: identity.node.clone(),
        log: identity.log,
    };
    let bus = NatsBus::connect(&settings.nats_url, &identity.credential).await?;
    let remembered = disk.snapshot()?;
    let state = remembered
        .as_ref()
        .map(|snapshot| snapshot.state.clone())
        .unwrap_or_default();
    let public = node_key(&identity.key.public_key()).ok_or(Error::Key)?;
    let setup = Setup {
        core: core.clone(),
        ledger: Ledger::of_node(identity.log, identity.node.clone(), public),
        marker: identity.marker(),
        log: bus.node_log(identity.node.clone()),
        duty: Duty::Always,
        resume: remembered,
        keep: Some(Box::new(disk.clone())),
    };
    let driven = drive(&process, setup);
    let ours = Ours {
        cluster: identity.cluster.clone(),
        node: identity.node.clone(),
    };
    let socket = settings.docker_socket.to_string_lossy();
    let engine = Arc::new(Engine::new(&socket, ours, disk.files()));
    begin(Begin {
        process,
        settings,
        disk,
        identity,
        bus,
        core,
        state,
        engine,
        driven,
    })
    .await
}

/// What the tasks are begun with.
struct Begin {
    process: Process,
    settings: Settings,
    disk: Disk,
    identity: Identity,
    bus: NatsBus,
    core: NodeCore,
    state: NodeState,
    engine: Arc<Engine>,
    driven: Driven<NodeCore>,
}

async fn begin(all: Begin) -> Result<(), Error> {
    let Begin {
        process,
        settings,
        disk,
        identity,
        bus,
        core,
        state,
        engine,
        driven,
    } = all;
    let (readings, inbox) = mpsc::channel(READINGS);
    let (work, to_do) = latest::channel(Arc::new(Work::default()));
    let (seen, to_report) = latest::channel(Observed::default());
    let look = Arc::new(Notify::new());
    if let Some(set) = disk.set()? {
        // Before anything else is read: without it, what runs means nothing.
        let _ = readings.send(Reading::Ended(disk.ended()?)).await;
        let _ = readings.send(Reading::Set(set)).await;
    }
    let (node, log) = (identity.node, identity.log);
    let told = Told {
        process: process.clone(),
        bus: bus.clone(),
        node: node.clone(),
        log,
        verifier: identity.verifier,
        disk: disk.clone(),
        readings: readings.clone(),
    };
    let say = Say {
        process: process.clone(),
        bus,
        node,
        log,
    };
    process.spawn(
        "engine watch",
        watch::engine(
            process.clone(),
            Arc::clone(&engine),
            Arc::clone(&look),
            readings.clone(),
        ),
    );
    process.spawn(
        "engine events",
        watch::changes(
            process.clone(),
            Arc::clone(&engine),
            Arc::clone(&look),
            readings.clone(),
        ),
    );
    let had = state.joined.as_ref().map(|joined| joined.address);
    process.spawn(
        "host",
        watch::host(process.clone(), settings.clone(), had, readings.clone()),
    );
    process.spawn("wanted sets", told.clone().sets());
    process.spawn("specs", told.specs(to_do.clone()));
    process.spawn("heartbeats", say.clone().heartbeats(to_do));
    process.spawn("output", say.outputs(Arc::clone(&engine)));
    process.spawn(
        "reports",
        report(process.clone(), to_report, driven.readings),
    );
    let room = Arc::new(Room::new(settings.steps_at_once));
    let probing = Probing::new(process.clone(), Arc::clone(&engine), readings.clone());
    let reported = driven.view;
    let act = Act {
        process: process.clone(),
        core,
        engine,
        probing,
        readings,
        look,
        room,
        disk,
        state,
        reported,
        work,
        seen,
    };
    process.spawn("act", act.run(inbox));
    Ok(())
}

/// Tells the log's engine what was seen, whole: it may have been away for long. The next only once it
/// has taken the last, so that no outage piles them up.
async fn report(
    process: Process,
    mut seen: latest::Receiver<Observed>,
    engine: mpsc::Sender<Reading>,
) -> Result<(), Infallible> {
    let pass_on = async {
        // All the room there is means that nothing waits.
        while engine.reserve_many(engine.max_capacity()).await.is_ok() {
            let all = Box::new(seen.borrow_and_update().clone());
            if engine.send(Reading::All(all)).await.is_err() || seen.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = process.stopping().cancelled_owned() => {}
        () = pass_on => {}
    }
    Ok(())
}
