//! Bugs of lb-sync.

use gantry_events::RouteTable;
use gantry_lb_sync_core::{LbCore, State};

use super::Flaws;
use crate::bug::Bug;

impl Flaws for LbCore {
    fn flawed_wanted(
        &self,
        bug: Bug,
        state: &State,
        wanted: Option<RouteTable>,
    ) -> Option<RouteTable> {
        if bug != Bug::SilenceEmptiesTable {
            return wanted;
        }
        wanted.map(|table| without_doubted(state, table))
    }
}

/// What runs on doubted nodes is taken out even where nothing else is left.
fn without_doubted(state: &State, mut table: RouteTable) -> RouteTable {
    let services = state
        .projects
        .values()
        .flat_map(|one| one.services.values());
    let doubted: Vec<_> = services
        .flat_map(|service| &service.replicas)
        .filter(|(_, replica)| state.doubted.contains(&replica.node))
        .map(|(id, _)| id)
        .collect();
    for route in table.routes.values_mut() {
        route
            .backends
            .retain(|key, _| !doubted.contains(&&key.replica));
    }
    table
}
