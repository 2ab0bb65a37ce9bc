//! The live table: swapped in whole, read without a lock, and what its draining replicas still hold.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::ArcSwapOption;
use gantry_events::{Millis, ReplicaKey, RouteTable, TableStatus};
use gantry_runtime::Process;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::choose::{Load, choose};
use crate::drains::Drains;
use crate::pool::Pool;
use crate::replica::{Flight, Replica};
use crate::trouble::Trouble;

/// A table with the replicas it names.
#[derive(Debug)]
struct Live {
    table: RouteTable,
    hosts: BTreeMap<String, Host>,
    /// Those routed, and those of earlier tables that still hold requests.
    replicas: Vec<Arc<Replica>>,
}

#[derive(Debug)]
struct Host {
    replicas: Vec<Arc<Replica>>,
    turn: AtomicUsize,
}

/// The live table, if there is one.
#[derive(Debug)]
pub(crate) struct Tables {
    live: ArcSwapOption<Live>,
    drains: Arc<Mutex<Drains>>,
    changed: watch::Sender<()>,
    process: Process,
    kept: usize,
    cut: CancellationToken,
}

impl Tables {
    /// No table yet. Keeps so many connections for each replica; `cut` cuts all of them.
    pub(crate) fn new(process: Process, kept: usize, cut: CancellationToken) -> Self {
        let (changed, _) = watch::channel(());
        Self {
            live: ArcSwapOption::empty(),
            drains: Arc::default(),
            changed,
            process,
            kept,
            cut,
        }
    }

    /// Puts a request for a host on a replica; none when all were tried.
    pub(crate) fn choose(
        &self,
        host: &str,
        tried: &[Arc<Replica>],
        now: Millis,
    ) -> Result<Option<Flight>, Trouble> {
        // A replica that leaves does so after the swap: its refusal means that there is a newer table.
        loop {
            let live = self.live.load();
            let live = live.as_ref().ok_or(Trouble::NoTable)?;
            let host = live
                .hosts
                .get(host)
                .ok_or_else(|| Trouble::UnknownHost(host.to_owned()))?;
            match host.choose(tried, now) {
                None if tried.is_empty() => return Err(Trouble::NoBackend),
                None => return Ok(None),
                Some(replica) => {
                    if let Some(flight) = Flight::begin(replica) {
                        return Ok(Some(flight));
                    }
                }
            }
        }
    }

    /// Makes a table the live one.
    pub(crate) fn apply(&self, table: RouteTable) -> TableStatus {
        let mut drains = self.drains();
        let before = self.live.load_full();
        let known = before.as_ref().map_or(&[][..], |live| &live.replicas);
        let live = Arc::new(self.build(table, known));
        let routed: BTreeSet<*const Replica> = live.routed().map(Arc::as_ptr).collect();
        live.routed().for_each(|replica| replica.stay());
        self.live.store(Some(live.clone()));
        for replica in known
            .iter()
            .filter(|replica| !routed.contains(&Arc::as_ptr(replica)))
        {
            replica.leave();
        }
        for (key, draining, stop) in drains.follow(&live.table.draining) {
            let holding: Vec<Arc<Replica>> = live
                .replicas
                .iter()
                .filter(|r| r.key == key)
                .cloned()
                .collect();
            if holding.iter().all(|replica| replica.in_flight() == 0) {
                drains.release(&key, &stop);
            } else {
                self.watch_drain(key, draining.drain, stop, holding);
            }
        }
        self.changed.send_replace(());
        status_of(&live, &drains)
    }

    /// What is live; none before the first table.
    pub(crate) fn status(&self) -> Option<TableStatus> {
        let drains = self.drains();
        self.live
            .load()
            .as_ref()
            .map(|live| status_of(live, &drains))
    }

    /// Told whenever the status may have changed in more than its counts.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Closes connections that have been idle since before `oldest`.
    pub(crate) fn prune(&self, oldest: Millis) {
        if let Some(live) = self.live.load().as_ref() {
            live.replicas
                .iter()
                .for_each(|replica| replica.pool.prune(oldest));
        }
    }

    fn drains(&self) -> MutexGuard<'_, Drains> {
        self.drains
            .lock()
            .expect("nobody panics while holding the drains")
    }

    fn build(&self, table: RouteTable, known: &[Arc<Replica>]) -> Live {
        let mut hosts = BTreeMap::new();
        for (host, route) in &table.routes {
            let backends = route.backends.iter();
            let replicas = backends
                .map(|(key, backend)| self.replica(key, backend.address, known))
                .collect();
            hosts.insert(
                host.clone(),
                Host {
                    replicas,
                    turn: AtomicUsize::new(0),
                },
            );
        }
        let mut live = Live {
            table,
            hosts,
            replicas: Vec::new(),
        };
        let mut replicas: Vec<Arc<Replica>> = live.routed().cloned().collect();
        let routed: BTreeSet<*const Replica> = replicas.iter().map(Arc::as_ptr).collect();
        // One that is routed until the swap may be given a request until then, so it is not looked at yet.
        let holding = known
            .iter()
            .filter(|r| !routed.contains(&Arc::as_ptr(r)) && r.may_hold());
        replicas.extend(holding.cloned());
        live.replicas = replicas;
        live
    }

    /// The replica as it is known, or a new one: another address is another process, and what was cut
    /// stays cut.
    fn replica(
        &self,
        key: &ReplicaKey,
        address: SocketAddr,
        known: &[Arc<Replica>],
    ) -> Arc<Replica> {
        let same =
            |r: &&Arc<Replica>| r.key == *key && r.address == address && !r.cut.is_cancelled();
        let new = || {
            Arc::new(Replica::new(
                key.clone(),
                address,
                Pool::new(self.kept),
                self.cut.child_token(),
            ))
        };
        known.iter().find(same).cloned().unwrap_or_else(new)
    }

    /// Releases a draining replica once no request is in flight on it, or cuts those when its time is over.
    fn watch_drain(
        &self,
        key: ReplicaKey,
        time: Millis,
        stop: CancellationToken,
        holding: Vec<Arc<Replica>>,
    ) {
        let (drains, changed) = (self.drains.clone(), self.changed.clone());
        let (stopping, process) = (self.process.stopping(), self.process.clone());
        self.process.spawn("drain", async move {
            let emptied = async {
                for replica in &holding {
                    replica.empty().await;
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Ok::<(), Infallible>(()),
                () = stopping.cancelled() => return Ok(()),
                () = emptied => {}
                () = process.sleep(time) => {
                    tracing::warn!(%key, %time, "requests were still in flight when the drain time was over; their connections are cut");
                    holding.iter().for_each(|replica| replica.cut.cancel());
                }
            }
            drains.lock().expect("nobody panics while holding the drains").release(&key, &stop);
            changed.send_replace(());
            Ok(())
        });
    }
}

impl Live {
    fn routed(&self) -> impl Iterator<Item = &Arc<Replica>> {
        self.hosts.values().flat_map(|host| host.replicas.iter())
    }
}

impl Host {
    fn choose(&self, tried: &[Arc<Replica>], now: Millis) -> Option<&Arc<Replica>> {
        let untried =
            |replica: &&Arc<Replica>| !tried.iter().any(|other| Arc::ptr_eq(other, replica));
        let candidates: Vec<&Arc<Replica>> = self.replicas.iter().filter(untried).collect();
        let loads: Vec<Load> = candidates.iter().map(|replica| replica.load(now)).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        choose(&loads, turn).map(|index| candidates[index])
    }
}

fn status_of(live: &Live, drains: &Drains) -> TableStatus {
    let mut in_flight = BTreeMap::new();
    for replica in &live.replicas {
        let requests = replica.in_flight();
        if requests > 0 {
            *in_flight.entry(replica.key.clone()).or_default() += requests;
        }
    }
    TableStatus {
        log: live.table.log,
        seq: live.table.seq,
        released: drains.released(),
        in_flight,
    }
}

#[cfg(test)]
mod tests {
    use gantry_events::{Backend, Draining, LogId, Route, Seq};

    use super::*;

    const HOST: &str = "web.shop.localhost";

    fn tables() -> Tables {
        let (process, _) = Process::start();
        Tables::new(process, 1, CancellationToken::new())
    }

    fn key() -> ReplicaKey {
        "shop/web-a".parse().unwrap()
    }

    fn table(seq: u64, routed: bool, drains: bool) -> RouteTable {
        let backend = Backend {
            address: ([127, 0, 0, 1], 1).into(),
        };
        let backends = routed.then(|| (key(), backend)).into_iter().collect();
        let draining = drains
            .then(|| {
                (
                    key(),
                    Draining {
                        drain: Millis(60_000),
                    },
                )
            })
            .into_iter()
            .collect();
        let log = LogId("00000000-0000-0000-0000-000000000007".parse().unwrap());
        RouteTable {
            log,
            seq: Seq(seq),
            routes: [(HOST.to_owned(), Route { backends })].into(),
            draining,
        }
    }

    fn begin(tables: &Tables) -> Option<Flight> {
        tables.choose(HOST, &[], Millis(0)).ok().flatten()
    }

    #[tokio::test]
    async fn a_request_that_began_on_the_table_before_the_last_still_holds_its_replica() {
        let tables = tables();
        tables.apply(table(1, true, false));
        let flight = begin(&tables).unwrap();
        tables.apply(table(2, false, false));
        assert!(begin(&tables).is_none());
        let status = tables.apply(table(3, false, true));
        assert_eq!(
            (status.released, status.in_flight),
            ([].into(), [(key(), 1)].into())
        );
        let mut changes = tables.changes();
        drop(flight);
        changes.changed().await.unwrap();
        assert_eq!(tables.status().unwrap().released, [key()].into());
    }

    #[tokio::test]
    async fn a_request_placed_while_a_table_is_being_built_is_not_overlooked() {
        let tables = tables();
        tables.apply(table(1, true, false));
        let known = tables.live.load_full().unwrap().replicas.clone();
        let built = tables.build(table(2, false, true), &known);
        let _flight = begin(&tables).unwrap();
        assert!(
            built
                .replicas
                .iter()
                .any(|replica| replica.in_flight() == 1)
        );
    }
}
