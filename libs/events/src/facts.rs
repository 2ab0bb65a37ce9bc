//! What each fact says, kind by kind.

mod balancer;
mod machine;
mod node;
mod operation;
mod release;
mod replica;
mod service;

pub use balancer::TableApplied;
pub use machine::{
    MachineCreated, MachineOverdue, MachineReady, MachineRequested, MachineStarted, PoolCreated,
};
pub use node::{Capacity, LogBegun, NodeAdmitted, NodeJoined};
pub use operation::{
    OperationFailed, OperationRefused, OperationResolving, OperationSucceeded, OperationSuperseded,
    OperationUnchanged,
};
pub use release::{
    ReleaseCreated, RolloutFailed, RolloutFinished, RolloutStarted, RolloutSuperseded,
};
pub use replica::{
    Explanation, FailureReason, ReplicaDraining, ReplicaFailed, ReplicaOverdue, ReplicaPlaced,
    ReplicaReady, ReplicaRestarted, ReplicaStopped, ReplicaStopping, ReplicaUnready, RetireReason,
    Unfit,
};
pub use service::{
    ServiceConfigured, ServiceEnded, ServiceRemoved, ServiceScaled, ServiceUnplaced,
};
