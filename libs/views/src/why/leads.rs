//! What to look for behind an event: the event that its writer names as its cause where that is telling,
//! else the last one of the kind that brings it about.

use gantry_events::{Fact, Kind, OperationId, Place, ProjectName, ReplicaId, RetireReason, Scope};

use super::Told;
use crate::{Document, Said};

/// The type under which commands stand among events.
pub(super) const ACCEPTED: &str = "operation.accepted.v1";

/// Where the next link may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    /// In the message of this place.
    At(Place),
    /// It is the last event before that is like this.
    Last(Sought),
}

/// Which event is looked for. What is none is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Of a project, or of the cluster.
    pub scope: Option<Scope>,
    /// About an entity of this kind.
    pub kind: Option<Kind>,
    /// About the entity of this id.
    pub id: Option<String>,
    /// Of this operation.
    pub operation: Option<OperationId>,
    /// Of one of these types; of any if there are none.
    pub types: &'static [&'static str],
}

/// Where the chain of an entity begins: at the latest event that is like one of these.
pub fn begins(document: &Document) -> Vec<Sought> {
    match document {
        Document::Operation(doc) => vec![about(None, Kind::Operation, doc.id, &[])],
        Document::Project(doc) => vec![
            within(&doc.id, Kind::Release, doc.release, &[]),
            Sought {
                scope: Some(Scope::Project(doc.id.clone())),
                kind: Some(Kind::Service),
                types: BY_HAND,
                ..Sought::default()
            },
        ],
        Document::Release(doc) => vec![
            within(&doc.project, Kind::Release, doc.release, &[]),
            of_operation(doc.operation, ENDS),
        ],
        Document::Service(doc) => vec![
            within(&doc.project, Kind::Service, &doc.id, &[]),
            within(&doc.project, Kind::Rollout, &doc.id, &[]),
        ],
        Document::Replica(doc) => vec![within(&doc.project, Kind::Replica, &doc.id, &[])],
        Document::Node(doc) => vec![
            in_cluster(Kind::Node, &doc.id, &[]),
            in_cluster(Kind::Machine, &doc.machine_id, MACHINE_ENDS),
        ],
        Document::Pool(doc) => vec![in_cluster(Kind::Pool, &doc.id, &[])],
        Document::Machine(doc) => vec![in_cluster(Kind::Machine, &doc.id, &[])],
        Document::Balancer(doc) => vec![in_cluster(Kind::Balancer, &doc.id, &[])],
    }
}

const BY_HAND: &[&str] = &[
    "service.scaled.v1",
    "service.restarted.v1",
    "service.removed.v1",
];
const ENDS: &[&str] = &[
    "operation.succeeded.v1",
    "operation.failed.v1",
    "operation.superseded.v1",
];
const MACHINE_ENDS: &[&str] = &["machine.removed.v1", "machine.gone.v1"];
const AIMS: &[&str] = &[
    "service.configured.v1",
    "service.scaled.v1",
    "service.restarted.v1",
    "service.removed.v1",
];
const POOL_SIZES: &[&str] = &["pool.created.v1", "pool.scaled.v1", "pool.closing.v1"];

/// What may be behind an event, the likeliest first; nothing behind what was asked for.
pub fn leads(told: &Told<'_>) -> Vec<Lead> {
    match &told.said {
        Said::Command(_) => Vec::new(),
        Said::Fact(fact) => {
            let mut found = of_cluster(told, fact);
            found.extend(of_project(told, fact));
            found.into_iter().collect()
        }
    }
}

/// Leads of facts about operations, releases, services and replicas.
fn of_project(told: &Told<'_>, fact: &Fact) -> Vec<Lead> {
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

/// Leads of facts about nodes, pools, machines and balancers.
fn of_cluster(told: &Told<'_>, fact: &Fact) -> Vec<Lead> {
    let asked = told.operation.map(accepted);
    let cause = told.cause.map(Lead::At);
    let node = |id: &dyn ToString, types| last(in_cluster(Kind::Node, id.to_string(), types));
    let machine = |id: &dyn ToString, types| last(in_cluster(Kind::Machine, id.to_string(), types));
    let pool = |id: &dyn ToString| last(in_cluster(Kind::Pool, id.to_string(), POOL_SIZES));
    let all: Vec<Option<Lead>> = match fact {
        Fact::NodeJoined(d) => vec![node(&d.node, &["node.admitted.v1"])],
        Fact::NodeAdmitted(d) => vec![machine(
            &d.machine,
            &["machine.created.v1", "machine.requested.v1"],
        )],
        Fact::NodeReturned(d) => vec![node(&d.node, &["node.lost.v1", "node.suspected.v1"])],
        // Silence is no event, but what is told of it stands in the fact.
        Fact::NodeSuspected(_) => Vec::new(),
        Fact::NodeLost(d) => vec![node(&d.node, &["node.suspected.v1"])],
        Fact::NodeCordoned(d) => vec![Some(accepted(d.operation))],
        Fact::NodeUncordoned(d) => vec![d.operation.map(accepted), cause],
        Fact::NodeDraining(d) => vec![d.operation.map(accepted), cause],
        Fact::NodeOverdue(d) => vec![node(&d.node, &["node.draining.v1"])],
        Fact::NodeDrained(d) => vec![node(&d.node, &["node.draining.v1"])],
        Fact::PoolCreated(d) => vec![Some(accepted(d.operation))],
        Fact::PoolScaled(d) => vec![Some(accepted(d.operation))],
        Fact::PoolClosing(d) => vec![Some(accepted(d.operation))],
        Fact::PoolRemoved(d) => vec![pool(&d.pool)],
        Fact::MachineRequested(d) => vec![
            asked,
            last(in_cluster(Kind::Machine, &d.machine, &[])),
            pool(&d.pool),
        ],
        Fact::MachineCreated(d) => vec![machine(&d.machine, &["machine.requested.v1"])],
        Fact::MachineStarted(d) => vec![machine(
            &d.machine,
            &["machine.ready.v1", "machine.created.v1"],
        )],
        Fact::MachineReady(d) => vec![
            node(&d.node, &["node.joined.v1"]),
            machine(&d.machine, &["machine.created.v1"]),
        ],
        Fact::MachineOverdue(d) => vec![machine(&d.machine, &[])],
        Fact::MachineLeaving(_) | Fact::MachineKept(_) => vec![asked, cause],
        Fact::MachineRemoving(d) => vec![
            node(&d.node, &["node.drained.v1"]),
            machine(&d.machine, &["machine.leaving.v1"]),
        ],
        Fact::MachineRemoved(d) => vec![machine(&d.machine, &["machine.removing.v1"])],
        Fact::MachineGone(d) => vec![machine(
            &d.machine,
            &["machine.ready.v1", "machine.created.v1"],
        )],
        Fact::TableApplied(_) => vec![cause],
        // foreign: those of projects stand above; nothing is behind the log's beginning.
        _ => Vec::new(),
    };
    all.into_iter().flatten().collect()
}

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

fn accepted(operation: OperationId) -> Lead {
    Lead::Last(about(None, Kind::Operation, operation, &[ACCEPTED]))
}

fn last(sought: Sought) -> Option<Lead> {
    Some(Lead::Last(sought))
}

fn of_operation(operation: OperationId, types: &'static [&'static str]) -> Sought {
    Sought {
        operation: Some(operation),
        types,
        ..Sought::default()
    }
}

fn within(
    project: &ProjectName,
    kind: Kind,
    id: impl ToString,
    types: &'static [&'static str],
) -> Sought {
    about(Some(Scope::Project(project.clone())), kind, id, types)
}

fn in_cluster(kind: Kind, id: impl ToString, types: &'static [&'static str]) -> Sought {
    about(Some(Scope::Cluster), kind, id, types)
}

fn about(
    scope: Option<Scope>,
    kind: Kind,
    id: impl ToString,
    types: &'static [&'static str],
) -> Sought {
    Sought {
        scope,
        kind: Some(kind),
        id: Some(id.to_string()),
        operation: None,
        types,
    }
}
