//! What each fact makes of a replica, and of the counts its service and node keep.

use gantry_events::{
    ProjectName, ReplicaDraining, ReplicaFailed, ReplicaId, ReplicaLost, ReplicaOverdue,
    ReplicaPlaced, ReplicaReady, ReplicaRegained, ReplicaRestarted, ReplicaStopped,
    ReplicaStopping, ReplicaUnready, Time, Writer,
};

use super::counts::recount;
use super::words::{brief, last_probe, why_it_failed, why_it_leaves};
use super::{HEAL_WITHIN, LastExit, ReplicaDoc, ReplicaState};
use crate::short::{last_lines, short};
use crate::{DocKey, Documents, Entry, LastFailure, Standing, service::fold as service};

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
        round: fact.round,
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
        probe: None,
        was: None,
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
        (doc.state, doc.was) = (ReplicaState::Draining, None);
        doc.reason = Some(why_it_leaves(&fact.why));
        doc.standing = Standing::waiting(entry.time, "every balancer to let it go", fact.until);
    });
}

/// A replica is told to stop.
pub(crate) fn stopping(entry: &Entry<'_>, fact: &ReplicaStopping, documents: &mut Documents) {
    leave(&fact.project, &fact.replica, fact.until, documents);
    change(&fact.project, &fact.replica, documents, |doc| {
        (doc.state, doc.was) = (ReplicaState::Stopping, None);
        let what = format!("node {} to stop it", doc.node);
        doc.standing = Standing::waiting(entry.time, what, fact.until);
    });
}

/// A deadline has passed; another runs.
pub(crate) fn overdue(fact: &ReplicaOverdue, documents: &mut Documents) {
    leave(&fact.project, &fact.replica, fact.until, documents);
    change(&fact.project, &fact.replica, documents, |doc| {
        if doc.state != ReplicaState::Lost {
            doc.standing.wait(&fact.waiting_for, fact.until);
        }
    });
}

/// Its node was given up.
pub(crate) fn lost(entry: &Entry<'_>, fact: &ReplicaLost, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if doc.state == ReplicaState::Lost {
            return;
        }
        doc.was = Some(doc.state);
        doc.state = ReplicaState::Lost;
        let why = format!(
            "node {} was given up; what became of it is not known",
            doc.node
        );
        doc.reason = Some(why);
        doc.standing = Standing::at_rest(entry.time);
    });
}

/// Its node is back before its slot was filled elsewhere: it counts as what it last was.
pub(crate) fn regained(entry: &Entry<'_>, fact: &ReplicaRegained, documents: &mut Documents) {
    let key = DocKey::replica(&fact.project, &fact.replica);
    let slot = documents.find::<ReplicaDoc>(&key);
    let slot = slot.filter(|doc| {
        !matches!(
            doc.was,
            Some(ReplicaState::Draining | ReplicaState::Stopping)
        )
    });
    if let Some((service, ordinal)) = slot.map(|doc| (doc.service.clone(), doc.slot)) {
        service::placed(
            &DocKey::service(&fact.project, &service),
            ordinal,
            documents,
        );
    }
    change(&fact.project, &fact.replica, documents, |doc| {
        let Some(was) = doc.was.take() else {
            return;
        };
        doc.state = was;
        doc.reason = None;
        doc.standing = match was {
            ReplicaState::Ready => Standing::at_rest(entry.time),
            _ => {
                let what = format!("node {} to say how it is", doc.node);
                Standing::waiting(entry.time, what, fact.until)
            }
        };
    });
}

/// A replica answers its probe.
pub(crate) fn ready(entry: &Entry<'_>, fact: &ReplicaReady, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) {
            return;
        }
        doc.address = fact.address;
        doc.probe = None;
        doc.log_tail = Vec::new();
        if doc.is_now(ReplicaState::Ready) {
            doc.reason = None;
            doc.standing = Standing::at_rest(entry.time);
        }
    });
}

/// A replica does not answer its probe any more.
pub(crate) fn unready(entry: &Entry<'_>, fact: &ReplicaUnready, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) {
            return;
        }
        doc.probe = Some(short(&fact.reason, 200));
        if !doc.is_now(ReplicaState::Unready) {
            return;
        }
        doc.reason = Some(short(&fact.reason, 200));
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
        doc.log_tail = last_lines(&fact.log_tail, 1000);
        doc.last_exit = Some(LastExit {
            code: fact.exit,
            at: entry.time,
        });
        if !doc.is_now(ReplicaState::Starting) {
            return;
        }
        let what = format!("its process to start again in {}", fact.backoff);
        let until = entry.time + fact.backoff + HEAL_WITHIN;
        doc.standing = Standing::waiting(entry.time, what, until);
    });
}

/// A replica was given up by its node.
pub(crate) fn failed(entry: &Entry<'_>, fact: &ReplicaFailed, documents: &mut Documents) {
    let mut failure = None;
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) {
            return;
        }
        end(doc, entry, ReplicaState::Failed, fact.exit);
        let reason = short(&why_it_failed(&fact.reason), 300);
        doc.probe = last_probe(&fact.reason).map(|probe| short(probe, 200));
        doc.log_tail = last_lines(&fact.log_tail, 1000);
        doc.reason = Some(reason.clone());
        failure = Some((doc.service.clone(), reason));
    });
    if let Some((service, reason)) = failure {
        let failure = LastFailure {
            replica: fact.replica.clone(),
            reason,
            at: entry.time,
        };
        service::failed(
            &DocKey::service(&fact.project, &service),
            failure,
            documents,
        );
    }
}

/// A replica that should stop has stopped.
pub(crate) fn stopped(entry: &Entry<'_>, fact: &ReplicaStopped, documents: &mut Documents) {
    change(&fact.project, &fact.replica, documents, |doc| {
        if !speaks_for(entry, doc) {
            return;
        }
        end(doc, entry, ReplicaState::Stopped, fact.exit);
        doc.probe = fact.probe.as_deref().map(|probe| short(probe, 200));
        doc.log_tail = last_lines(&fact.log_tail, 1000);
    });
}

fn end(doc: &mut ReplicaDoc, entry: &Entry<'_>, state: ReplicaState, code: Option<i64>) {
    (doc.state, doc.was) = (state, None);
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

/// Changes a replica that has not ended, or is lost and may come back, and the counts that follow.
fn change(
    project: &ProjectName,
    replica: &ReplicaId,
    documents: &mut Documents,
    act: impl FnOnce(&mut ReplicaDoc),
) {
    let Some(doc) = documents.change::<ReplicaDoc>(&DocKey::replica(project, replica)) else {
        return;
    };
    if doc.state.is_final() && doc.state != ReplicaState::Lost {
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

impl ReplicaDoc {
    /// Takes its node's word on its health. Whether it is its state now: one on its way out goes on so,
    /// and of one that is lost it is only remembered.
    fn is_now(&mut self, state: ReplicaState) -> bool {
        if self.state.is_leaving() {
            return false;
        }
        if self.state != ReplicaState::Lost {
            self.state = state;
            return true;
        }
        if !self.was.is_some_and(ReplicaState::is_leaving) {
            self.was = Some(state);
        }
        false
    }
}
