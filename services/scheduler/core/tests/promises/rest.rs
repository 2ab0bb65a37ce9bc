//! Faults cease: nodes and balancers do what is wanted, until the scheduler rests. What is left then?

use gantry_decider::{Core, Deadline};
use gantry_events::*;
use gantry_scheduler_core::{Plan, Replica, SchedulerCore, Service, Standing, State};

use crate::cluster::Cluster;
use crate::scene::secs;

pub fn faults_cease(cluster: &mut Cluster) {
    cluster.recovers();
    for _ in 0..80 {
        cluster.goes_well(2);
        if is_at_rest(cluster) {
            break;
        }
        let end = cluster.scene.stage.now + secs(600);
        cluster.passes_to_next(end);
    }
    every_operation_has_ended(cluster);
    every_slot_that_fits_is_held_by_what_is_good(cluster);
    nothing_else_is_left(cluster);
    the_log_folds_to_the_same(cluster);
}

/// Nothing is waited for but room: a slot that was given up is filled again within a minute.
fn is_at_rest(cluster: &Cluster) -> bool {
    let stage = &cluster.scene.stage;
    let is_room = |wait: &Deadline| {
        wait.waiting_for.ends_with("to be filled") && wait.until > stage.now + secs(60)
    };
    let waits = stage.core.deadlines(&stage.state);
    stage.state.operations.is_empty() && waits.iter().all(is_room)
}

fn every_operation_has_ended(cluster: &Cluster) {
    let open: Vec<_> = cluster.watch().open().collect();
    assert!(open.is_empty(), "these never end: {open:?}");
}

fn every_slot_that_fits_is_held_by_what_is_good(cluster: &Cluster) {
    let state = &cluster.scene.stage.state;
    let slots = cluster.slots();
    for (id, service) in state.projects.values().flat_map(|it| &it.services) {
        let plan = service.plan().unwrap_or_else(|| panic!("{id} never ends"));
        for ordinal in 0..plan.replicas {
            let slot = slots.get(&(id.clone(), ordinal)).into_iter().flatten();
            let slot: Vec<&Replica> = slot.copied().filter(|it| !it.is_failed()).collect();
            let is_good = |it: &&Replica| it.is_ready() && is_good(cluster, (service, plan), it);
            let is_held = matches!(slot[..], [only] if is_good(&only));
            let is_due = match service.standing {
                Standing::Steady => true,
                Standing::Changing { .. } => panic!("{id} still changes"),
                // What was never ready is not tried again.
                Standing::GaveUp => service
                    .slots
                    .get(&ordinal)
                    .is_some_and(|it| it.proven.is_some()),
            };
            assert!(
                is_held || !is_due || !fits(state, plan),
                "slot {ordinal} of {id} ({:?}) is held by {slot:?}",
                service.standing
            );
        }
    }
}

/// Whether the replica is of the newest version that is known to work in its slot.
fn is_good(cluster: &Cluster, (service, plan): (&Service, &Plan), replica: &Replica) -> bool {
    let newest = match service.standing {
        Standing::Steady | Standing::Changing { .. } => Some(&plan.version),
        Standing::GaveUp => service.slots[&replica.slot.ordinal].proven.as_ref(),
    };
    newest.is_some_and(|it| it.runs_same(&replica.version)) && !cluster.is_broken(replica)
}

/// Whether any node could have one more of it. What the file asks of nodes is left to the placement's own
/// scenarios.
fn fits(state: &State, plan: &Plan) -> bool {
    let asks_more = plan.place.per_node.is_some() || !plan.place.require.is_empty();
    let mut replicas = state.projects.values().flat_map(|it| it.replicas.values());
    let (cpu, memory) = replicas
        .find(|it| it.version.runs_same(&plan.version))
        .map_or((MilliCpu(1500), Bytes(1 << 30)), |it| (it.cpu, it.memory));
    let has_room = |node: &NodeId, capacity: Capacity| {
        let here = || {
            state
                .projects
                .values()
                .flat_map(|it| it.replicas.values())
                .filter(|it| it.node == *node)
        };
        let taken: u32 = here().map(|it| it.cpu.0).sum();
        let held: u64 = here().map(|it| it.memory.0).sum();
        taken + cpu.0 <= capacity.cpu.0 && held + memory.0 <= capacity.memory.0
    };
    !asks_more
        && state
            .nodes
            .iter()
            .any(|(id, node)| node.refuses().is_none() && has_room(id, node.capacity))
}

/// Beside what holds a slot only its newest failure is kept, for its logs.
fn nothing_else_is_left(cluster: &Cluster) {
    let state = &cluster.scene.stage.state;
    assert!(state.contents.is_empty() && state.unanswered.is_empty());
    for ((id, ordinal), slot) in cluster.slots() {
        let service = &state.projects[&cluster.scene.project].services[&id];
        let (failed, holding): (Vec<&Replica>, Vec<&Replica>) =
            slot.into_iter().partition(|it| it.is_failed());
        let is_ready = holding.iter().all(|it| it.is_ready());
        assert!(
            is_ready && holding.len() <= 1 && failed.len() <= 1 && ordinal < service.replicas(),
            "slot {ordinal} of {id} has {holding:?} and {failed:?}"
        );
    }
}

/// Folded a second time, and from a snapshot, the log gives the same.
fn the_log_folds_to_the_same(cluster: &Cluster) {
    let stage = &cluster.scene.stage;
    assert!(
        stage.state == cluster.watch().state,
        "a second fold gives another state"
    );
    let half = stage.told.len() / 2;
    let mut state = State::default();
    for (index, told) in stage.told.iter().enumerate() {
        if index == half {
            let text = serde_json::to_string(&state).unwrap();
            state = serde_json::from_str(&text).unwrap();
        }
        told.fold(&SchedulerCore, &mut state);
    }
    assert!(
        state == stage.state,
        "a snapshot and its tail give another state"
    );
}
