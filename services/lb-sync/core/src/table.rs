//! The state as a route table: one host a service, its domains, at most one replica a slot.

use std::collections::BTreeMap;

use gantry_events::{
    Backend, Draining, HostName, Leads, ProjectName, ReplicaId, ReplicaKey, Route, RouteTable, Seq,
    ServiceName, host_of,
};

use crate::share::Share;
use crate::state::{Claim, State};

/// What a balancer should route; none while the log is unknown.
pub fn table(state: &State) -> Option<RouteTable> {
    let content = content(state);
    Some(RouteTable {
        log: state.log?,
        seq: state.seq,
        routes: content.routes,
        domains: content.domains,
        draining: content.draining,
    })
}

/// What a table says, whatever it rests on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    routes: BTreeMap<String, Route>,
    domains: BTreeMap<HostName, Leads>,
    draining: BTreeMap<ReplicaKey, Draining>,
}

/// What the table says while this is the state.
pub(crate) fn content(state: &State) -> Content {
    let mut content = Content {
        domains: domains(state),
        ..Content::default()
    };
    for (project, found) in &state.projects {
        for (name, service) in &found.services {
            let share = Share::of(service, &state.doubted);
            add(&mut content, (project, name), &share);
        }
    }
    content
}

fn add(table: &mut Content, (project, name): (&ProjectName, &ServiceName), share: &Share) {
    let key = |replica: &ReplicaId| ReplicaKey {
        project: project.clone(),
        replica: replica.clone(),
    };
    if let Some(backends) = &share.backends {
        let backends = backends
            .iter()
            .map(|(replica, address)| (key(replica), Backend { address: *address }));
        let route = Route {
            backends: backends.collect(),
        };
        table.routes.insert(host_of(project, name), route);
    }
    let draining = share
        .draining
        .iter()
        .map(|(replica, drain)| (key(replica), Draining { drain: *drain }));
    table.draining.extend(draining);
}

/// Where each claimed host leads. Of two claims the older holds, and of two made at once that of the
/// first service by name.
fn domains(state: &State) -> BTreeMap<HostName, Leads> {
    let mut held: BTreeMap<&HostName, (Seq, Leads)> = BTreeMap::new();
    for (project, content) in &state.projects {
        for (name, service) in &content.services {
            for (host, claim) in &service.domains {
                if held.get(host).is_none_or(|(since, _)| claim.since < *since) {
                    held.insert(host, (claim.since, leads(claim, || host_of(project, name))));
                }
            }
        }
    }
    let each = held.into_iter();
    each.map(|(host, (_, leads))| (host.clone(), leads))
        .collect()
}

fn leads(claim: &Claim, own: impl FnOnce() -> String) -> Leads {
    match &claim.redirect {
        Some(to) => Leads::Redirect(to.clone()),
        None => Leads::Route(own()),
    }
}
