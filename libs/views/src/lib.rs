//! The documents people read: one a kind, each folded by a pure function from the commands and facts
//! of the log.
//!
//! [`touched`] names the documents that an entry is about, [`fold`] changes them. Each holds its
//! entity's own facts and stays within [`MAX_BYTES`]; what has no bound (a file, an explanation over
//! many nodes) is named by digest or cut. Leaves to others: storing them and their past
//! (`gantry-read-model`), how they travel over HTTP (`gantry-rest`), and what is never a fact, as a
//! replica's passing stages and a node's silence (laid over reads by the api).

mod balancer;
mod document;
mod fold;
mod key;
mod machine;
mod node;
mod operation;
mod pool;
mod project;
mod release;
mod replica;
mod service;
mod short;
mod standing;
mod steps;
pub mod why;

pub use balancer::{BalancerDoc, BalancerState};
pub use document::{Document, Documents, UnreadableDocument, View};
pub use fold::{fold, touched};
pub use gantry_decider::{Entry, Said};
pub use key::DocKey;
pub use machine::{MachineDoc, MachineState};
pub use node::{Availability, Heard, Liveness, NodeDoc, NodeState, Open};
pub use operation::{OperationDoc, OperationKind, OperationState};
pub use pool::{PoolDoc, PoolState};
pub use project::{ProjectDoc, ProjectState};
pub use release::{ReleaseDoc, ReleaseState};
pub use replica::{HEAL_WITHIN, LastExit, ReplicaDoc, ReplicaState};
pub use service::{LastFailure, ReplicaCounts, ServiceDoc, ServiceState, Unplaced};
pub use standing::Standing;
pub use steps::{Progress, Step, StepState, Steps};

/// Version of all folds together. Raise it with any change of a fold, a document's form, or the
/// tables they are stored in: read models then rebuild themselves.
pub const FOLD_VERSION: u32 = 5;

/// The most a document takes as JSON. The number is the design's: a page of a thousand stays small.
pub const MAX_BYTES: usize = 4096;
