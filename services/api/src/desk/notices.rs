//! `Notices`: what the api itself says, on its own subject: that a node is admitted.

use std::collections::BTreeMap;

use gantry_api_core::{Api, Joining, Proof, State};
use gantry_bus::{Appending, JoinKey, join_token_fits};
use gantry_decider::Core;
use gantry_events::{Commit, LogSubject, Millis, NodeId, Time, Writer};
use gantry_runtime::Moment;
use tokio::sync::oneshot;

use super::known::Known;
use super::{Applicant, NotAdmitted};

/// Nodes that asked to join, and the commit that admits them.
pub(super) struct Notices {
    pub(super) appending: Appending,
    join_key: JoinKey,
    proved: BTreeMap<NodeId, Proof>,
    waiting: Vec<Waiting>,
    last_time: Time,
}

struct Waiting {
    applicant: Applicant,
    since: Moment,
    reply: oneshot::Sender<Result<NodeId, NotAdmitted>>,
}

impl Notices {
    pub(super) fn new(join_key: JoinKey) -> Self {
        Self {
            appending: Appending::default(),
            join_key,
            proved: BTreeMap::new(),
            waiting: Vec::new(),
            last_time: Time::default(),
        }
    }

    pub(super) fn subject() -> LogSubject {
        LogSubject::Facts(Writer::Api)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a node that asks to join.
    pub(super) fn take(
        &mut self,
        applicant: Applicant,
        since: Moment,
        reply: oneshot::Sender<Result<NodeId, NotAdmitted>>,
    ) {
        self.waiting.push(Waiting {
            applicant,
            since,
            reply,
        });
    }

    /// Answers every node that the log admits or refuses, and those whose time is over. Before the log
    /// is folded to its end, nobody is refused: the machine may have been asked for just now.
    pub(super) fn settle(&mut self, state: &State, is_live: bool, within: Millis) {
        let mut left = Vec::with_capacity(self.waiting.len());
        for waiting in std::mem::take(&mut self.waiting) {
            let verdict = match is_live {
                true => self.verdict(state, &waiting.applicant),
                false => None,
            };
            let late = waiting.since.elapsed() >= within;
            match verdict.or_else(|| late.then_some(Err(NotAdmitted::Unsettled))) {
                // Nobody listens only when the node has gone; it asks again.
                Some(answer) => drop(waiting.reply.send(answer)),
                None => left.push(waiting),
            }
        }
        self.waiting = left;
    }

    /// What the log says to an applicant; none as long as it says nothing. Its token is checked against
    /// the machine as the log knows it.
    fn verdict(
        &mut self,
        state: &State,
        applicant: &Applicant,
    ) -> Option<Result<NodeId, NotAdmitted>> {
        let Some(proof) = self.prove(state, applicant) else {
            return Some(Err(NotAdmitted::Token(applicant.machine.clone())));
        };
        match state.join(&proof) {
            Ok(Joining::Again) => Some(Ok(proof.node)),
            Err(refusal) => Some(Err(refusal.into())),
            Ok(Joining::New) => {
                Api.observe(&mut self.proved, proof, self.last_time);
                None
            }
        }
    }

    fn prove(&self, state: &State, applicant: &Applicant) -> Option<Proof> {
        let machine = &applicant.machine;
        let invitation = state.invited.get(machine)?;
        let attempt = invitation.attempt;
        if !join_token_fits(&self.join_key, machine, attempt, &applicant.token) {
            return None;
        }
        Some(Proof {
            machine: machine.clone(),
            node: invitation.node.clone(),
            attempt,
            public_key: applicant.public_key.clone(),
        })
    }

    /// Time until the first of those that wait has waited long enough.
    pub(super) fn patience(&self, within: Millis) -> Option<Millis> {
        let waited = self.waiting.iter().map(|w| w.since.elapsed()).max()?;
        Some(Millis(within.0.saturating_sub(waited.0)))
    }

    /// Another commit of the api stands in the log.
    pub(super) fn folded(&mut self, commit: &Commit) {
        self.last_time = self.last_time.max(commit.time);
    }

    /// What is to be said next, if anything.
    pub(super) fn commit(&self, known: &Known, now: Time) -> Option<Commit> {
        let time = now.max(self.last_time);
        let draft = Api.next(&known.state, &self.proved, time).draft?;
        if draft.is_empty() {
            return None;
        }
        Some(Commit {
            actor: Writer::Api.actor(),
            operation: None,
            answers: None,
            cause: None,
            as_of: known.folded,
            core: Api.version().to_owned(),
            time,
            traceparent: None,
            prev: known.head(&Self::subject()).prev,
            evidence: draft.evidence,
            events: draft.events,
        })
    }
}
