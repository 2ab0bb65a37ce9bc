//! One entry of the log, and what it makes of the documents it touches.

use gantry_events::{Fact, MachineId, ProjectName, ReplicaId};

use crate::operation::fold::{self as operation, operation_of};
use crate::replica::fold as replica;
use crate::{DocKey, Documents, Entry, MachineDoc, ReplicaDoc, Said};
use crate::{balancer, machine, node, pool, project, release, service};

/// Names every document that the entry changes or rests on. Some follow from others (a machine names
/// its pool): load what is named and `known` lacks, and ask again until nothing new comes.
pub fn touched(entry: &Entry<'_>, known: &Documents) -> Vec<DocKey> {
    match &entry.said {
        Said::Command(command) => vec![DocKey::operation(command.operation)],
        Said::Fact(fact) => {
            let mut keys = subjects(fact, known);
            keys.extend(operation_of(entry, fact, known).map(DocKey::operation));
            keys
        }
    }
}

/// Folds one entry into the documents that [`touched`] names. The same entries in the same order give
/// the same documents; an entry about something that is not there, or by a writer who may not speak
/// for it, changes nothing.
pub fn fold(entry: &Entry<'_>, documents: &mut Documents) {
    match &entry.said {
        Said::Command(command) => operation::accept(entry, command, documents),
        Said::Fact(fact) => {
            operation::follow(entry, fact, documents);
            fold_fact(entry, fact, documents);
        }
    }
}

fn subjects(fact: &Fact, known: &Documents) -> Vec<DocKey> {
    match fact {
        Fact::LogBegun(_)
        | Fact::OperationRefused(_)
        | Fact::OperationUnchanged(_)
        | Fact::OperationResolving(_)
        | Fact::OperationSucceeded(_)
        | Fact::OperationFailed(_)
        | Fact::OperationSuperseded(_)
        | Fact::NodeSuspected(_)
        | Fact::NodeReturned(_)
        | Fact::NodeLost(_)
        | Fact::NodeCordoned(_)
        | Fact::NodeUncordoned(_)
        | Fact::NodeDraining(_)
        | Fact::NodeOverdue(_)
        | Fact::NodeDrained(_)
        | Fact::RolloutAdvanced(_)
        | Fact::ServiceRestarted(_)
        | Fact::ReplicaLost(_)
        | Fact::ReplicaRegained(_)
        | Fact::PoolScaled(_)
        | Fact::PoolClosing(_)
        | Fact::PoolRemoved(_)
        | Fact::MachineLeaving(_)
        | Fact::MachineKept(_)
        | Fact::MachineRemoving(_)
        | Fact::MachineRemoved(_)
        | Fact::MachineGone(_) => Vec::new(),
        Fact::NodeAdmitted(d) => vec![DocKey::node(&d.node), DocKey::machine(&d.machine)],
        Fact::NodeJoined(d) => vec![DocKey::node(&d.node)],
        Fact::ReleaseCreated(d) => vec![
            DocKey::project(&d.project),
            DocKey::release(&d.project, d.release),
        ],
        Fact::RolloutStarted(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutFinished(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutFailed(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutSuperseded(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ServiceConfigured(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ServiceScaled(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ServiceRemoved(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ServiceEnded(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ServiceUnplaced(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ReplicaPlaced(d) => vec![
            DocKey::replica(&d.project, &d.replica),
            DocKey::service(&d.project, &d.slot.service),
            DocKey::node(&d.node),
        ],
        Fact::ReplicaDraining(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaStopping(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaOverdue(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaReady(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaUnready(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaRestarted(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaFailed(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaStopped(d) => of_replica(&d.project, &d.replica, known),
        Fact::PoolCreated(d) => vec![DocKey::pool(&d.pool)],
        Fact::MachineRequested(d) => vec![
            DocKey::machine(&d.machine),
            DocKey::node(&d.node),
            DocKey::pool(&d.pool),
        ],
        Fact::MachineCreated(d) => of_machine(&d.machine, known),
        Fact::MachineStarted(d) => of_machine(&d.machine, known),
        Fact::MachineReady(d) => of_machine(&d.machine, known),
        Fact::MachineOverdue(d) => of_machine(&d.machine, known),
        Fact::TableApplied(d) => vec![DocKey::balancer(&d.balancer)],
    }
}

fn of_replica(project: &ProjectName, replica: &ReplicaId, known: &Documents) -> Vec<DocKey> {
    let mut keys = vec![DocKey::replica(project, replica)];
    if let Some(doc) = known.find::<ReplicaDoc>(&keys[0]) {
        keys.push(DocKey::service(project, &doc.service));
        keys.push(DocKey::node(&doc.node));
    }
    keys
}

fn of_machine(machine: &MachineId, known: &Documents) -> Vec<DocKey> {
    let mut keys = vec![DocKey::machine(machine)];
    if let Some(doc) = known.find::<MachineDoc>(&keys[0]) {
        keys.push(DocKey::node(&doc.node));
        keys.push(DocKey::pool(&doc.pool));
    }
    keys
}

fn fold_fact(entry: &Entry<'_>, fact: &Fact, documents: &mut Documents) {
    match fact {
        Fact::LogBegun(_)
        | Fact::OperationRefused(_)
        | Fact::OperationUnchanged(_)
        | Fact::OperationResolving(_)
        | Fact::OperationSucceeded(_)
        | Fact::OperationFailed(_)
        | Fact::OperationSuperseded(_)
        | Fact::NodeSuspected(_)
        | Fact::NodeReturned(_)
        | Fact::NodeLost(_)
        | Fact::NodeCordoned(_)
        | Fact::NodeUncordoned(_)
        | Fact::NodeDraining(_)
        | Fact::NodeOverdue(_)
        | Fact::NodeDrained(_)
        | Fact::RolloutAdvanced(_)
        | Fact::ServiceRestarted(_)
        | Fact::ReplicaLost(_)
        | Fact::ReplicaRegained(_)
        | Fact::PoolScaled(_)
        | Fact::PoolClosing(_)
        | Fact::PoolRemoved(_)
        | Fact::MachineLeaving(_)
        | Fact::MachineKept(_)
        | Fact::MachineRemoving(_)
        | Fact::MachineRemoved(_)
        | Fact::MachineGone(_)
        // What comes after is said by the newer rollout's start.
        | Fact::RolloutSuperseded(_) => {}
        Fact::NodeAdmitted(d) => node::admitted(entry, d, documents),
        Fact::NodeJoined(d) => node::joined(entry, d, documents),
        Fact::ReleaseCreated(d) => {
            release::created(entry, d, documents);
            project::released(entry, d, documents);
        }
        Fact::RolloutStarted(d) => service::rollout_started(entry, d, documents),
        Fact::RolloutFinished(d) => service::rollout_finished(entry, d, documents),
        Fact::RolloutFailed(d) => service::rollout_failed(entry, d, documents),
        Fact::ServiceConfigured(d) => service::configured(entry, d, documents),
        Fact::ServiceScaled(d) => service::scaled(entry, d, documents),
        Fact::ServiceRemoved(d) => service::removed(entry, d, documents),
        Fact::ServiceEnded(d) => service::ended(entry, d, documents),
        Fact::ServiceUnplaced(d) => service::unplaced(d, documents),
        Fact::ReplicaPlaced(d) => replica::placed(entry, d, documents),
        Fact::ReplicaDraining(d) => replica::draining(entry, d, documents),
        Fact::ReplicaStopping(d) => replica::stopping(entry, d, documents),
        Fact::ReplicaOverdue(d) => replica::overdue(d, documents),
        Fact::ReplicaReady(d) => replica::ready(entry, d, documents),
        Fact::ReplicaUnready(d) => replica::unready(entry, d, documents),
        Fact::ReplicaRestarted(d) => replica::restarted(entry, d, documents),
        Fact::ReplicaFailed(d) => replica::failed(entry, d, documents),
        Fact::ReplicaStopped(d) => replica::stopped(entry, d, documents),
        Fact::PoolCreated(d) => pool::created(entry, d, documents),
        Fact::MachineRequested(d) => machine::requested(entry, d, documents),
        Fact::MachineCreated(d) => machine::created(entry, d, documents),
        Fact::MachineStarted(d) => machine::started(entry, d, documents),
        Fact::MachineReady(d) => machine::ready(entry, d, documents),
        Fact::MachineOverdue(d) => machine::overdue(entry, d, documents),
        Fact::TableApplied(d) => balancer::applied(entry, d, documents),
    }
}
