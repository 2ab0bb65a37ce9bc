//! An operation that was taken on and has not ended.

use std::collections::BTreeSet;

use gantry_events::{
    Digest, NodeId, OperationId, Place, Problem, ProjectName, ReleaseNumber, ServiceName, Time,
};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::failure::Failure;

/// How far a command is that was taken on. Those that ended are in the log alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Its images are being looked up.
    Resolving {
        /// The project.
        project: ProjectName,
        /// The command's place, by which newer and older are told apart.
        command: Place,
        /// Digest of the canonical file.
        config: Digest,
        /// Images that need a digest.
        images: BTreeSet<String>,
        /// Readings from before count for nothing: a tag may have moved.
        since: Time,
        /// When the look-up is given up.
        until: Time,
    },
    /// Its rollouts run.
    Rolling {
        /// The project.
        project: ProjectName,
        /// Which of them failed, if one did.
        late: Option<Late>,
    },
    /// Its release failed, and the project goes back to what it was before.
    RollingBack {
        /// The project.
        project: ProjectName,
        /// The release that failed.
        failed: ReleaseNumber,
        /// The release that has the earlier content.
        release: ReleaseNumber,
        /// The release it has that content of.
        to: ReleaseNumber,
        /// What failed.
        late: Late,
    },
    /// A node is being emptied.
    Draining {
        /// The node.
        node: NodeId,
    },
}

/// A rollout that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Its service.
    pub service: ServiceName,
    /// Why it failed, as was known then.
    pub problem: Problem,
    /// What its nodes have said of one of its replicas, then or since.
    pub failure: Option<Failure>,
    /// Whether that came too late for the problem.
    pub is_new: bool,
}

impl Late {
    /// More is known of one of its replicas. The first that wrote something tells most.
    pub(crate) fn hears(&mut self, words: Failure) {
        let is_better = self.failure.as_ref().is_none_or(|before| {
            self.is_new && before.log_tail.is_empty() && !words.log_tail.is_empty()
        });
        if is_better {
            self.failure = Some(words);
            self.is_new = true;
        }
    }
}

impl Operation {
    /// The project it changes, if it changes one.
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Resolving { project, .. }
            | Self::Rolling { project, .. }
            | Self::RollingBack { project, .. } => Some(project),
            Self::Draining { .. } => None,
        }
    }
}

/// Operations that end when a newer one takes effect in their project: those that change it now, and
/// those that were asked for before `command` and would come later.
pub(crate) fn overtaken(
    state: &State,
    project: &ProjectName,
    by: OperationId,
    command: Option<Place>,
) -> Vec<OperationId> {
    let ends = |operation: &Operation| match operation {
        Operation::Resolving { command: other, .. } => {
            command.is_some_and(|command| *other < command)
        }
        Operation::Rolling { .. } | Operation::RollingBack { .. } => true,
        Operation::Draining { .. } => false,
    };
    let of_project = |operation: &Operation| operation.project() == Some(project);
    state
        .operations
        .iter()
        .filter(|(id, operation)| **id != by && of_project(operation) && ends(operation))
        .map(|(id, _)| *id)
        .collect()
}
