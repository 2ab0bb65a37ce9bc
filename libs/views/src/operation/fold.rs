//! What each fact makes of the operation it belongs to.

use gantry_events::{
    Actor, Command, Fact, MachineId, OperationId, PoolName, Problem, ServiceName, Time,
};

use super::{OperationDoc, OperationKind, OperationState};
use crate::short::short;
use crate::steps::{StepState, Steps};
use crate::{DocKey, Documents, Entry, MachineDoc, PoolDoc, Standing};

/// The operation that a fact is about or belongs to. A machine's belong to its pool's, which waits
/// for them.
pub(crate) fn operation_of(
    entry: &Entry<'_>,
    fact: &Fact,
    known: &Documents,
) -> Option<OperationId> {
    let own = match fact {
        Fact::OperationRefused(d) => Some(d.operation),
        Fact::OperationUnchanged(d) => Some(d.operation),
        Fact::OperationResolving(d) => Some(d.operation),
        Fact::OperationSucceeded(d) => Some(d.operation),
        Fact::OperationFailed(d) => Some(d.operation),
        Fact::OperationSuperseded(d) => Some(d.operation),
        Fact::ReleaseCreated(d) => Some(d.operation),
        Fact::RolloutStarted(d) => Some(d.operation),
        Fact::RolloutAdvanced(d) => Some(d.operation),
        Fact::RolloutFinished(d) => Some(d.operation),
        Fact::RolloutFailed(d) => Some(d.operation),
        Fact::RolloutSuperseded(d) => Some(d.operation),
        Fact::PoolCreated(d) => Some(d.operation),
        Fact::PoolScaled(d) => Some(d.operation),
        Fact::PoolClosing(d) => Some(d.operation),
        Fact::NodeCordoned(d) => Some(d.operation),
        Fact::NodeUncordoned(d) => d.operation,
        Fact::NodeDraining(d) => d.operation,
        Fact::MachineLeaving(d) => of_machine(&d.machine, known),
        Fact::MachineKept(d) => of_machine(&d.machine, known),
        Fact::MachineRemoving(d) => of_machine(&d.machine, known),
        Fact::MachineRemoved(d) => of_machine(&d.machine, known),
        Fact::MachineGone(d) => of_machine(&d.machine, known),
        Fact::MachineRequested(d) => of_pool(&d.pool, known),
        Fact::MachineCreated(d) => of_machine(&d.machine, known),
        Fact::MachineStarted(d) => of_machine(&d.machine, known),
        Fact::MachineReady(d) => of_machine(&d.machine, known),
        Fact::MachineOverdue(d) => of_machine(&d.machine, known),
        Fact::LogBegun(_)
        | Fact::NodeAdmitted(_)
        | Fact::NodeJoined(_)
        | Fact::ServiceConfigured(_)
        | Fact::ServiceScaled(_)
        | Fact::ServiceRemoved(_)
        | Fact::ServiceEnded(_)
        | Fact::ServiceUnplaced(_)
        | Fact::ReplicaPlaced(_)
        | Fact::ReplicaDraining(_)
        | Fact::ReplicaStopping(_)
        | Fact::ReplicaOverdue(_)
        | Fact::ReplicaReady(_)
        | Fact::ReplicaUnready(_)
        | Fact::ReplicaRestarted(_)
        | Fact::ReplicaFailed(_)
        | Fact::ReplicaStopped(_)
        | Fact::NodeSuspected(_)
        | Fact::NodeReturned(_)
        | Fact::NodeLost(_)
        | Fact::NodeOverdue(_)
        | Fact::NodeDrained(_)
        | Fact::ServiceRestarted(_)
        | Fact::ReplicaLost(_)
        | Fact::ReplicaRegained(_)
        | Fact::PoolRemoved(_)
        | Fact::TableApplied(_) => None,
    };
    own.or(entry.operation)
}

fn of_machine(machine: &MachineId, known: &Documents) -> Option<OperationId> {
    let machine = known.find::<MachineDoc>(&DocKey::machine(machine))?;
    of_pool(&machine.pool, known)
}

fn of_pool(pool: &PoolName, known: &Documents) -> Option<OperationId> {
    let pool = known.find::<PoolDoc>(&DocKey::pool(pool))?;
    Some(pool.operation)
}

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
        seq: entry.place.seq,
        end_seq: None,
        standing: Standing::waiting(entry.time, format!("the {decider} to decide it"), None),
    });
}

/// Steps the operation that a fact belongs to.
pub(crate) fn follow(entry: &Entry<'_>, fact: &Fact, documents: &mut Documents) {
    let key = operation_of(entry, fact, documents).map(DocKey::operation);
    let Some(doc) = key.and_then(|key| documents.change::<OperationDoc>(&key)) else {
        return;
    };
    if doc.state.is_final() {
        return;
    }
    step(doc, entry, fact);
}

fn step(doc: &mut OperationDoc, entry: &Entry<'_>, fact: &Fact) {
    let now = entry.time;
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
            begin(doc, entry, ("images", &what), d.until);
        }
        Fact::ReleaseCreated(d) => {
            doc.release = Some(d.release);
            doc.changed = Some(true);
            doc.steps.end("images", StepState::Done, now, None);
            doc.steps.done(&format!("release/{}", d.release), now);
            doc.taken_on(entry);
        }
        Fact::RolloutStarted(d) => {
            let what = format!("replicas of {} to be as asked for", d.service);
            begin(
                doc,
                entry,
                (&format!("service/{}", d.service), &what),
                d.until,
            );
        }
        Fact::RolloutFinished(d) => end_rollout(doc, entry, &d.service, (StepState::Done, None)),
        Fact::RolloutFailed(d) => {
            let why = Some(d.problem.detail.as_str());
            end_rollout(doc, entry, &d.service, (StepState::Failed, why));
        }
        Fact::RolloutSuperseded(d) => {
            end_rollout(doc, entry, &d.service, (StepState::Superseded, None));
        }
        Fact::ServiceConfigured(_) | Fact::ServiceScaled(_) => {
            doc.changed = Some(true);
            doc.taken_on(entry);
        }
        Fact::ServiceRemoved(d) => {
            doc.changed = Some(true);
            let what = format!("replicas of {} to stop", d.service);
            begin(doc, entry, (&format!("service/{}", d.service), &what), None);
        }
        Fact::ServiceEnded(d) => end_rollout(doc, entry, &d.service, (StepState::Done, None)),
        Fact::PoolCreated(d) => {
            doc.changed = Some(true);
            let what = format!("{} machines to join", d.size);
            begin(doc, entry, (&format!("pool/{}", d.pool), &what), d.until);
        }
        Fact::MachineRequested(d) => {
            let what = format!("machine {} to join", d.machine);
            begin(
                doc,
                entry,
                (&format!("machine/{}", d.machine), &what),
                d.until,
            );
        }
        Fact::MachineCreated(d) => doc.until(d.until),
        Fact::MachineReady(d) => {
            doc.steps.end(
                &format!("machine/{}", d.machine),
                StepState::Done,
                now,
                None,
            );
            doc.wait_for_steps();
        }
        Fact::MachineOverdue(d) => doc.until(d.until),
        Fact::LogBegun(_)
        | Fact::NodeAdmitted(_)
        | Fact::NodeJoined(_)
        | Fact::ServiceUnplaced(_)
        | Fact::ReplicaPlaced(_)
        | Fact::ReplicaDraining(_)
        | Fact::ReplicaStopping(_)
        | Fact::ReplicaOverdue(_)
        | Fact::ReplicaReady(_)
        | Fact::ReplicaUnready(_)
        | Fact::ReplicaRestarted(_)
        | Fact::ReplicaFailed(_)
        | Fact::ReplicaStopped(_)
        | Fact::MachineStarted(_)
        | Fact::NodeSuspected(_)
        | Fact::NodeReturned(_)
        | Fact::NodeLost(_)
        | Fact::NodeCordoned(_)
        | Fact::NodeUncordoned(_)
        | Fact::NodeDraining(_)
        | Fact::NodeOverdue(_)
        | Fact::NodeDrained(_)
        | Fact::RolloutAdvanced(_)
        | Fact::ServiceRestarted(_)
        | Fact::ReplicaLost(_)
        | Fact::ReplicaRegained(_)
        | Fact::PoolScaled(_)
        | Fact::PoolClosing(_)
        | Fact::PoolRemoved(_)
        | Fact::MachineLeaving(_)
        | Fact::MachineKept(_)
        | Fact::MachineRemoving(_)
        | Fact::MachineRemoved(_)
        | Fact::MachineGone(_)
        | Fact::TableApplied(_) => {}
    }
}

/// A step begins: its name, and what it waits for.
fn begin(
    doc: &mut OperationDoc,
    entry: &Entry<'_>,
    (name, what): (&str, &str),
    until: impl Into<Option<Time>>,
) {
    doc.taken_on(entry);
    doc.steps.begin(name, entry.time, what);
    if let Some(until) = until.into() {
        doc.until(until);
    }
    doc.wait_for_steps();
}

fn end_rollout(
    doc: &mut OperationDoc,
    entry: &Entry<'_>,
    service: &ServiceName,
    (state, why): (StepState, Option<&str>),
) {
    doc.steps
        .end(&format!("service/{service}"), state, entry.time, why);
    doc.wait_for_steps();
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
    fn taken_on(&mut self, entry: &Entry<'_>) {
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

    fn wait_for_steps(&mut self) {
        let what = self.steps.waiting_for();
        let until = self.standing.until;
        self.standing
            .wait(what.as_deref().unwrap_or(NEXT_STEP), until);
    }

    fn until(&mut self, until: Time) {
        self.standing.until = self.standing.until.max(Some(until));
    }
}
