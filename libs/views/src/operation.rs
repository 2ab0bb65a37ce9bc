//! An operation: an accepted command and what its decider has made of it.

pub(crate) mod fold;
mod machines;
pub(crate) mod owner;
mod steps;

use gantry_events::{Actor, Intent, OperationId, Problem, ProjectName, ReleaseNumber, Scope, Seq};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::steps::Steps;
use crate::{DocKey, Standing};

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
    /// The release it made, or carries on since it overtook the operation that did.
    #[schema(value_type = Option<u32>)]
    pub release: Option<ReleaseNumber>,
    /// The release that undid it, if one did.
    #[schema(value_type = Option<u32>)]
    pub rolled_back_by: Option<ReleaseNumber>,
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
    /// To make the project as an earlier release had it.
    #[serde(rename = "release.rollback")]
    Rollback,
    /// To replace every replica of a service.
    #[serde(rename = "service.restart")]
    RestartService,
    /// To place nothing more on a node.
    #[serde(rename = "node.cordon")]
    CordonNode,
    /// To let a node take replicas again.
    #[serde(rename = "node.uncordon")]
    UncordonNode,
    /// To move all that runs on a node elsewhere.
    #[serde(rename = "node.drain")]
    DrainNode,
    /// To make a pool of machines.
    #[serde(rename = "pool.create")]
    CreatePool,
    /// To set how many machines a pool has.
    #[serde(rename = "pool.scale")]
    ScalePool,
    /// To remove a pool and its machines.
    #[serde(rename = "pool.remove")]
    RemovePool,
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
    /// Whether it changes services of the release that is there, and makes none.
    pub(crate) fn changes_a_service(self) -> bool {
        matches!(
            self,
            Self::ScaleService | Self::RemoveService | Self::RestartService
        )
    }

    fn of(intent: &Intent) -> Self {
        match intent {
            Intent::ConfigPut(_) => Self::ConfigPut,
            Intent::ScaleService(_) => Self::ScaleService,
            Intent::RemoveService(_) => Self::RemoveService,
            Intent::Rollback(_) => Self::Rollback,
            Intent::RestartService(_) => Self::RestartService,
            Intent::CordonNode(_) => Self::CordonNode,
            Intent::UncordonNode(_) => Self::UncordonNode,
            Intent::DrainNode(_) => Self::DrainNode,
            Intent::CreatePool(_) => Self::CreatePool,
            Intent::ScalePool(_) => Self::ScalePool,
            Intent::RemovePool(_) => Self::RemovePool,
        }
    }
}

impl OperationDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::operation(self.id)
    }

    /// The project it is meant for, if it is meant for one.
    pub fn project(&self) -> Option<&ProjectName> {
        match &self.scope {
            Scope::Cluster => None,
            Scope::Project(name) => Some(name),
        }
    }
}
