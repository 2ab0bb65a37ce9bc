//! `WantedSet`: what one node should make true. It is an answer, not a fact: it travels signed over
//! core NATS and rests on the sequence it names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, LogId, Millis, NodeId, ReleaseNumber, ReplicaKey, Seq, ServiceName};

/// Everything one node should run, as of one sequence of one log. Only an explicit set stops anything;
/// no answer means unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSet {
    /// The log it was folded from.
    pub log: LogId,
    /// Sequence it rests on. A node follows a set only if this is not below the last one it followed.
    pub seq: Seq,
    /// The node it is for.
    pub node: NodeId,
    /// The replicas, whole.
    pub replicas: BTreeMap<ReplicaKey, WantedReplica>,
}

/// One replica as a node should have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedReplica {
    /// The service it belongs to.
    pub service: ServiceName,
    /// The release it came with.
    pub release: ReleaseNumber,
    /// Names its container spec, which `ask.spec` answers.
    pub spec: Digest,
    /// Running, or on its way out.
    pub phase: ReplicaPhase,
}

/// Whether a replica should run or stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum ReplicaPhase {
    /// Keep it running and healthy.
    Run,
    /// SIGTERM now, SIGKILL after `grace`.
    Stop {
        /// Time between SIGTERM and SIGKILL.
        grace: Millis,
    },
}
