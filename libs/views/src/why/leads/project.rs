//! What is behind facts about operations, releases, services and replicas.

use gantry_events::{Fact, Kind, OperationId, ProjectName, ReplicaId, RetireReason};

use super::{Lead, Sought, accepted, in_cluster, last, of_operation, within};
use crate::why::Told;

const AIMS: &[&str] = &[
    "service.configured.v1",
    "service.scaled.v1",
    "service.restarted.v1",
    "service.removed.v1",
];

/// Leads of facts about operations, releases, services and replicas.
pub(super) fn leads(told: &Told<'_>, fact: &Fact) -> Vec<Lead> {
    let asked = told.operation.map(accepted);
    let cause = told.cause.map(Lead::At);
    let all: Vec<Option<Lead>> = match fact {
        Fact::OperationRefused(d) => vec![Some(accepted(d.operation))],
        Fact::OperationUnchanged(d) => vec![Some(accepted(d.operation))],
        Fact::OperationResolving(d) => vec![Some(accepted(d.operation))],
        Fact::OperationSuperseded(d) => vec![Some(accepted(d.by))],
        Fact::OperationSucceeded(d) => vec![
            step_of(
                d.operation,
                &["rollout.finished.v1", "service.ended.v1", "node.drained.v1"],
            ),
            step_of(
                d.operation,
                &["machine.ready.v1", "machine.removed.v1", "pool.removed.v1"],
            ),
            Some(accepted(d.operation)),
        ],
        Fact::OperationFailed(d) => vec![
            step_of(
                d.operation,
                &["rollout.failed.v1", "node.overdue.v1", "machine.overdue.v1"],
            ),
            Some(accepted(d.operation)),
        ],
        Fact::ReleaseCreated(d) => {
            let failed = d
                .rollback_of
                .and_then(|_| step_of(d.operation, &["rollout.failed.v1"]));
            vec![failed, Some(accepted(d.operation))]
        }
        Fact::ServiceConfigured(d) => vec![
            last(within(
                &d.project,
                Kind::Release,
                d.release,
                &["release.created.v1"],
            )),
            asked,
        ],
        Fact::ServiceScaled(_) | Fact::ServiceRestarted(_) => vec![asked, cause],
        Fact::ServiceRemoved(_) => vec![of_release(told), asked, cause],
        Fact::ServiceEnded(d) => vec![last(within(
            &d.project,
            Kind::Service,
            &d.service,
            &["service.removed.v1"],
        ))],
        Fact::ServiceUnplaced(d) => vec![aimed(told, &d.project, d.service.as_str()), cause],
        Fact::RolloutStarted(d) => vec![aimed(told, &d.project, d.service.as_str()), asked],
        Fact::RolloutAdvanced(d) => vec![cause, aimed(told, &d.project, d.service.as_str())],
        Fact::RolloutFinished(d) => vec![cause, aimed(told, &d.project, d.service.as_str())],
        Fact::RolloutFailed(d) => vec![last(within(
            &d.project,
            Kind::Rollout,
            &d.service,
            &["rollout.started.v1", "rollout.advanced.v1"],
        ))],
        Fact::RolloutSuperseded(d) => vec![Some(accepted(d.by))],
        Fact::ReplicaPlaced(d) => match told.operation {
            Some(_) => vec![aimed(told, &d.project, d.slot.service.as_str()), asked],
            None => vec![cause],
        },
        Fact::ReplicaDraining(d) => leaves(told, (&d.project, &d.replica), &d.why),
        Fact::ReplicaStopping(d) => {
            vec![own(&d.project, &d.replica, &["replica.draining.v1"]), cause]
        }
        Fact::ReplicaOverdue(d) => vec![own(&d.project, &d.replica, &[])],
        Fact::ReplicaLost(d) => vec![
            last(in_cluster(Kind::Node, &d.node, &["node.lost.v1"])),
            cause,
        ],
        Fact::ReplicaRegained(d) => vec![
            last(in_cluster(Kind::Node, &d.node, &["node.returned.v1"])),
            cause,
        ],
        Fact::ReplicaReady(d) => vec![own(&d.project, &d.replica, CAME)],
        Fact::ReplicaUnready(d) => vec![own(&d.project, &d.replica, CAME)],
        Fact::ReplicaRestarted(d) => vec![own(&d.project, &d.replica, CAME)],
        Fact::ReplicaFailed(d) => vec![own(&d.project, &d.replica, CAME)],
        Fact::ReplicaStopped(d) => vec![own(
            &d.project,
            &d.replica,
            &[
                "replica.stopping.v1",
                "replica.draining.v1",
                "replica.placed.v1",
            ],
        )],
        // foreign: those of the cluster stand below.
        _ => Vec::new(),
    };
    all.into_iter().flatten().collect()
}

/// How a replica came to be where it is.
const CAME: &[&str] = &["replica.placed.v1", "replica.regained.v1"];

/// Why a replica leaves.
fn leaves(
    told: &Told<'_>,
    (project, replica): (&ProjectName, &ReplicaId),
    why: &RetireReason,
) -> Vec<Option<Lead>> {
    let (service, _) = replica
        .as_str()
        .rsplit_once('-')
        .unwrap_or((replica.as_str(), ""));
    let cause = told.cause.map(Lead::At);
    let rollouts = |types| last(within(project, Kind::Rollout, service, types));
    match why {
        RetireReason::Replaced { by } => vec![own(project, by, &["replica.ready.v1"]), cause],
        RetireReason::ScaledDown | RetireReason::Removed | RetireReason::MakesWay => {
            vec![aimed(told, project, service), cause]
        }
        RetireReason::Abandoned => vec![
            rollouts(&["rollout.failed.v1", "rollout.superseded.v1"]),
            cause,
        ],
        RetireReason::Returned => vec![own(project, replica, &["replica.lost.v1"]), cause],
    }
}

/// What the operation of this event, or else whoever came last, wanted of the service.
fn aimed(told: &Told<'_>, project: &ProjectName, service: &str) -> Option<Lead> {
    let sought = within(project, Kind::Service, service, AIMS);
    last(Sought {
        operation: told.operation,
        ..sought
    })
}

fn of_release(told: &Told<'_>) -> Option<Lead> {
    step_of(told.operation?, &["release.created.v1"])
}

fn own(project: &ProjectName, replica: &ReplicaId, types: &'static [&'static str]) -> Option<Lead> {
    last(within(project, Kind::Replica, replica, types))
}

fn step_of(operation: OperationId, types: &'static [&'static str]) -> Option<Lead> {
    last(of_operation(operation, types))
}
