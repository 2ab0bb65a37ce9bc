//! What each fact makes of a service.

use gantry_events::{
    OperationId, Problem, ProjectName, RolloutAdvanced, RolloutFailed, RolloutFinished,
    RolloutStarted, ServiceConfigured, ServiceEnded, ServiceName, ServiceRemoved, ServiceRestarted,
    ServiceScaled, ServiceUnplaced, Time,
};

use super::lines::{in_a_line, listed, where_it_runs};
use super::{LastFailure, ReplicaCounts, ServiceDoc, ServiceState, Unplaced};
use crate::short::short;
use crate::{DocKey, Documents, Entry, Progress, Standing, project};

/// A release set what the service should be.
pub(crate) fn configured(entry: &Entry<'_>, fact: &ServiceConfigured, documents: &mut Documents) {
    let key = DocKey::service(&fact.project, &fact.service);
    let before = documents.find::<ServiceDoc>(&key);
    let living = before.filter(|doc| !doc.state.is_final()).cloned();
    if living.is_none() {
        project::gained(entry, &fact.project, documents);
    }
    let counts = living.as_ref().map(|doc| doc.replicas).unwrap_or_default();
    let (round, last_failure) = living
        .as_ref()
        .map(|doc| (doc.round, doc.last_failure.clone()))
        .unwrap_or_default();
    let staying = living.filter(|doc| doc.state != ServiceState::Removing);
    let (state, standing, progress) = staying.map_or_else(
        || (ServiceState::Active, Standing::at_rest(entry.time), None),
        |doc| (doc.state, doc.standing, doc.progress),
    );
    let (domains, domains_left_out) = listed(&fact.domains);
    let mut doc = ServiceDoc {
        id: fact.service.clone(),
        project: fact.project.clone(),
        state,
        release: fact.release,
        spec: fact.spec,
        round,
        progress,
        rollout: in_a_line(&fact.rollout),
        place: where_it_runs(&fact.place),
        domains,
        domains_left_out,
        last_failure,
        replicas: ReplicaCounts {
            wanted: fact.replicas,
            ..counts
        },
        operation: entry.operation,
        problem: None,
        unplaced: None,
        standing,
    };
    doc.weigh(entry.time);
    documents.write(doc);
}

/// The number of replicas was set.
pub(crate) fn scaled(entry: &Entry<'_>, fact: &ServiceScaled, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.replicas.wanted = fact.replicas;
        doc.operation = entry.operation;
        doc.unplaced = None;
        doc.weigh(entry.time);
    }
}

/// Every replica should be replaced.
pub(crate) fn restarted(entry: &Entry<'_>, fact: &ServiceRestarted, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.round = fact.round;
        doc.operation = entry.operation;
    }
}

/// The service leaves.
pub(crate) fn removed(entry: &Entry<'_>, fact: &ServiceRemoved, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.state = ServiceState::Removing;
        doc.replicas.wanted = 0;
        doc.operation = entry.operation;
        doc.unplaced = None;
        doc.progress = None;
        doc.standing = Standing::waiting(entry.time, "its replicas to stop", None);
    }
}

/// The service is gone.
pub(crate) fn ended(entry: &Entry<'_>, fact: &ServiceEnded, documents: &mut Documents) {
    if let Some(doc) = living(documents, &fact.project, &fact.service) {
        doc.state = ServiceState::Removed;
        doc.standing = Standing::at_rest(entry.time);
        project::lost(entry, &fact.project, documents);
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

/// One of its replicas failed.
pub(crate) fn failed(key: &DocKey, failure: LastFailure, documents: &mut Documents) {
    if let Some(doc) = documents.change::<ServiceDoc>(key) {
        doc.last_failure = Some(failure);
    }
}

/// A slot was filled after all.
pub(crate) fn placed(key: &DocKey, ordinal: u32, documents: &mut Documents) {
    let doc = documents.find::<ServiceDoc>(key);
    let gap = doc.and_then(|doc| doc.unplaced.as_ref());
    if gap.is_some_and(|gap| gap.ordinal == ordinal) {
        waits_for_no_node(key, documents);
    }
}

/// What was said of its slots that fit no node counts no more.
pub(crate) fn waits_for_no_node(key: &DocKey, documents: &mut Documents) {
    let Some(doc) = documents.change::<ServiceDoc>(key) else {
        return;
    };
    if doc.unplaced.take().is_none() {
        return;
    }
    match doc.state {
        ServiceState::Changing => doc.standing.wait(REPLICAS, doc.standing.until),
        ServiceState::Active | ServiceState::Degraded => {
            doc.standing = Standing::at_rest(doc.standing.since);
        }
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
    doc.progress = None;
    doc.standing = Standing::waiting(entry.time, REPLICAS, fact.until);
}

/// More of its slots are as asked for.
pub(crate) fn rollout_advanced(fact: &RolloutAdvanced, documents: &mut Documents) {
    if let Some(doc) = changing(documents, (&fact.project, &fact.service), fact.operation) {
        doc.progress = Some(Progress {
            done: fact.done,
            of: fact.of,
        });
        let what = doc.standing.waiting_for.clone();
        doc.standing
            .wait(what.as_deref().unwrap_or(REPLICAS), fact.until);
    }
}

/// The change is done.
pub(crate) fn rollout_finished(
    entry: &Entry<'_>,
    fact: &RolloutFinished,
    documents: &mut Documents,
) {
    if let Some(doc) = changing(documents, (&fact.project, &fact.service), fact.operation) {
        doc.last_failure = None;
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
    doc.unplaced = None;
    if doc.state == ServiceState::Changing {
        doc.rests(entry.time);
    }
}

/// A service that changes for this operation.
fn changing<'a>(
    documents: &'a mut Documents,
    (project, service): (&ProjectName, &ServiceName),
    operation: OperationId,
) -> Option<&'a mut ServiceDoc> {
    living(documents, project, service)
        .filter(|doc| doc.operation == Some(operation) && doc.state == ServiceState::Changing)
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

impl ServiceDoc {
    fn rests(&mut self, now: Time) {
        self.state = ServiceState::Active;
        self.progress = None;
        self.standing = Standing::at_rest(now);
        self.weigh(now);
    }

    /// While no rollout runs, its replicas say how it is.
    pub(crate) fn weigh(&mut self, now: Time) {
        let (ServiceState::Active | ServiceState::Degraded) = self.state else {
            return;
        };
        let state = if self.replicas.ready < self.replicas.wanted {
            ServiceState::Degraded
        } else {
            ServiceState::Active
        };
        if state != self.state {
            self.state = state;
            self.standing.since = now;
        }
    }
}
