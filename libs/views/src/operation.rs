//! An operation: an accepted command and what its decider has made of it.

use gantry_events::{
    Actor, Command, Fact, Intent, OperationId, Problem, ProjectName, ReleaseNumber, Scope, Seq,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::short::short;
use crate::steps::{StepState, Steps};
use crate::{DocKey, Documents, Entry, Standing};

/// What a client asked for, from the command to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperationDoc {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: OperationId,
    /// What was asked for.
    pub kind: OperationKind,
    /// How far it is.
    pub state: OperationState,
    /// The project it is meant for, or `cluster`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// Who asked.
    #[schema(value_type = String)]
    pub actor: Actor,
    /// What it has come through and what it is at.
    #[serde(flatten)]
    pub steps: Steps,
    /// Why it failed, if it did: a code and a sentence.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Problem>,
    /// The operation that overtook it, if one did.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub superseded_by: Option<OperationId>,
    /// Whether it changed anything; unknown until it is decided.
    pub changed: Option<bool>,
    /// The release it made, if it made one.
    #[schema(value_type = Option<u32>)]
    pub release: Option<ReleaseNumber>,
    /// Where its command stands in the log.
    #[schema(value_type = u64)]
    pub seq: Seq,
    /// Where its end stands, once it has ended.
    #[schema(value_type = Option<u64>)]
    pub end_seq: Option<Seq>,
    /// Since when, waiting for what, until when. `until` is its decider's word: none while queued.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum OperationKind {
    /// To make the project as a file says.
    #[serde(rename = "config.put")]
    ConfigPut,
    /// To set how many replicas a service has.
    #[serde(rename = "service.scale")]
    ScaleService,
    /// To remove a service.
    #[serde(rename = "service.remove")]
    RemoveService,
    /// To make a pool of machines.
    #[serde(rename = "pool.create")]
    CreatePool,
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Accepted, not yet decided.
    Queued,
    /// Taken on.
    Running,
    /// All that was asked for is true.
    Succeeded,
    /// Refused, or given up; `problem` says why.
    Failed,
    /// A newer operation overtook it.
    Superseded,
}

impl OperationState {
    /// Whether it has ended.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Superseded => true,
        }
    }
}

impl OperationKind {
    fn of(intent: &Intent) -> Self {
        match intent {
            Intent::ConfigPut(_) => Self::ConfigPut,
            Intent::ScaleService(_) => Self::ScaleService,
            Intent::RemoveService(_) => Self::RemoveService,
            Intent::CreatePool(_) => Self::CreatePool,
        }
    }
}

impl OperationDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::operation(self.id)
    }

    fn taken_on(&mut self, entry: &Entry<'_>) {
        if self.state == OperationState::Queued {
            self.state = OperationState::Running;
            self.standing = Standing::at_rest(entry.time);
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
        match self.steps.waiting_for() {
            Some(what) => self.standing.wait(what, self.standing.until),
            None => self.standing = Standing::at_rest(self.standing.since),
        }
    }

    fn until(&mut self, until: gantry_events::Time) {
        self.standing.until = self.standing.until.max(Some(until));
    }
}

/// The operation that a fact is about or belongs to.
pub(crate) fn operation_of(entry: &Entry<'_>, fact: &Fact) -> Option<OperationId> {
    let own = match fact {
        Fact::OperationRefused(d) => Some(d.operation),
        Fact::OperationUnchanged(d) => Some(d.operation),
        Fact::OperationResolving(d) => Some(d.operation),
        Fact::OperationSucceeded(d) => Some(d.operation),
        Fact::OperationFailed(d) => Some(d.operation),
        Fact::OperationSuperseded(d) => Some(d.operation),
        Fact::ReleaseCreated(d) => Some(d.operation),
        Fact::RolloutStarted(d) => Some(d.operation),
        Fact::RolloutFinished(d) => Some(d.operation),
        Fact::RolloutFailed(d) => Some(d.operation),
        Fact::RolloutSuperseded(d) => Some(d.operation),
        Fact::PoolCreated(d) => Some(d.operation),
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
        | Fact::MachineRequested(_)
        | Fact::MachineCreated(_)
        | Fact::MachineStarted(_)
        | Fact::MachineReady(_)
        | Fact::MachineOverdue(_)
        | Fact::TableApplied(_) => None,
    };
    own.or(entry.operation)
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
    let key = operation_of(entry, fact).map(DocKey::operation);
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
        Fact::ServiceConfigured(_)
        | Fact::ServiceScaled(_)
        | Fact::ServiceRemoved(_)
        | Fact::ServiceEnded(_) => {
            doc.changed = Some(true);
            doc.taken_on(entry);
        }
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
        | Fact::TableApplied(_) => {}
    }
}

/// A step begins: its name, and what it waits for.
fn begin(
    doc: &mut OperationDoc,
    entry: &Entry<'_>,
    (name, what): (&str, &str),
    until: gantry_events::Time,
) {
    doc.taken_on(entry);
    doc.steps.begin(name, entry.time, what);
    doc.until(until);
    doc.wait_for_steps();
}

fn end_rollout(
    doc: &mut OperationDoc,
    entry: &Entry<'_>,
    service: &gantry_events::ServiceName,
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

impl OperationDoc {
    /// The project it is meant for, if it is meant for one.
    pub fn project(&self) -> Option<&ProjectName> {
        match &self.scope {
            Scope::Cluster => None,
            Scope::Project(name) => Some(name),
        }
    }
}
