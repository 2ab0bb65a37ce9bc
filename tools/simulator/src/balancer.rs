//! `Balancer`: a simulated ingress. It keeps its table when nobody speaks to it.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{ReplicaKey, RouteTable, TableStatus, Time};
use gantry_lb_sync_core::{LbCore, Live, Reading};

use crate::chance::Chance;
use crate::faults::Faults;
use crate::service::Service;

/// The data plane, and the lb-sync that drives it.
pub struct Balancer {
    /// The driver.
    pub sync: Service<LbCore>,
    table: Option<RouteTable>,
    /// Since when each draining replica was first seen draining.
    draining: BTreeMap<ReplicaKey, Time>,
    busy: BTreeSet<ReplicaKey>,
}

impl Balancer {
    /// A balancer without a table.
    pub fn new(sync: Service<LbCore>) -> Self {
        Self {
            sync,
            table: None,
            draining: BTreeMap::new(),
            busy: BTreeSet::new(),
        }
    }

    /// The live table.
    pub fn table(&self) -> Option<&RouteTable> {
        self.table.as_ref()
    }

    /// lb-sync speaks to the balancer: applies what it wants, reads what is live. Either may be lost.
    pub fn speak(&mut self, now: Time, faults: &Faults, chance: &mut Chance) {
        let Some(wanted) = self.sync.live().and_then(|engine| engine.wanted(now)) else {
            return;
        };
        if chance.percent(faults.silence) {
            self.sync.read(Reading::Silent, now);
            return;
        }
        if self.table.as_ref() != Some(&wanted) {
            self.apply(wanted.clone(), now, chance);
        }
        if chance.percent(faults.silence) {
            self.sync.read(Reading::Silent, now);
            return;
        }
        let status = self.status(&wanted, now);
        let reading = Live::of(&wanted, &status).map_or(Reading::Silent, Reading::Live);
        self.sync.read(reading, now);
    }

    /// Some requests in flight end.
    pub fn finish_requests(&mut self, chance: &mut Chance) {
        self.busy.retain(|_| chance.percent(50));
    }

    fn apply(&mut self, table: RouteTable, now: Time, chance: &mut Chance) {
        self.draining
            .retain(|replica, _| table.draining.contains_key(replica));
        for replica in table.draining.keys() {
            self.draining.entry(replica.clone()).or_insert_with(|| {
                if chance.percent(50) {
                    self.busy.insert(replica.clone());
                }
                now
            });
        }
        self.table = Some(table);
    }

    fn status(&self, table: &RouteTable, now: Time) -> TableStatus {
        let over = |replica: &ReplicaKey| {
            let drain = table.draining.get(replica).map(|draining| draining.drain);
            let since = self.draining.get(replica);
            since
                .zip(drain)
                .is_some_and(|(since, drain)| *since + drain <= now)
        };
        let free = |replica: &&ReplicaKey| !self.busy.contains(replica) || over(replica);
        TableStatus {
            log: table.log,
            seq: table.seq,
            released: table.draining.keys().filter(free).cloned().collect(),
            in_flight: self
                .busy
                .iter()
                .map(|replica| (replica.clone(), 1))
                .collect(),
        }
    }
}
