//! How each fact changes what is routed. The table's sequence moves only when the table does.

use gantry_decider::{Entry, Said};
use gantry_events::{BalancerId, Fact, Seq, TableApplied, Time};

use crate::state::{State, Told};
use crate::table::content;
use crate::{nodes, replicas, services};

/// Folds one entry of the log.
pub(crate) fn fold(state: &mut State, own: &BalancerId, entry: &Entry<'_>) {
    let fact = match &entry.said {
        Said::Fact(fact) => fact,
        Said::Command(_) => return,
    };
    let seq = entry.place.seq;
    let by = replicas::teller(entry.writer);
    match fact {
        Fact::LogBegun(begun) => {
            state.log = Some(begun.log);
            state.seq = seq;
        }
        Fact::ReplicaPlaced(placed) => replicas::place(state, placed),
        Fact::ReplicaReady(ready) => replicas::become_ready(state, seq, by, ready),
        Fact::ReplicaUnready(f) => replicas::fall_ill(state, seq, by, (&f.project, &f.replica)),
        Fact::ReplicaRestarted(f) => replicas::fall_ill(state, seq, by, (&f.project, &f.replica)),
        Fact::ReplicaDraining(draining) => replicas::drain(state, seq, draining),
        Fact::ReplicaOverdue(overdue) => replicas::wait_longer(state, overdue),
        Fact::ReplicaStopping(f) => replicas::forget(state, seq, None, (&f.project, &f.replica)),
        Fact::ReplicaStopped(f) => replicas::forget(state, seq, by, (&f.project, &f.replica)),
        Fact::ReplicaFailed(f) => replicas::forget(state, seq, by, (&f.project, &f.replica)),
        Fact::ServiceEnded(ended) => services::end(state, seq, ended),
        Fact::ReplicaLost(f) => replicas::give_up(state, seq, (&f.project, &f.replica)),
        Fact::ReplicaRegained(f) => replicas::regain(state, seq, (&f.project, &f.replica)),
        Fact::ServiceConfigured(configured) => services::configure(state, seq, configured),
        Fact::ServiceRemoved(removed) => services::remove(state, seq, removed),
        Fact::NodeSuspected(f) => nodes::doubt(state, seq, &f.node),
        Fact::NodeLost(f) => nodes::doubt(state, seq, &f.node),
        Fact::NodeReturned(f) => nodes::trust(state, seq, &f.node),
        Fact::MachineRemoved(f) => nodes::forget(state, seq, &f.node),
        Fact::MachineGone(f) => nodes::forget(state, seq, &f.node),
        Fact::TableApplied(applied) => remember(state, own, entry.time, applied),
        Fact::NodeAdmitted(_)
        | Fact::NodeJoined(_)
        | Fact::OperationRefused(_)
        | Fact::OperationUnchanged(_)
        | Fact::OperationResolving(_)
        | Fact::OperationSucceeded(_)
        | Fact::OperationFailed(_)
        | Fact::OperationSuperseded(_)
        | Fact::ReleaseCreated(_)
        | Fact::RolloutStarted(_)
        | Fact::RolloutFinished(_)
        | Fact::RolloutFailed(_)
        | Fact::RolloutSuperseded(_)
        | Fact::ServiceScaled(_)
        | Fact::ServiceUnplaced(_)
        | Fact::PoolCreated(_)
        | Fact::MachineRequested(_)
        | Fact::MachineCreated(_)
        | Fact::MachineStarted(_)
        | Fact::MachineReady(_)
        | Fact::MachineOverdue(_)
        | Fact::NodeCordoned(_)
        | Fact::NodeUncordoned(_)
        | Fact::NodeDraining(_)
        | Fact::NodeOverdue(_)
        | Fact::NodeDrained(_)
        | Fact::RolloutAdvanced(_)
        | Fact::ServiceRestarted(_)
        | Fact::PoolScaled(_)
        | Fact::PoolClosing(_)
        | Fact::PoolRemoved(_)
        | Fact::MachineLeaving(_)
        | Fact::MachineKept(_)
        | Fact::MachineRemoving(_) => {}
    }
}

fn remember(state: &mut State, own: &BalancerId, at: Time, said: &TableApplied) {
    if said.balancer == *own {
        state.told = Some(Told {
            at,
            said: said.clone(),
        });
    }
}

/// Changes anything, and moves the table's sequence if the table has changed. Compares all of it, so it
/// is for facts that are rare or touch many services.
pub(crate) fn change(state: &mut State, seq: Seq, step: impl FnOnce(&mut State)) {
    let before = content(state);
    step(state);
    if content(state) != before {
        state.seq = seq;
    }
}
