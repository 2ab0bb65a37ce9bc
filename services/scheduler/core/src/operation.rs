//! An operation that was taken on and has not ended.

use std::collections::BTreeSet;

use gantry_events::{Digest, OperationId, Place, ProjectName, Time};
use serde::{Deserialize, Serialize};

use crate::State;

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
    },
}

impl Operation {
    /// The project it changes.
    pub fn project(&self) -> &ProjectName {
        match self {
            Self::Resolving { project, .. } | Self::Rolling { project } => project,
        }
    }
}

/// Operations that end when a newer one takes effect in their project: those that change it now, and
/// those that were asked for earlier and would come later.
pub(crate) fn overtaken(
    state: &State,
    project: &ProjectName,
    by: OperationId,
    command: Place,
) -> Vec<OperationId> {
    let ends = |operation: &Operation| match operation {
        Operation::Resolving { command: other, .. } => *other < command,
        Operation::Rolling { .. } => true,
    };
    state
        .operations
        .iter()
        .filter(|(id, operation)| **id != by && operation.project() == project && ends(operation))
        .map(|(id, _)| *id)
        .collect()
}
