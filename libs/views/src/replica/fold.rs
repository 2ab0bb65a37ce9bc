//! What each fact makes of a replica, and of the counts its service and node keep.

use gantry_events::{
    Explanation, FailureReason, ProjectName, ReplicaDraining, ReplicaFailed, ReplicaId,
    ReplicaOverdue, ReplicaPlaced, ReplicaReady, ReplicaRestarted, ReplicaStopped, ReplicaStopping,
    ReplicaUnready, RetireReason, Time, Writer,
};

use super::{HEAL_WITHIN, LastExit, ReplicaDoc, ReplicaState};
use crate::short::{last_lines, short};
use crate::{DocKey, Documents, Entry, NodeDoc, ServiceDoc, Standing, service};

/// A replica is born. An id is placed once; said again while it lives, it changes nothing.
pub(crate) fn placed(entry: &Entry<'_>, fact: &ReplicaPlaced, documents: &mut Documents) {
    let before = documents.find::<ReplicaDoc>(&DocKey::replica(&fact.project, &fact.replica));
    if before.is_some_and(|doc| !doc.state.is_final()) {
        return;
    }
    let doc = ReplicaDoc {
        id: fact.replica.clone(),
        project: fact.project.clone(),
        service: fact.slot.service.clone(),
        release: fact.release,
        node: fact.node.clone(),
        state: ReplicaState::Placed,
        standing: Standing::waiting(
            entry.time,
            format!("node {} to start it and its probe to answer", fact.node),
            fact.until,
        ),
        address: None,
        restarts: 0,
        last_exit: None,
        slot: fact.slot.ordinal,
        epoch: fact.epoch,
        spec: fact.spec,
        cpu: fact.cpu,
        memory: fact.memory,
        explanation: brief(&fact.explanation),
        reason: None,
        log_tail: Vec::new(),
    };
    let of_service = DocKey::service(&fact.project, &fact.slot.service);
    service::placed(&of_service, fact.slot.ordinal, documents);
    recount(None, &doc, documents);
    documents.write(doc);
}

/// A replica is given no new requests.
pub(crate) fn draining(entry: &Entry<'_>, fact: &ReplicaDraining, documents: &mut Documents) {
    leave(&fact.project, &fact.replica, fact.until, documents);
    change(&fact.project, &fact.replica, documents, |doc| {
        doc.state = ReplicaState::Draining;
        doc.reason = Some(why_it_leaves(&fact.why));
        doc.standing = Standing::waiting(entry.time, "every balancer to let it go", fact.until);
    });
}

/// A replica is told to stop.
pub(crate) fn stopping(entry: &Entry<'_>, fact: &ReplicaStopping, documents: &mut Documents) {
    leave(&fact.project, &fact.replica, fact.until, documents);
    change(&fact.project, &fact.replica, documents, |doc| {
        doc.state = ReplicaState::Stopping;
        let what = format!("node {} to stop it", doc.node);
        doc.standing = Standing::waiting(entry.time, what, fact.until);
    });
}

/// A deadline has passed; another runs.
pub(crate) fn overdue(fact: &ReplicaOverdue, documents: &mut Documents) {
    leave(&fact.project, &fact.replica, fact.until, documents);
    change(&fact.project, &fact.replica, documents, |doc| {
        doc.standing.wait(&fact.waiting_for, fact.until);
    });
}

/// A replica answers its probe.
pub(crate) fn ready(entry: &Entry<'_>, fact: &ReplicaReady, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) {
            return;
        }
        doc.address = fact.address;
        if !doc.state.is_leaving() {
            doc.state = ReplicaState::Ready;
            doc.reason = None;
            doc.standing = Standing::at_rest(entry.time);
        }
    });
}

/// A replica does not answer its probe any more.
pub(crate) fn unready(entry: &Entry<'_>, fact: &ReplicaUnready, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) || doc.state.is_leaving() {
            return;
        }
        doc.state = ReplicaState::Unready;
        doc.reason = Some(short(&fact.reason, 300));
        let until = entry.time + HEAL_WITHIN;
        doc.standing = Standing::waiting(entry.time, "its probe to answer again", until);
    });
}

/// A replica's process ended and is started again in place.
pub(crate) fn restarted(entry: &Entry<'_>, fact: &ReplicaRestarted, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) {
            return;
        }
        doc.restarts = fact.restarts;
        doc.last_exit = Some(LastExit {
            code: fact.exit,
            at: entry.time,
        });
        if doc.state.is_leaving() {
            return;
        }
        doc.state = ReplicaState::Starting;
        let what = format!("its process to start again in {}", fact.backoff);
        let until = entry.time + fact.backoff + HEAL_WITHIN;
        doc.standing = Standing::waiting(entry.time, what, until);
    });
}

/// A replica was given up by its node.
pub(crate) fn failed(entry: &Entry<'_>, fact: &ReplicaFailed, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if speaks_for(entry, doc) {
            end(doc, entry, ReplicaState::Failed, fact.exit);
            doc.reason = Some(short(&why_it_failed(&fact.reason), 300));
            doc.log_tail = last_lines(&fact.log_tail, 1000);
        }
    });
}

/// A replica that should stop has stopped.
pub(crate) fn stopped(entry: &Entry<'_>, fact: &ReplicaStopped, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if speaks_for(entry, doc) {
            end(doc, entry, ReplicaState::Stopped, fact.exit);
        }
    });
}

fn end(doc: &mut ReplicaDoc, entry: &Entry<'_>, state: ReplicaState, code: Option<i64>) {
    doc.state = state;
    doc.standing = Standing::at_rest(entry.time);
    doc.last_exit = Some(LastExit {
        code,
        at: entry.time,
    });
}

/// A node says what it likes about its own replicas and nothing about others'.
fn speaks_for(entry: &Entry<'_>, doc: &ReplicaDoc) -> bool {
    *entry.writer == Writer::Node(doc.node.clone())
}

/// Changes a replica that has not ended, and the counts that follow.
fn change(
    project: &ProjectName,
    replica: &ReplicaId,
    documents: &mut Documents,
    act: impl FnOnce(&mut ReplicaDoc),
) {
    let Some(doc) = documents.change::<ReplicaDoc>(&DocKey::replica(project, replica)) else {
        return;
    };
    if doc.state.is_final() {
        return;
    }
    let before = doc.clone();
    act(doc);
    let after = doc.clone();
    recount(Some(&before), &after, documents);
}

/// Its service, if removed, waits for it as long as that.
fn leave(project: &ProjectName, replica: &ReplicaId, until: Time, documents: &mut Documents) {
    let doc = documents.find::<ReplicaDoc>(&DocKey::replica(project, replica));
    if let Some(key) = doc.map(|doc| DocKey::service(project, &doc.service)) {
        service::leaving_until(&key, until, documents);
    }
}

/// Takes what the replica counted for before out of its service's and node's counts, and puts in what
/// it counts for now.
fn recount(before: Option<&ReplicaDoc>, after: &ReplicaDoc, documents: &mut Documents) {
    let was_present = before.is_some_and(|doc| !doc.state.is_final());
    let was_ready = before.is_some_and(|doc| doc.state == ReplicaState::Ready);
    let is_present = !after.state.is_final();
    let is_ready = after.state == ReplicaState::Ready;
    let of_service = DocKey::service(&after.project, &after.service);
    if let Some(service) = documents.change::<ServiceDoc>(&of_service) {
        let counts = &mut service.replicas;
        counts.present = moved(counts.present, was_present, is_present);
        counts.ready = moved(counts.ready, was_ready, is_ready);
    }
    if let Some(node) = documents.change::<NodeDoc>(&DocKey::node(&after.node)) {
        node.replicas = moved(node.replicas, was_present, is_present);
        match (was_present, is_present) {
            (false, true) => node.reserve(after.cpu, after.memory),
            (true, false) => node.release(after.cpu, after.memory),
            (true, true) | (false, false) => {}
        }
    }
}

fn moved(count: u32, was: bool, is: bool) -> u32 {
    count
        .saturating_sub(u32::from(was))
        .saturating_add(u32::from(is))
}

/// An explanation over many nodes is cut; the event holds all of it.
fn brief(explanation: &Explanation) -> Explanation {
    let unfit = explanation.unfit.iter().take(6);
    Explanation {
        fit: explanation.fit.iter().take(6).cloned().collect(),
        unfit: unfit
            .map(|(node, why)| (node.clone(), why.clone()))
            .collect(),
        because: short(&explanation.because, 300),
    }
}

fn why_it_leaves(why: &RetireReason) -> String {
    match why {
        RetireReason::Replaced { by } => format!("replaced by {by}"),
        RetireReason::ScaledDown => "its service has fewer replicas now".to_owned(),
        RetireReason::Removed => "its service was removed".to_owned(),
        RetireReason::MakesWay => "its slot makes way for a newer replica".to_owned(),
        RetireReason::Returned => {
            "its node came back after its slot was filled elsewhere".to_owned()
        }
        RetireReason::Abandoned => "its rollout was given up or overtaken".to_owned(),
    }
}

fn why_it_failed(reason: &FailureReason) -> String {
    match reason {
        FailureReason::Unhealthy { probe } => format!("stayed unhealthy: {probe}"),
        FailureReason::NotReadyInTime { probe } => format!("was not ready in time: {probe}"),
        FailureReason::CannotStart { said } => format!("cannot be started: {said}"),
    }
}
