//! Bugs of where the scheduler places replicas, how many, and whom it gives a host.

use gantry_events::{Domain, Event, NodeId, ProjectName, ReplicaId, ReplicaPlaced, Slot};
use gantry_scheduler_core::{Duty, Plan, Service, State};

use crate::bug::Bug;

/// A node that the replica should not be placed on, by the bug.
pub fn wrong_node(bug: Bug, state: &State, placed: &ReplicaPlaced) -> Option<NodeId> {
    let mut nodes = state.nodes.iter();
    let found = match bug {
        Bug::PlaceOnClosed => nodes.find(|(_, node)| is_closed(&node.duty)),
        Bug::IgnoreLabels => {
            let plan = plan(state, placed)?;
            let lacks = |node: &NodeId| {
                let mut required = plan.place.require.iter();
                required.any(|(label, value)| state.label(node, label) != Some(value))
            };
            nodes.find(|(id, node)| node.refuses().is_none() && lacks(id))
        }
        Bug::CrowdANode => {
            let most = plan(state, placed)?.place.per_node?;
            nodes.find(|(id, node)| {
                node.refuses().is_none() && siblings(state, placed, id) >= most as usize
            })
        }
        // foreign: other bugs place where they should
        _ => None,
    };
    found.map(|(id, _)| id.clone())
}

fn is_closed(duty: &Duty) -> bool {
    match duty {
        Duty::Open => false,
        Duty::Cordoned | Duty::Draining { .. } | Duty::Drained => true,
    }
}

fn service<'a>(state: &'a State, placed: &ReplicaPlaced) -> Option<&'a Service> {
    state.service(&placed.project, &placed.slot.service)
}

fn plan<'a>(state: &'a State, placed: &ReplicaPlaced) -> Option<&'a Plan> {
    service(state, placed)?.plan()
}

/// Replicas of the service's other slots on the node.
fn siblings(state: &State, placed: &ReplicaPlaced, node: &NodeId) -> usize {
    let project = state.projects.get(&placed.project);
    let replicas = project
        .into_iter()
        .flat_map(|project| project.replicas.values());
    let there = replicas.filter(|replica| {
        let slot = &replica.slot;
        let is_other = slot.service == placed.slot.service && *slot != placed.slot;
        is_other && replica.node == *node && replica.is_holder()
    });
    there.count()
}

/// The same beside the ready replica of every other slot of a service that changes one after the other.
pub fn others(state: &State, placed: &ReplicaPlaced) -> Vec<Event> {
    let is_one_by_one = |service: &&Service| {
        let policy = service.policy();
        service.operation().is_some() && (policy.surge, policy.unavailable) == (1, 0)
    };
    let changing = service(state, placed).filter(is_one_by_one);
    let (Some(service), Some(project)) = (changing, state.projects.get(&placed.project)) else {
        return Vec::new();
    };
    let old = project.replicas.values().filter(|replica| {
        let slot = &replica.slot;
        let is_other = slot.service == placed.slot.service && *slot != placed.slot;
        is_other && replica.is_ready() && replica.version.spec != placed.spec
    });
    let beside = |slot: &Slot| {
        let epoch = service
            .slots
            .get(&slot.ordinal)
            .map_or(0, |slot| slot.epoch)
            + 1;
        let beside = ReplicaPlaced {
            replica: ReplicaId::of(&placed.project, slot, epoch, 0),
            slot: slot.clone(),
            epoch,
            ..placed.clone()
        };
        Event::from(beside)
    };
    old.map(|replica| beside(&replica.slot)).collect()
}

/// Domains of the other projects' services.
pub fn domains_of_others(state: &State, but: &ProjectName) -> Vec<Domain> {
    let others = state.projects.iter().filter(|(name, _)| *name != but);
    let services = others.flat_map(|(_, project)| project.services.values());
    let plans = services.filter_map(Service::plan);
    plans.flat_map(|plan| plan.domains.clone()).collect()
}
