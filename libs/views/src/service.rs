//! A service: what it should be, how far its replicas are, and how far its change is.

pub(crate) mod fold;
mod lines;

use gantry_events::{
    Digest, OperationId, Problem, ProjectName, ReleaseNumber, ReplicaId, ServiceName, Time,
};
use gantry_spec::{Project, Replicas, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Progress, Standing};

/// A service of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceDoc {
    /// Its name.
    #[schema(value_type = String)]
    pub id: ServiceName,
    /// The project.
    #[schema(value_type = String)]
    pub project: ProjectName,
    /// How far it is.
    pub state: ServiceState,
    /// The release that last changed it; that release's file says what it should be.
    #[schema(value_type = u32)]
    pub release: ReleaseNumber,
    /// Names the container spec of its replicas.
    #[schema(value_type = String)]
    pub spec: Digest,
    /// How often it was restarted: replicas of an earlier round are replaced.
    pub round: u32,
    /// Its replicas, counted.
    pub replicas: ReplicaCounts,
    /// How far its rollout is, once that is known.
    pub progress: Option<Progress>,
    /// How it goes from one version to the next, in a line.
    pub rollout: String,
    /// Where its replicas may run, in a line; empty where they may run anywhere.
    pub place: String,
    /// Hosts it answers under beside its own: `shop.example.com`, `www.example.com -> example.com`.
    pub domains: Vec<String>,
    /// How many of those are not listed; the file has all of them.
    #[serde(default)]
    pub domains_left_out: u32,
    /// The operation of its last change.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
    /// Why its last change failed, if it did.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Problem>,
    /// The replica that last failed, until a rollout is done. It is listed among all.
    pub last_failure: Option<LastFailure>,
    /// The slot that last fitted no node, until it is filled.
    pub unplaced: Option<Unplaced>,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Replicas of a service, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplicaCounts {
    /// How many there should be.
    pub wanted: u32,
    /// How many have not ended, those on their way out included.
    pub present: u32,
    /// How many are ready.
    pub ready: u32,
}

/// A replica that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastFailure {
    /// Which.
    #[schema(value_type = String)]
    pub replica: ReplicaId,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// A slot that fits no node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unplaced {
    /// Number of the slot.
    pub ordinal: u32,
    /// Why no node fits, in a sentence.
    pub because: String,
}

/// How far a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// A rollout runs.
    Changing,
    /// No rollout runs and all replicas are ready that should be. `problem` says whether the last rollout failed.
    Active,
    /// No rollout runs and fewer replicas are ready than there should be.
    Degraded,
    /// It was removed; its replicas leave.
    Removing,
    /// It is gone.
    Removed,
}

impl ServiceState {
    /// Whether it should be there.
    pub fn is_wanted(self) -> bool {
        match self {
            Self::Changing | Self::Active | Self::Degraded => true,
            Self::Removing | Self::Removed => false,
        }
    }

    /// Whether it is gone.
    pub fn is_final(self) -> bool {
        match self {
            Self::Changing | Self::Active | Self::Degraded | Self::Removing => false,
            Self::Removed => true,
        }
    }
}

impl ServiceDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::service(&self.project, &self.id)
    }

    /// Whether it should be there.
    pub fn is_wanted(&self) -> bool {
        self.state.is_wanted()
    }

    /// Its part of the release's file, with the number of replicas that is wanted now. Nothing where
    /// the file does not name it.
    pub fn spec_in(&self, file: &Project) -> Option<Service> {
        let mut spec = file.services.get(&self.id)?.clone();
        if let Ok(wanted) = Replicas::try_from(self.replicas.wanted) {
            spec.replicas = wanted;
        }
        Some(spec)
    }
}
