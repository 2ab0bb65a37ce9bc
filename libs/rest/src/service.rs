//! A service as it is read: what it should be, in the file's form, and how far it is.

use gantry_events::{OperationId, ProjectName, ReleaseNumber, ServiceName};
use gantry_spec::Service;
use gantry_views::{ReplicaCounts, ServiceDoc, ServiceState, Standing, Unplaced};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /projects/{p}/services/{s}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceAnswer {
    /// Its name.
    #[schema(value_type = String)]
    pub id: ServiceName,
    /// The project.
    #[schema(value_type = String)]
    pub project: ProjectName,
    /// The release that last changed it.
    #[schema(value_type = u32)]
    pub release: ReleaseNumber,
    /// What it should be, as a file would say it, with the number of replicas that is wanted now. None
    /// once it is removed.
    #[schema(value_type = Option<Object>)]
    pub spec: Option<Service>,
    /// How far it is.
    pub status: ServiceStatus,
}

/// How far a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStatus {
    /// How far it is, in a word.
    pub state: ServiceState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
    /// Its replicas, counted.
    pub replicas: ReplicaCounts,
    /// The operation of its last change.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
    /// Why its last change failed, if it did.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<gantry_events::Problem>,
    /// The slot that last fitted no node, until it is filled.
    pub unplaced: Option<Unplaced>,
    /// Hosts it answers at on the ingress; none for a worker.
    pub hosts: Vec<String>,
}

impl ServiceAnswer {
    /// A document and the part of its release's file, as [`ServiceDoc::spec_in`] gives it.
    pub fn of(doc: ServiceDoc, spec: Option<Service>) -> Self {
        let serves_http = spec.as_ref().is_some_and(|spec| spec.port.is_some());
        let host = gantry_events::host_of(&doc.project, &doc.id);
        Self {
            spec,
            status: ServiceStatus {
                state: doc.state,
                standing: doc.standing,
                replicas: doc.replicas,
                operation: doc.operation,
                problem: doc.problem,
                unplaced: doc.unplaced,
                hosts: serves_http.then_some(host).into_iter().collect(),
            },
            id: doc.id,
            project: doc.project,
            release: doc.release,
        }
    }
}
