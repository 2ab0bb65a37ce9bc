//! The live table: swapped in whole, read without a lock, and what its draining replicas still hold.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::ArcSwapOption;
use gantry_events::{HostName, Millis, ReplicaKey, RouteTable, TableStatus};
use gantry_runtime::Process;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::doubt::Limits;
use crate::drains::Drains;
use crate::hosts::{Host, Hosts};
use crate::pool::Pool;
use crate::replica::{Flight, Replica};
use crate::trouble::Trouble;

/// A table with the replicas it names.
#[derive(Debug)]
struct Live {
    table: RouteTable,
    hosts: Hosts,
    /// Those routed, each once, and those of earlier tables that still hold requests.
    replicas: Vec<Arc<Replica>>,
}

/// What becomes of a request for a host.
#[derive(Debug)]
pub(crate) enum Chosen {
    /// It is put on a replica.
    Flight(Flight),
    /// It is sent on to another host.
    Redirect(HostName),
    /// Every replica was tried.
    Exhausted,
}

/// The live table, if there is one.
#[derive(Debug)]
pub(crate) struct Tables {
    live: ArcSwapOption<Live>,
    drains: Arc<Mutex<Drains>>,
    changed: watch::Sender<()>,
    process: Process,
    kept: usize,
    limits: Limits,
    cut: CancellationToken,
}

impl Tables {
    /// No table yet. Keeps so many connections for each replica; `cut` cuts all of them.
    pub(crate) fn new(
        process: Process,
        kept: usize,
        limits: Limits,
        cut: CancellationToken,
    ) -> Self {
        let (changed, _) = watch::channel(());
        Self {
            live: ArcSwapOption::empty(),
            drains: Arc::default(),
            changed,
            process,
            kept,
            limits,
            cut,
        }
    }

    /// Puts a request for a host on a replica that was not tried yet.
    pub(crate) fn choose(
        &self,
        host: &str,
        tried: &[Arc<Replica>],
        now: Millis,
    ) -> Result<Chosen, Trouble> {
        // A replica that leaves does so after the swap: its refusal means that there is a newer table.
        loop {
            let live = self.live.load();
            let live = live.as_ref().ok_or(Trouble::NoTable)?;
            let backends = match live.hosts.get(host) {
                Some(Host::Route(backends)) => backends,
                Some(Host::Redirect(to)) => return Ok(Chosen::Redirect(to.clone())),
                None => return Err(Trouble::UnknownHost(host.to_owned())),
            };
            match backends.choose(tried, now) {
                None if tried.is_empty() => return Err(Trouble::NoBackend),
                None => return Ok(Chosen::Exhausted),
                Some(replica) => {
                    if let Some(flight) = Flight::begin(replica) {
                        return Ok(Chosen::Flight(flight));
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
        let routed: BTreeSet<*const Replica> = live.hosts.replicas().map(Arc::as_ptr).collect();
        live.hosts.replicas().for_each(|replica| replica.stay());
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
        let hosts = Hosts::of(&table, |key, address| self.replica(key, address, known));
        let mut routed = BTreeSet::new();
        let once = hosts
            .replicas()
            .filter(|replica| routed.insert(Arc::as_ptr(replica)));
        let mut replicas: Vec<Arc<Replica>> = once.cloned().collect();
        // One that is routed until the swap may be given a request until then, so it is not looked at yet.
        let holding = known
            .iter()
            .filter(|r| !routed.contains(&Arc::as_ptr(r)) && r.may_hold());
        replicas.extend(holding.cloned());
        Live {
            table,
            hosts,
            replicas,
        }
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
                (key.clone(), address),
                Pool::new(self.kept),
                self.limits,
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
mod tests;
