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
    MachineCreated, MachineGone, MachineKept, MachineLeaving, MachineOverdue, MachineReady,
    MachineRemoved, MachineRemoving, MachineRequested, MachineStarted, PoolClosing, PoolCreated,
    PoolRemoved, PoolScaled,
};
pub use node::{
    Capacity, LogBegun, NodeAdmitted, NodeCordoned, NodeDrained, NodeDraining, NodeJoined,
    NodeLost, NodeOverdue, NodeReturned, NodeSuspected, NodeUncordoned,
};
pub use operation::{
    OperationFailed, OperationRefused, OperationResolving, OperationSucceeded, OperationSuperseded,
    OperationUnchanged,
};
pub use release::{
    ReleaseCreated, RolloutAdvanced, RolloutFailed, RolloutFinished, RolloutStarted,
    RolloutSuperseded,
};
pub use replica::{
    Explanation, FailureReason, ReplicaDraining, ReplicaFailed, ReplicaLost, ReplicaOverdue,
    ReplicaPlaced, ReplicaReady, ReplicaRegained, ReplicaRestarted, ReplicaStopped,
    ReplicaStopping, ReplicaUnready, RetireReason, Unfit,
};
pub use service::{
    ServiceConfigured, ServiceEnded, ServiceRemoved, ServiceRestarted, ServiceScaled,
    ServiceUnplaced,
};
