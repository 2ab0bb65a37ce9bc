//! `Balancer`: a simulated ingress. It keeps its table when nobody speaks to it, and when it is killed.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{BalancerId, ReplicaKey, RouteTable, TableStatus, Time};
use gantry_lb_sync_core::{LbCore, Live, Reading};

use crate::bug::Bug;
use crate::chance::Chance;
use crate::faults::Faults;
use crate::planted::Planted;
use crate::service::Service;

/// The data plane, and the lb-sync that drives it.
pub struct Balancer {
    /// Its id.
    pub id: BalancerId,
    /// The driver.
    pub sync: Service<Planted<LbCore>>,
    /// When it was last heard by the control plane.
    pub heard: Time,
    /// When it was heard again after so long a silence that nobody waited for it any more.
    pub returned: Time,
    bug: Option<Bug>,
    table: Option<RouteTable>,
    /// Since when each draining replica was first seen draining.
    draining: BTreeMap<ReplicaKey, Time>,
    busy: BTreeSet<ReplicaKey>,
}

impl Balancer {
    /// A balancer without a table.
    pub fn new(id: BalancerId, sync: Service<Planted<LbCore>>, bug: Option<Bug>) -> Self {
        Self {
            id,
            sync,
            heard: Time::default(),
            returned: Time::default(),
            bug,
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
        self.busy.retain(|_| chance.percent(85));
    }

    /// SIGKILL of the ingress: requests in flight are lost with it, and its saved table is the live one
    /// again. How long anything has drained is not known any more.
    pub fn end_ingress(&mut self) {
        self.busy.clear();
        self.draining.clear();
    }

    /// Whether requests may still come to a replica, or are on it.
    pub fn holds(&self, replica: &ReplicaKey) -> bool {
        self.routes(replica) || self.busy.contains(replica)
    }

    fn routes(&self, replica: &ReplicaKey) -> bool {
        let tables = self.table.iter();
        let mut routes = tables.flat_map(|table| table.routes.values());
        routes.any(|route| route.backends.contains_key(replica))
    }

    fn apply(&mut self, table: RouteTable, now: Time, chance: &mut Chance) {
        self.draining
            .retain(|replica, _| table.draining.contains_key(replica));
        for replica in table.draining.keys() {
            let had_requests = self.routes(replica) && chance.percent(50);
            if !self.draining.contains_key(replica) && had_requests {
                self.busy.insert(replica.clone());
            }
            self.draining.entry(replica.clone()).or_insert(now);
        }
        self.table = Some(table);
    }

    fn status(&mut self, table: &RouteTable, now: Time) -> TableStatus {
        for (replica, draining) in &table.draining {
            // One that was killed begins to count anew what it finds draining in its saved table.
            let since = *self.draining.entry(replica.clone()).or_insert(now);
            if since + draining.drain <= now {
                self.busy.remove(replica);
            }
        }
        let lets_go = |replica: &&ReplicaKey| {
            !self.busy.contains(*replica) || self.bug == Some(Bug::ReleaseBusy)
        };
        TableStatus {
            log: table.log,
            seq: table.seq,
            released: table.draining.keys().filter(lets_go).cloned().collect(),
            in_flight: self
                .busy
                .iter()
                .map(|replica| (replica.clone(), 1))
                .collect(),
        }
    }
}
