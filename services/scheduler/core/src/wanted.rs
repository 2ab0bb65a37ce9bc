//! The world as it should be: what each node runs, and which images have to be looked up.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{Digest, NodeId, ReplicaKey, ReplicaPhase, WantedReplica};
use gantry_spec::ContainerSpec;

use crate::Operation;
use crate::observed::Observed;
use crate::replica::{Life, Replica};
use crate::state::State;

/// What the scheduler wants of the world.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// What each node that joined and is not gone should run: nothing, too, is said.
    pub nodes: BTreeMap<NodeId, BTreeMap<ReplicaKey, WantedReplica>>,
    /// Images, as files name them, whose digests are needed.
    pub resolve: BTreeSet<String>,
    /// Container specs that replicas are made from, by digest.
    pub specs: BTreeMap<Digest, ContainerSpec>,
}

pub(crate) fn wanted(state: &State, observed: &Observed) -> Wanted {
    let mut nodes: BTreeMap<NodeId, BTreeMap<ReplicaKey, WantedReplica>> = state
        .nodes
        .keys()
        .map(|node| (node.clone(), BTreeMap::new()))
        .collect();
    for (name, project) in &state.projects {
        for (key, replica) in project.keyed(name) {
            nodes
                .entry(replica.node.clone())
                .or_default()
                .insert(key, as_wanted(replica));
        }
    }
    let specs = state
        .projects
        .values()
        .flat_map(|project| project.specs.clone())
        .collect();
    Wanted {
        nodes,
        resolve: unresolved(state, observed),
        specs,
    }
}

fn as_wanted(replica: &Replica) -> WantedReplica {
    WantedReplica {
        service: replica.slot.service.clone(),
        release: replica.version.release,
        spec: replica.version.spec,
        phase: phase(&replica.life),
    }
}

fn phase(life: &Life) -> ReplicaPhase {
    match life {
        Life::Stopping { grace, .. } => ReplicaPhase::Stop { grace: *grace },
        // One that was given up stays wanted, so that its node keeps its container, and its logs, until
        // another takes its slot; the node never starts it again.
        Life::Placed { .. }
        | Life::Ready { .. }
        | Life::Unready { .. }
        | Life::Draining { .. }
        | Life::Failed => ReplicaPhase::Run,
        // A node that is back too early for anybody to know keeps what it has.
        Life::Lost { was } => phase(was),
    }
}

fn unresolved(state: &State, observed: &Observed) -> BTreeSet<String> {
    let of_operation = |operation: &Operation| match operation {
        Operation::Resolving { images, since, .. } => {
            let open = images
                .iter()
                .filter(|image| !observed.images.is_settled(image, *since));
            open.cloned().collect::<Vec<_>>()
        }
        Operation::Rolling { .. } | Operation::RollingBack { .. } | Operation::Draining { .. } => {
            Vec::new()
        }
    };
    state.operations.values().flat_map(of_operation).collect()
}
