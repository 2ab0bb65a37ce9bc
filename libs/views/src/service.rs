//! A service: what it should be, and how far its replicas are.

use gantry_events::{
    Digest, OperationId, Problem, ProjectName, ReleaseNumber, RolloutFailed, RolloutFinished,
    RolloutStarted, ServiceConfigured, ServiceEnded, ServiceName, ServiceRemoved, ServiceScaled,
    ServiceUnplaced, Time,
};
use gantry_spec::{Project, Replicas, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::short::short;
use crate::{DocKey, Documents, Entry, Standing};

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
    /// Its replicas, counted.
    pub replicas: ReplicaCounts,
    /// The operation of its last change.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub operation: Option<OperationId>,
    /// Why its last change failed, if it did.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Problem>,
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
    /// No rollout runs. `replicas` says whether all are there, `problem` whether the last one failed.
    Active,
    /// It was removed; its replicas leave.
    Removing,
    /// It is gone.
    Removed,
}

impl ServiceState {
    /// Whether it is gone.
    pub fn is_final(self) -> bool {
        match self {
            Self::Changing | Self::Active | Self::Removing => false,
            Self::Removed => true,
        }
    }
}

impl ServiceDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::service(&self.project, &self.id)
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

    fn rests(&mut self, now: Time) {
        self.state = ServiceState::Active;
        self.standing = Standing::at_rest(now);
    }
}

/// A release set what the service should be.
pub(crate) fn configured(entry: &Entry<'_>, fact: &ServiceConfigured, documents: &mut Documents) {
    let key = DocKey::service(&fact.project, &fact.service);
    let before = documents.find::<ServiceDoc>(&key);
    let living = before.filter(|doc| !doc.state.is_final()).cloned();
    let counts = living.as_ref().map(|doc| doc.replicas).unwrap_or_default();
    let staying = living.filter(|doc| doc.state != ServiceState::Removing);
    let (state, standing) = staying.map_or_else(
        || (ServiceState::Active, Standing::at_rest(entry.time)),
        |doc| (doc.state, doc.standing),
    );
    documents.write(ServiceDoc {
        id: fact.service.clone(),
        project: fact.project.clone(),
        state,
        release: fact.release,
        spec: fact.spec,
        replicas: ReplicaCounts {
            wanted: fact.replicas,
            ..counts
        },
        operation: entry.operation,
        problem: None,
        unplaced: None,
        standing,
    });
}

/// The number of replicas was set.
pub(crate) fn scaled(entry: &Entry<'_>, fact: &ServiceScaled, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.replicas.wanted = fact.replicas;
        doc.operation = entry.operation;
        doc.unplaced = None;
    }
}

/// The service leaves.
pub(crate) fn removed(entry: &Entry<'_>, fact: &ServiceRemoved, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.state = ServiceState::Removing;
        doc.replicas.wanted = 0;
        doc.operation = entry.operation;
        doc.unplaced = None;
        doc.standing = Standing::waiting(entry.time, "its replicas to stop", None);
    }
}

/// The service is gone.
pub(crate) fn ended(entry: &Entry<'_>, fact: &ServiceEnded, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.state = ServiceState::Removed;
        doc.standing = Standing::at_rest(entry.time);
    }
}

/// A slot fits no node.
pub(crate) fn unplaced(fact: &ServiceUnplaced, documents: &mut Documents) {
    let Some(doc) = living(documents, &fact.project, &fact.service) else {
        return;
    };
    let because = short(&fact.explanation.because, 300);
    if doc.state != ServiceState::Removing {
        let what = format!("a node for slot {}: {because}", fact.ordinal);
        doc.standing
            .wait(what, doc.standing.until.max(Some(fact.until)));
    }
    doc.unplaced = Some(Unplaced {
        ordinal: fact.ordinal,
        because,
    });
}

/// A slot was filled after all.
pub(crate) fn placed(key: &DocKey, ordinal: u32, documents: &mut Documents) {
    let Some(doc) = documents.change::<ServiceDoc>(key) else {
        return;
    };
    if doc.unplaced.take_if(|gap| gap.ordinal == ordinal).is_none() {
        return;
    }
    match doc.state {
        ServiceState::Changing => doc.standing.wait(REPLICAS, doc.standing.until),
        ServiceState::Active => doc.standing = Standing::at_rest(doc.standing.since),
        ServiceState::Removing | ServiceState::Removed => {}
    }
}

const REPLICAS: &str = "its replicas to be as asked for";

/// One of its replicas has until then to leave; a removed service waits for the last of them.
pub(crate) fn leaving_until(key: &DocKey, until: Time, documents: &mut Documents) {
    if let Some(doc) = documents.change::<ServiceDoc>(key)
        && doc.state == ServiceState::Removing
    {
        doc.standing.until = doc.standing.until.max(Some(until));
    }
}

/// A change of the service begins.
pub(crate) fn rollout_started(entry: &Entry<'_>, fact: &RolloutStarted, documents: &mut Documents) {
    let Some(doc) = living(documents, &fact.project, &fact.service) else {
        return;
    };
    doc.operation = Some(fact.operation);
    if doc.state == ServiceState::Removing {
        doc.standing.until = Some(fact.until);
        return;
    }
    doc.state = ServiceState::Changing;
    doc.problem = None;
    doc.standing = Standing::waiting(entry.time, REPLICAS, fact.until);
}

/// The change is done.
pub(crate) fn rollout_finished(
    entry: &Entry<'_>,
    fact: &RolloutFinished,
    documents: &mut Documents,
) {
    if let Some(doc) = living(documents, &fact.project, &fact.service)
        && doc.operation == Some(fact.operation)
        && doc.state == ServiceState::Changing
    {
        doc.rests(entry.time);
    }
}

/// The change was given up.
pub(crate) fn rollout_failed(entry: &Entry<'_>, fact: &RolloutFailed, documents: &mut Documents) {
    let Some(doc) = living(documents, &fact.project, &fact.service) else {
        return;
    };
    if doc.operation != Some(fact.operation) {
        return;
    }
    let detail = short(&fact.problem.detail, 600);
    doc.problem = Some(Problem::new(fact.problem.code, detail));
    if doc.state == ServiceState::Changing {
        doc.rests(entry.time);
    }
}

fn living<'a>(
    documents: &'a mut Documents,
    project: &ProjectName,
    service: &ServiceName,
) -> Option<&'a mut ServiceDoc> {
    documents
        .change::<ServiceDoc>(&DocKey::service(project, service))
        .filter(|doc| !doc.state.is_final())
}
