//! A service as it is read: what it should be, in the file's form, and how far it is.

use gantry_events::{OperationId, ProjectName, ReleaseNumber, ServiceName};
use gantry_spec::Service;
use gantry_views::{
    LastFailure, Progress, ReplicaCounts, ServiceDoc, ServiceState, Standing, Unplaced,
};
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
    /// The replica that last failed, until a rollout is done.
    pub last_failure: Option<LastFailure>,
    /// The slot that last fitted no node, until it is filled.
    pub unplaced: Option<Unplaced>,
    /// How far its rollout is, once that is known.
    pub progress: Option<Progress>,
    /// How often it was restarted.
    pub round: u32,
    /// How it goes from one version to the next, in a line.
    pub rollout: String,
    /// Where its replicas may run, in a line; empty where they may run anywhere.
    pub place: String,
    /// Hosts it answers at on the ingress, its own first; none for a worker.
    pub hosts: Vec<String>,
    /// How many more there are; the file has all of them.
    pub hosts_left_out: u32,
}

impl ServiceAnswer {
    /// A document and the part of its release's file, as [`ServiceDoc::spec_in`] gives it.
    pub fn of(doc: ServiceDoc, spec: Option<Service>) -> Self {
        let serves_http = spec.as_ref().is_some_and(|spec| spec.port.is_some());
        let mut hosts = vec![gantry_events::host_of(&doc.project, &doc.id)];
        hosts.extend(doc.domains);
        Self {
            spec,
            status: ServiceStatus {
                state: doc.state,
                standing: doc.standing,
                replicas: doc.replicas,
                operation: doc.operation,
                problem: doc.problem,
                last_failure: doc.last_failure,
                unplaced: doc.unplaced,
                progress: doc.progress,
                round: doc.round,
                rollout: doc.rollout,
                place: doc.place,
                hosts: if serves_http { hosts } else { Vec::new() },
                hosts_left_out: doc.domains_left_out,
            },
            id: doc.id,
            project: doc.project,
            release: doc.release,
        }
    }
}
