//! One entry of the log, and what it makes of the documents it touches.

use gantry_events::{Fact, MachineId, ProjectName, ReplicaId, ServiceName};

use crate::node::fold as node;
use crate::operation::fold as operation;
use crate::operation::owner::{of_drain, operation_of};
use crate::release::fold as release;
use crate::replica::fold as replica;
use crate::service::fold as service;
use crate::{DocKey, Documents, Entry, MachineDoc, ProjectDoc, ReplicaDoc, Said};
use crate::{balancer, machine, pool, project};

/// Names every document that the entry changes or rests on. Some follow from others (a machine names
/// its pool): load what is named and `known` lacks, and ask again until nothing new comes.
pub fn touched(entry: &Entry<'_>, known: &Documents) -> Vec<DocKey> {
    match &entry.said {
        Said::Command(command) => vec![DocKey::operation(command.operation)],
        Said::Fact(fact) => {
            let mut keys = subjects(fact, known);
            if let Some(operation) = operation_of(entry, fact, known) {
                keys.push(DocKey::operation(operation));
                if changes_releases(fact) {
                    keys.extend(release::of_operation(operation, known));
                }
            }
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
            fold_fact(entry, fact, documents);
            operation::follow(entry, fact, documents);
        }
    }
}

/// Whether it says what becomes of a release.
fn changes_releases(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::ReleaseCreated(_)
            | Fact::RolloutFailed(_)
            | Fact::OperationSucceeded(_)
            | Fact::OperationFailed(_)
            | Fact::OperationSuperseded(_)
    )
}

fn subjects(fact: &Fact, known: &Documents) -> Vec<DocKey> {
    match fact {
        Fact::LogBegun(_)
        | Fact::OperationRefused(_)
        | Fact::OperationUnchanged(_)
        | Fact::OperationResolving(_)
        | Fact::OperationSucceeded(_)
        | Fact::OperationFailed(_) => Vec::new(),
        Fact::OperationSuperseded(d) => vec![DocKey::operation(d.by)],
        Fact::NodeAdmitted(d) => vec![DocKey::node(&d.node), DocKey::machine(&d.machine)],
        Fact::NodeJoined(d) => vec![DocKey::node(&d.node)],
        Fact::NodeSuspected(d) => vec![DocKey::node(&d.node)],
        Fact::NodeReturned(d) => vec![DocKey::node(&d.node)],
        Fact::NodeLost(d) => vec![DocKey::node(&d.node)],
        Fact::NodeCordoned(d) => vec![DocKey::node(&d.node)],
        Fact::NodeUncordoned(d) => {
            let services = d.unplaced.iter();
            let services = services.map(|key| DocKey::service(&key.project, &key.service));
            services.chain([DocKey::node(&d.node)]).collect()
        }
        Fact::NodeDraining(d) => vec![DocKey::node(&d.node)],
        Fact::NodeOverdue(d) => vec![DocKey::node(&d.node)],
        Fact::NodeDrained(d) => vec![DocKey::node(&d.node)],
        Fact::ReleaseCreated(d) => {
            let project = DocKey::project(&d.project);
            let last = known.find::<ProjectDoc>(&project).map(|doc| doc.release);
            let releases = [Some(d.release), last].into_iter().flatten();
            let releases = releases.map(|number| DocKey::release(&d.project, number));
            releases.chain([project.clone()]).collect()
        }
        Fact::RolloutStarted(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutAdvanced(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutFinished(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutFailed(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::RolloutSuperseded(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ServiceConfigured(d) => of_service(&d.project, &d.service),
        Fact::ServiceRestarted(d) => of_service(&d.project, &d.service),
        Fact::ServiceScaled(d) => of_service(&d.project, &d.service),
        Fact::ServiceRemoved(d) => of_service(&d.project, &d.service),
        Fact::ServiceEnded(d) => of_service(&d.project, &d.service),
        Fact::ServiceUnplaced(d) => vec![DocKey::service(&d.project, &d.service)],
        Fact::ReplicaPlaced(d) => {
            let mut keys = vec![
                DocKey::replica(&d.project, &d.replica),
                DocKey::service(&d.project, &d.slot.service),
                DocKey::node(&d.node),
            ];
            keys.extend(of_drain(&d.node, known).map(DocKey::operation));
            keys
        }
        Fact::ReplicaDraining(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaStopping(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaOverdue(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaLost(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaRegained(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaReady(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaUnready(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaRestarted(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaFailed(d) => of_replica(&d.project, &d.replica, known),
        Fact::ReplicaStopped(d) => of_replica(&d.project, &d.replica, known),
        Fact::PoolCreated(d) => vec![DocKey::pool(&d.pool)],
        Fact::PoolScaled(d) => vec![DocKey::pool(&d.pool)],
        Fact::PoolClosing(d) => vec![DocKey::pool(&d.pool)],
        Fact::PoolRemoved(d) => vec![DocKey::pool(&d.pool)],
        Fact::MachineRequested(d) => vec![
            DocKey::machine(&d.machine),
            DocKey::node(&d.node),
            DocKey::pool(&d.pool),
        ],
        Fact::MachineCreated(d) => of_machine(&d.machine, known),
        Fact::MachineStarted(d) => of_machine(&d.machine, known),
        Fact::MachineReady(d) => of_machine(&d.machine, known),
        Fact::MachineOverdue(d) => of_machine(&d.machine, known),
        Fact::MachineLeaving(d) => of_machine(&d.machine, known),
        Fact::MachineKept(d) => of_machine(&d.machine, known),
        Fact::MachineRemoving(d) => of_machine(&d.machine, known),
        Fact::MachineRemoved(d) => of_machine(&d.machine, known),
        Fact::MachineGone(d) => of_machine(&d.machine, known),
        Fact::TableApplied(d) => vec![DocKey::balancer(&d.balancer)],
    }
}

/// A service and its project.
fn of_service(project: &ProjectName, service: &ServiceName) -> Vec<DocKey> {
    vec![DocKey::service(project, service), DocKey::project(project)]
}

fn of_replica(project: &ProjectName, replica: &ReplicaId, known: &Documents) -> Vec<DocKey> {
    let mut keys = vec![DocKey::replica(project, replica)];
    if let Some(doc) = known.find::<ReplicaDoc>(&keys[0]) {
        keys.push(DocKey::service(project, &doc.service));
        keys.push(DocKey::node(&doc.node));
        keys.extend(of_drain(&doc.node, known).map(DocKey::operation));
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
        // What comes after is said by the newer rollout's start.
        | Fact::RolloutSuperseded(_) => {}
        Fact::OperationSucceeded(_) | Fact::OperationFailed(_) | Fact::OperationSuperseded(_) => {
            release::operation_ended(entry, fact, documents);
        }
        Fact::NodeAdmitted(d) => node::admitted(entry, d, documents),
        Fact::NodeJoined(d) => node::joined(entry, d, documents),
        Fact::NodeSuspected(d) => node::suspected(d, documents),
        Fact::NodeReturned(d) => node::returned(entry, d, documents),
        Fact::NodeLost(d) => node::lost(d, documents),
        Fact::NodeCordoned(d) => node::cordoned(entry, d, documents),
        Fact::NodeUncordoned(d) => node::uncordoned(entry, d, documents),
        Fact::NodeDraining(d) => node::draining(entry, d, documents),
        Fact::NodeOverdue(d) => node::overdue(d, documents),
        Fact::NodeDrained(d) => node::drained(entry, d, documents),
        Fact::ReleaseCreated(d) => {
            release::created(entry, d, documents);
            project::released(entry, d, documents);
        }
        Fact::RolloutStarted(d) => service::rollout_started(entry, d, documents),
        Fact::RolloutAdvanced(d) => service::rollout_advanced(d, documents),
        Fact::RolloutFinished(d) => service::rollout_finished(entry, d, documents),
        Fact::RolloutFailed(d) => {
            service::rollout_failed(entry, d, documents);
            release::rollout_failed(entry, d, documents);
        }
        Fact::ServiceConfigured(d) => service::configured(entry, d, documents),
        Fact::ServiceRestarted(d) => {
            service::restarted(entry, d, documents);
            project::changed(entry, &d.project, documents);
        }
        Fact::ServiceScaled(d) => {
            service::scaled(entry, d, documents);
            project::changed(entry, &d.project, documents);
        }
        Fact::ServiceRemoved(d) => {
            service::removed(entry, d, documents);
            project::changed(entry, &d.project, documents);
        }
        Fact::ServiceEnded(d) => service::ended(entry, d, documents),
        Fact::ServiceUnplaced(d) => service::unplaced(d, documents),
        Fact::ReplicaPlaced(d) => replica::placed(entry, d, documents),
        Fact::ReplicaDraining(d) => replica::draining(entry, d, documents),
        Fact::ReplicaStopping(d) => replica::stopping(entry, d, documents),
        Fact::ReplicaOverdue(d) => replica::overdue(d, documents),
        Fact::ReplicaLost(d) => replica::lost(entry, d, documents),
        Fact::ReplicaRegained(d) => replica::regained(entry, d, documents),
        Fact::ReplicaReady(d) => replica::ready(entry, d, documents),
        Fact::ReplicaUnready(d) => replica::unready(entry, d, documents),
        Fact::ReplicaRestarted(d) => replica::restarted(entry, d, documents),
        Fact::ReplicaFailed(d) => replica::failed(entry, d, documents),
        Fact::ReplicaStopped(d) => replica::stopped(entry, d, documents),
        Fact::PoolCreated(d) => pool::created(entry, d, documents),
        Fact::PoolScaled(d) => pool::scaled(entry, d, documents),
        Fact::PoolClosing(d) => pool::closing(entry, d, documents),
        Fact::PoolRemoved(d) => pool::removed(entry, d, documents),
        Fact::MachineRequested(d) => machine::requested(entry, d, documents),
        Fact::MachineCreated(d) => machine::created(entry, d, documents),
        Fact::MachineStarted(d) => machine::started(entry, d, documents),
        Fact::MachineReady(d) => machine::ready(entry, d, documents),
        Fact::MachineOverdue(d) => machine::overdue(entry, d, documents),
        Fact::MachineLeaving(d) => machine::leaving(entry, d, documents),
        Fact::MachineKept(d) => machine::kept(entry, d, documents),
        Fact::MachineRemoving(d) => machine::removing(entry, d, documents),
        Fact::MachineRemoved(d) => machine::removed(entry, d, documents),
        Fact::MachineGone(d) => machine::gone(entry, d, documents),
        Fact::TableApplied(d) => balancer::applied(entry, d, documents),
    }
}
