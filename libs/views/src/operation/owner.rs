//! Which operation a fact belongs to, and which documents its steps are counted from.

use gantry_events::{Fact, MachineId, NodeId, OperationId, PoolName};

use crate::{DocKey, Documents, Entry, MachineDoc, NodeDoc, PoolDoc};

/// The operation that a fact is about or belongs to. A machine's belong to its pool's, which waits
/// for them.
pub(crate) fn operation_of(
    entry: &Entry<'_>,
    fact: &Fact,
    known: &Documents,
) -> Option<OperationId> {
    let own = match fact {
        Fact::OperationRefused(d) => Some(d.operation),
        Fact::OperationUnchanged(d) => Some(d.operation),
        Fact::OperationResolving(d) => Some(d.operation),
        Fact::OperationSucceeded(d) => Some(d.operation),
        Fact::OperationFailed(d) => Some(d.operation),
        Fact::OperationSuperseded(d) => Some(d.operation),
        Fact::ReleaseCreated(d) => Some(d.operation),
        Fact::RolloutStarted(d) => Some(d.operation),
        Fact::RolloutAdvanced(d) => Some(d.operation),
        Fact::RolloutFinished(d) => Some(d.operation),
        Fact::RolloutFailed(d) => Some(d.operation),
        Fact::RolloutSuperseded(d) => Some(d.operation),
        Fact::PoolCreated(d) => Some(d.operation),
        Fact::PoolScaled(d) => Some(d.operation),
        Fact::PoolClosing(d) => Some(d.operation),
        Fact::NodeCordoned(d) => Some(d.operation),
        Fact::NodeUncordoned(d) => d.operation,
        Fact::NodeDraining(d) => d.operation,
        Fact::NodeOverdue(d) => of_drain(&d.node, known),
        Fact::NodeDrained(d) => of_drain(&d.node, known),
        Fact::PoolRemoved(d) => of_pool(&d.pool, known),
        Fact::MachineLeaving(d) => of_machine(&d.machine, known),
        Fact::MachineKept(d) => of_machine(&d.machine, known),
        Fact::MachineRemoving(d) => of_machine(&d.machine, known),
        Fact::MachineRemoved(d) => of_machine(&d.machine, known),
        Fact::MachineGone(d) => of_machine(&d.machine, known),
        Fact::MachineRequested(d) => of_pool(&d.pool, known),
        Fact::MachineCreated(d) => of_machine(&d.machine, known),
        Fact::MachineStarted(d) => of_machine(&d.machine, known),
        Fact::MachineReady(d) => of_machine(&d.machine, known),
        Fact::MachineOverdue(d) => of_machine(&d.machine, known),
        Fact::LogBegun(_)
        | Fact::NodeAdmitted(_)
        | Fact::NodeJoined(_)
        | Fact::ServiceConfigured(_)
        | Fact::ServiceScaled(_)
        | Fact::ServiceRemoved(_)
        | Fact::ServiceEnded(_)
        | Fact::ServiceUnplaced(_)
        | Fact::ReplicaPlaced(_)
        | Fact::ReplicaDraining(_)
        | Fact::ReplicaStopping(_)
        | Fact::ReplicaOverdue(_)
        | Fact::ReplicaReady(_)
        | Fact::ReplicaUnready(_)
        | Fact::ReplicaRestarted(_)
        | Fact::ReplicaFailed(_)
        | Fact::ReplicaStopped(_)
        | Fact::NodeSuspected(_)
        | Fact::NodeReturned(_)
        | Fact::NodeLost(_)
        | Fact::ServiceRestarted(_)
        | Fact::ReplicaLost(_)
        | Fact::ReplicaRegained(_)
        | Fact::TableApplied(_) => None,
    };
    own.or(entry.operation)
}

fn of_machine(machine: &MachineId, known: &Documents) -> Option<OperationId> {
    let machine = known.find::<MachineDoc>(&DocKey::machine(machine))?;
    of_pool(&machine.pool, known)
}

fn of_pool(pool: &PoolName, known: &Documents) -> Option<OperationId> {
    let pool = known.find::<PoolDoc>(&DocKey::pool(pool))?;
    Some(pool.operation)
}

/// The operation that waits for a node's drain.
pub(crate) fn of_drain(node: &NodeId, known: &Documents) -> Option<OperationId> {
    known.find::<NodeDoc>(&DocKey::node(node))?.drained_for()
}
