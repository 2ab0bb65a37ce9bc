//! What each fact makes of the operation it belongs to.

use gantry_events::{Actor, Command, Fact, NodeId, Problem, Time};

use super::owner::{of_drain, operation_of};
use super::{OperationDoc, OperationKind, OperationState, machines, steps};
use crate::short::short;
use crate::steps::{Progress, StepState, Steps};
use crate::{DocKey, Documents, Entry, NodeDoc, Standing};

/// A command was accepted: its operation is born, queued.
pub(crate) fn accept(entry: &Entry<'_>, command: &Command, documents: &mut Documents) {
    let key = DocKey::operation(command.operation);
    if documents.get(&key).is_some() {
        return;
    }
    let decider = command.intent.decider().writer().kind().as_str();
    documents.write(OperationDoc {
        id: command.operation,
        kind: OperationKind::of(&command.intent),
        state: OperationState::Queued,
        scope: command.intent.scope(),
        actor: short_actor(&command.actor),
        steps: Steps::default(),
        problem: None,
        superseded_by: None,
        changed: None,
        release: None,
        rolled_back_by: None,
        seq: entry.place.seq,
        end_seq: None,
        standing: Standing::waiting(entry.time, format!("the {decider} to decide it"), None),
    });
}

/// Steps the operation that a fact belongs to, once the fact is folded into its entity.
pub(crate) fn follow(entry: &Entry<'_>, fact: &Fact, documents: &mut Documents) {
    let Some(key) = operation_of(entry, fact, documents).map(DocKey::operation) else {
        return;
    };
    let place = machines::place_of(fact, documents);
    let Some(doc) = documents.change::<OperationDoc>(&key) else {
        return;
    };
    if doc.state.is_final() {
        return;
    }
    step(doc, entry, fact);
    machines::step(doc, entry, fact, &place);
}

/// The replicas of a node that an operation drains are fewer or more.
pub(crate) fn follow_drain(node: &NodeId, documents: &mut Documents) {
    let Some(operation) = of_drain(node, documents) else {
        return;
    };
    let left = documents
        .find::<NodeDoc>(&DocKey::node(node))
        .map_or(0, |doc| doc.replicas);
    if let Some(doc) = documents.change::<OperationDoc>(&DocKey::operation(operation))
        && !doc.state.is_final()
    {
        doc.steps.leave(&format!("node/{node}"), left);
        doc.wait_for_steps();
    }
}

fn step(doc: &mut OperationDoc, entry: &Entry<'_>, fact: &Fact) {
    match fact {
        Fact::OperationRefused(d) => doc.fail(entry, &d.problem),
        Fact::OperationFailed(d) => doc.fail(entry, &d.problem),
        Fact::OperationUnchanged(_) | Fact::OperationSucceeded(_) => {
            doc.end(entry, OperationState::Succeeded, StepState::Done);
        }
        Fact::OperationSuperseded(d) => {
            doc.superseded_by = Some(d.by);
            doc.end(entry, OperationState::Superseded, StepState::Superseded);
        }
        Fact::OperationResolving(d) => {
            let what = format!("digests of {} images", d.images.len());
            doc.begin(entry, ("images", &what), d.until);
        }
        Fact::ReleaseCreated(d) => steps::released(doc, entry, d),
        Fact::RolloutStarted(d) => {
            let what = format!("replicas of {} to be as asked for", d.service);
            let step = format!("service/{}", d.service);
            doc.begin(entry, (&step, &what), d.until);
        }
        Fact::RolloutAdvanced(d) => {
            let (done, of) = (d.done, d.of);
            let step = format!("service/{}", d.service);
            doc.steps.advance(&step, Progress { done, of });
            doc.until(d.until);
            doc.wait_for_steps();
        }
        Fact::RolloutFinished(d) => steps::end_rollout(doc, entry, &d.service, StepState::Done),
        Fact::RolloutFailed(d) => steps::fail_rollout(doc, entry, d),
        Fact::RolloutSuperseded(d) => {
            steps::end_rollout(doc, entry, &d.service, StepState::Superseded);
        }
        Fact::ServiceConfigured(_) | Fact::ServiceScaled(_) | Fact::ServiceRestarted(_) => {
            doc.changed = Some(true);
            doc.taken_on(entry);
        }
        Fact::ServiceRemoved(d) => {
            doc.changed = Some(true);
            let what = format!("replicas of {} to stop", d.service);
            doc.begin(entry, (&format!("service/{}", d.service), &what), None);
        }
        Fact::ServiceEnded(d) => steps::end_rollout(doc, entry, &d.service, StepState::Done),
        // foreign: nodes, pools and machines have their steps apart; nothing else is a step.
        _ => {}
    }
}

/// Names of users and tokens have no bound in the log; a document has.
fn short_actor(actor: &Actor) -> Actor {
    match actor {
        Actor::User(name) => Actor::User(short(name, 100)),
        Actor::Token(name) => Actor::Token(short(name, 100)),
        Actor::Service(_) | Actor::Node(_) => actor.clone(),
    }
}

/// What a running operation waits for between two steps.
const NEXT_STEP: &str = "its next step";

impl OperationDoc {
    /// A step begins: its name, and what it waits for.
    pub(super) fn begin(
        &mut self,
        entry: &Entry<'_>,
        (name, what): (&str, &str),
        until: impl Into<Option<Time>>,
    ) {
        self.taken_on(entry);
        self.steps.begin(name, entry.time, what);
        if let Some(until) = until.into() {
            self.until(until);
        }
        self.wait_for_steps();
    }

    pub(super) fn taken_on(&mut self, entry: &Entry<'_>) {
        if self.state == OperationState::Queued {
            self.state = OperationState::Running;
            self.standing = Standing::waiting(entry.time, NEXT_STEP, None);
        }
    }

    fn end(&mut self, entry: &Entry<'_>, state: OperationState, steps: StepState) {
        self.state = state;
        self.end_seq = Some(entry.place.seq);
        self.standing = Standing::at_rest(entry.time);
        self.steps.end_all(steps, entry.time);
        self.changed.get_or_insert(false);
    }

    fn fail(&mut self, entry: &Entry<'_>, problem: &Problem) {
        let detail = short(&problem.detail, 600);
        self.problem = Some(Problem::new(problem.code, detail));
        self.end(entry, OperationState::Failed, StepState::Failed);
    }

    pub(super) fn wait_for_steps(&mut self) {
        let what = self.steps.waiting_for();
        let until = self.standing.until;
        self.standing
            .wait(what.as_deref().unwrap_or(NEXT_STEP), until);
    }

    pub(super) fn until(&mut self, until: Time) {
        self.standing.until = self.standing.until.max(Some(until));
    }
}
