//! Where each host of a table leads: to the replicas of a route, or away.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gantry_events::{HostName, Leads, Millis, ReplicaKey, RouteTable};

use crate::choose::choose;
use crate::replica::Replica;

/// The hosts of one table.
#[derive(Debug)]
pub(crate) struct Hosts(BTreeMap<String, Host>);

/// Where one host leads.
#[derive(Clone, Debug)]
pub(crate) enum Host {
    /// To replicas.
    Route(Arc<Backends>),
    /// Away, to another host.
    Redirect(HostName),
}

/// The replicas of a route. Hosts that lead to one route share it, and take turns together.
#[derive(Debug)]
pub(crate) struct Backends {
    replicas: Vec<Arc<Replica>>,
    turn: AtomicUsize,
}

impl Hosts {
    /// The hosts of a table, whose replicas `replica` gives. A domain without its route is left out, one
    /// that is a route's own host is that route's.
    pub(crate) fn of(
        table: &RouteTable,
        replica: impl Fn(&ReplicaKey, SocketAddr) -> Arc<Replica>,
    ) -> Self {
        let mut hosts = BTreeMap::new();
        for (host, route) in &table.routes {
            let each = route.backends.iter();
            let backends = Backends {
                replicas: each
                    .map(|(key, backend)| replica(key, backend.address))
                    .collect(),
                turn: AtomicUsize::new(0),
            };
            hosts.insert(host.clone(), Host::Route(Arc::new(backends)));
        }
        for (domain, leads) in &table.domains {
            let leads = match leads {
                Leads::Redirect(to) => Some(Host::Redirect(to.clone())),
                Leads::Route(host) => hosts.get(host).cloned(),
            };
            if let Some(leads) = leads {
                hosts.entry(domain.as_str().to_owned()).or_insert(leads);
            }
        }
        Self(hosts)
    }

    /// Where a host leads, if it is known.
    pub(crate) fn get(&self, host: &str) -> Option<&Host> {
        self.0.get(host)
    }

    /// All replicas that are routed to; one that several hosts lead to is named as often.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = &Arc<Replica>> {
        let routes = self.0.values().filter_map(|host| match host {
            Host::Route(backends) => Some(backends),
            Host::Redirect(_) => None,
        });
        routes.flat_map(|backends| &backends.replicas)
    }
}

impl Backends {
    /// The replica for the next request, beside those tried already.
    pub(crate) fn choose(&self, tried: &[Arc<Replica>], now: Millis) -> Option<&Arc<Replica>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        choose(&self.replicas, turn, |replica| {
            let is_tried = tried.iter().any(|other| Arc::ptr_eq(other, replica));
            (!is_tried).then(|| replica.load(now))
        })
    }
}
