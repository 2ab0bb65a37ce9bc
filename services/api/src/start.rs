//! From settings to a running api: what is opened, and the tasks that share the work.

use std::net::SocketAddr;

use gantry_bus::{BusError, CredentialError, Monitor, NatsBus, RoleFile};
use gantry_events::Seq;
use gantry_read_model::{Store, StoreError};
use gantry_runtime::Process;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::api::{Api, Identity, Parts};
use crate::desk::{Clerk, Desk, Keys, Reader, Surroundings};
use crate::door;
use crate::dress::Room;
use crate::heartbeats::Heartbeats;
use crate::inspection::Inspector;
use crate::projector::project;
use crate::router::router;
use crate::settings::Settings;

/// Messages that may wait between two tasks; whoever is faster waits.
const BETWEEN: usize = 1024;

/// The api could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credential folder is of no use.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The read model cannot be opened.
    #[error(transparent)]
    ReadModel(#[from] StoreError),
    /// The bus can never be reached.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The address cannot be served.
    #[error("{address} cannot be served: {cause}; set api_address to a free one")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// Starts the api as tasks of the process.
pub async fn run(process: Process, settings: Settings) -> Result<(), Error> {
    start(&process, settings).await.map(drop)
}

/// The same; the answer is where it is served.
pub async fn start(process: &Process, settings: Settings) -> Result<SocketAddr, Error> {
    let role = RoleFile::load(&settings.creds)?;
    let store = Store::open(&settings.read_model, role.log).await?;
    let bus = NatsBus::connect(&settings.nats_url, &role.bus).await?;
    let identity = Identity {
        cluster: role.cluster.clone(),
        log: role.log,
        token_hash: *role.need(&role.token_hash, "token_hash")?,
        nodes: role
            .need(&role.nodes_account_seed, "nodes_account_seed")?
            .clone(),
        answer_public: role.answer_public.clone(),
    };
    let keys = Keys {
        log: role.log,
        control: role.control_key.clone(),
        join: role.need(&role.join_key, "join_key")?.clone(),
    };
    let (desk, inbox) = Desk::open(settings.command_queue as usize);
    let heartbeats = Heartbeats::new(process, role.log);
    process.spawn("heartbeats", heartbeats.clone().listen(bus.clone()));
    let api = Api::new(Parts {
        process: process.clone(),
        identity,
        desk,
        reader: store.reader(),
        log: bus.log(),
        bus,
        heartbeats,
        streams: Room::of(settings.streams_at_once),
        settings,
    });
    // First, so that nobody is told that the api is ready before it is known what it waits for.
    begin(&api, store, keys, inbox);
    serve(&api).await
}

/// The tasks behind the interface: inspector, reader, clerk, projector.
fn begin(api: &Api, store: Store, keys: Keys, inbox: mpsc::Receiver<crate::desk::Request>) {
    let process = &api.process;
    let (passed, may_read) = watch::channel(false);
    let (closed_by, closed) = watch::channel(None);
    let (tell, heard) = mpsc::channel(BETWEEN);
    let (onward, messages) = mpsc::channel(BETWEEN);
    let seen = store.folded().max(store.reader().seq());
    let inspector = inspector(api, seen, (passed, closed_by));
    let caught_up = process.health.condition("log");
    let reader = Reader {
        process: process.clone(),
        log: api.log.clone(),
        heard: tell,
        condition: caught_up.clone(),
    };
    let around = Surroundings {
        log: api.log.clone(),
        onward,
        closed,
        link: api.bus.link(),
        caught_up,
        within: api.settings.command_within,
        room: api.settings.command_queue as usize,
    };
    let clerk = Clerk::new(process, keys, around);
    let built = process.health.condition("read_model");
    process.spawn("inspector", inspector.run());
    process.spawn("reader", reader.run(may_read));
    process.spawn("clerk", clerk.run(heard, inbox));
    process.spawn(
        "projector",
        project(process.clone(), store, messages, built),
    );
}

/// The inspector, who tells when the log may be read and why no command is taken.
fn inspector(
    api: &Api,
    seen: Seq,
    (passed, closed): (watch::Sender<bool>, watch::Sender<Option<String>>),
) -> Inspector {
    Inspector {
        process: api.process.clone(),
        log: api.log.clone(),
        monitor: Monitor::new(&api.settings.nats_monitor_url),
        expected: api.identity.log,
        seen,
        unsafe_dev: api.settings.unsafe_dev,
        condition: api.process.health.condition("inspection"),
        passed,
        closed,
    }
}

async fn serve(api: &Api) -> Result<SocketAddr, Error> {
    let address = api.settings.api_address;
    let refused = |cause| Error::Address { address, cause };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    let work = door::serve(api.clone(), listener, router(api));
    api.process.spawn("http", work);
    tracing::info!(%bound, "the interface is served");
    Ok(bound)
}
