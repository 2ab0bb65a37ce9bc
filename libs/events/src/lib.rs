//! The words of the log: ids, time, envelope, every fact and command with its version, and the one
//! table of who may write what.
//!
//! Leaves to others: how messages are stored and marked (`gantry-bus`), what is decided
//! (`services/*/core`), what people read (`gantry-views`).

mod actor;
mod command;
mod digest;
mod envelope;
mod fact;
mod facts;
mod heartbeat;
mod ids;
mod output;
mod owners;
mod place;
mod policy;
mod problem;
mod routes;
mod subject;
mod time;
mod units;
mod wanted;

pub use actor::Actor;
pub use command::{
    Command, ConfigPut, CordonNode, CreatePool, DrainNode, Intent, RemovePool, RemoveService,
    RestartService, Rollback, ScalePool, ScaleService, UncordonNode,
};
pub use digest::Digest;
pub use envelope::{CommandBatch, Commit, Event, Evidence};
pub use fact::{EntityRef, Fact, Kind, Scope};
pub use facts::*;
pub use heartbeat::{BalancerBeat, Heartbeat, Stage, Standing};
pub use ids::{
    BalancerId, EnvironmentName, LogId, MachineId, NodeId, OperationId, ParseNameError, PoolName,
    ProjectName, ReleaseNumber, ReplicaId, ReplicaKey, ServiceKey, ServiceName, Slot,
};
pub use output::{OutputAnswer, OutputAsked, OutputFrom, OutputLine, OutputPlace, OutputStream};
pub use owners::{may_write, types_of};
pub use place::{ParsePlaceError, Place, Seq};
pub use policy::{Domain, Domains, HostName, ParseHostNameError, PlacePolicy, RolloutPolicy};
pub use problem::{Problem, ProblemCode};
pub use routes::{Backend, Draining, Leads, Route, RouteTable, TableStatus, host_of};
pub use subject::{Decider, LogSubject, ParseSubjectError, Writer, WriterKind};
pub use time::{ParseTimeError, Time};
pub use units::{Bytes, MilliCpu, Millis};
pub use wanted::{ReplicaPhase, WantedReplica, WantedSet};
