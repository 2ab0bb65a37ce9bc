//! What to look for behind an event: the event that its writer names as its cause where that is telling,
//! else the last one of the kind that brings it about. What is behind each fact stands in `project` and
//! `cluster`, here where a chain begins and how an event is looked for.

mod cluster;
mod project;

use gantry_events::{Kind, OperationId, Place, ProjectName, Scope};

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
/// What may be behind an event, the likeliest first; nothing behind what was asked for.
pub fn leads(told: &Told<'_>) -> Vec<Lead> {
    match &told.said {
        Said::Command(_) => Vec::new(),
        Said::Fact(fact) => {
            let mut found = cluster::leads(told, fact);
            found.extend(project::leads(told, fact));
            found
        }
    }
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
