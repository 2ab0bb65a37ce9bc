//! The built-in balancer's data plane: accept, choose, proxy, swap the table.
//!
//! Requests come in over TCP ([`Settings::http_address`]), tables over a unix socket
//! ([`Settings::ingress_socket`]). Leaves to others: what should be routed (`gantry-lb-sync`), and
//! when a replica may stop (the scheduler).
//!
//! Reading down is going deeper: `public` (connections), `proxy` and `attempt` (one request), `tables`
//! and `hosts` (the live one), `choose`, `replica`, `doubt`, `pool` and `line` (one backend), `body`, `headers` and `upgrades`
//! (what passes through), `tunnel` (what an upgraded connection becomes); `control` and `saved` bring
//! tables in.

mod attempt;
mod body;
mod choose;
mod client;
mod control;
mod counts;
mod doubt;
mod drains;
mod headers;
mod hosts;
mod line;
mod patience;
mod pool;
mod proxy;
mod public;
mod replica;
mod saved;
mod settings;
mod socket;
mod stall;
mod tables;
mod trouble;
mod tunnel;
mod upgrades;
mod uptime;

pub use settings::Settings;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use gantry_events::{Millis, RouteTable, TableStatus};
use gantry_runtime::{Condition, Lanes, Process};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::control::Order;
use crate::counts::Counts;
use crate::doubt::Limits;
use crate::saved::Saved;
use crate::tables::Tables;
use crate::uptime::Uptime;

/// Tables that may wait to be applied; there is one lb-sync, which waits for each.
const ORDERS: usize = 4;

/// How often idle connections are looked through and counts are copied.
const SWEEP: Millis = Millis(1000);

/// The ingress cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The public address cannot be opened.
    #[error("{address} cannot be listened on: {cause}; free it, or set http_address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// There are no threads to serve on.
    #[error(
        "no threads can be started to serve connections: {0}; raise the limits of processes and files"
    )]
    Lanes(std::io::Error),
    /// The control socket cannot be opened.
    #[error("the socket {} cannot be opened: {cause}; make its folder writable, or set ingress_socket", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
}

/// One ingress.
#[derive(Debug)]
struct Ingress {
    process: Process,
    settings: Settings,
    uptime: Uptime,
    tables: Tables,
    counts: Counts,
    lanes: Lanes,
    /// Cancelled when the time for shutting down is over.
    over: CancellationToken,
}

/// Opens both doors, starts from the saved table, and leaves the serving to tasks of the process.
pub async fn run(process: Process, settings: Settings) -> Result<(), Error> {
    start(process, settings).await.map(|_| ())
}

/// The same, for those who let the system pick the port: gives the public address.
pub async fn start(process: Process, settings: Settings) -> Result<SocketAddr, Error> {
    let routed = process.health.condition("table");
    routed.unmet("waiting for the first table; lb-sync brings it");
    let address = settings.http_address;
    let listen = |cause| Error::Listen { address, cause };
    let public = TcpListener::bind(address).await.map_err(listen)?;
    let bound = public.local_addr().map_err(listen)?;
    let control = control::open(&settings.ingress_socket)?;
    tracing::info!(address = %bound, cluster = settings.cluster, "requests are served");
    let ingress = Ingress::new(process.clone(), settings).map_err(Error::Lanes)?;
    let ingress = Arc::new(ingress);
    let saved = Saved::at(&ingress.settings.ingress_table);
    if let Some(table) = saved.load().await {
        tracing::info!(seq = %table.seq, hosts = table.routes.len(), "starting from the saved table");
        ingress.tables.apply(table);
        routed.met();
    }
    let (orders, inbox) = mpsc::channel(ORDERS);
    process.spawn("tables", keep_tables(ingress.clone(), saved, inbox, routed));
    process.spawn(
        "control socket",
        control::serve(ingress.clone(), control, orders),
    );
    process.spawn("sweep", sweep(ingress.clone()));
    process.spawn("public door", public::serve(ingress, public));
    Ok(bound)
}

impl Ingress {
    fn new(process: Process, settings: Settings) -> std::io::Result<Self> {
        let over = CancellationToken::new();
        let kept = usize::try_from(settings.replica_kept).unwrap_or(usize::MAX);
        let limits = Limits {
            failures: settings.replica_failures,
            silent: settings.replica_silent,
            skip: settings.replica_skip,
        };
        Ok(Self {
            uptime: Uptime::start(&process),
            tables: Tables::new(process.clone(), kept, limits, over.clone()),
            counts: Counts::default(),
            lanes: Lanes::open(&over)?,
            process,
            settings,
            over,
        })
    }
}

/// The one task that changes the table: first on disk, then live. A disk that fails stops no table; one
/// that is older than the live one changes nothing.
async fn keep_tables(
    ingress: Arc<Ingress>,
    saved: Saved,
    mut inbox: mpsc::Receiver<Order>,
    routed: Condition,
) -> Result<(), Infallible> {
    let stopping = ingress.process.stopping();
    while let Some(Some((table, reply))) = stopping.run_until_cancelled(inbox.recv()).await {
        if let Some(live) = newer_than(&ingress, &table) {
            ingress.counts.stale.up();
            tracing::warn!(stale = %table.seq, live = %live.seq, "a table older than the live one is refused");
            let _ = reply.send(live);
            continue;
        }
        if let Err(error) = saved.save(&table).await {
            ingress.counts.unsaved.up();
            tracing::warn!(%error, "the table could not be saved; a restart begins with an older one");
        }
        let status = ingress.tables.apply(table);
        ingress.counts.tables.up();
        tracing::info!(seq = %status.seq, "a table is live");
        routed.met();
        // Who asked may have gone; the table is live all the same.
        let _ = reply.send(status);
    }
    Ok(())
}

/// What is live, if the table is an older one of the same log. Sequences of two logs say nothing of
/// each other.
fn newer_than(ingress: &Ingress, table: &RouteTable) -> Option<TableStatus> {
    let live = ingress.tables.status()?;
    (live.log == table.log && table.seq < live.seq).then_some(live)
}

async fn sweep(ingress: Arc<Ingress>) -> Result<(), Infallible> {
    let stopping = ingress.process.stopping();
    let mut ticks = ingress.process.every(SWEEP);
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let idle = ingress.settings.replica_idle.0;
        ingress
            .tables
            .prune(Millis(ingress.uptime.now().0.saturating_sub(idle)));
        ingress.counts.tell(&ingress.process.metrics);
    }
    Ok(())
}
