//! What nodes say over core NATS and what they are asked there. It is never stored: whoever missed it
//! knows nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Millis, NodeId, ReplicaKey, Time};

/// A node is there, and how far its replicas are. Published on `hb.NODE` each [`Heartbeat::PERIOD`],
/// and at once when a stage changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The node.
    pub node: NodeId,
    /// Its replicas, as far as it knows them.
    pub replicas: BTreeMap<ReplicaKey, StageReport>,
}

impl Heartbeat {
    /// Time between two heartbeats.
    pub const PERIOD: Millis = Millis(1000);
    /// A node from which nothing came for so long is silent. Source: design, section 4.
    pub const SILENT_AFTER: Millis = Millis(2500);
}

/// How far a replica is on its node, and why not further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReport {
    /// How far.
    pub stage: ReplicaStage,
    /// What holds it up, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_up: Option<String>,
}

/// Stages of a replica on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaStage {
    /// Nothing is done yet: its spec is asked for, or the engine is silent.
    Placed,
    /// Its image is fetched.
    Pulling,
    /// Its container is made.
    Creating,
    /// Its process is started, or has not answered its probe yet.
    Starting,
    /// It answers its probe.
    Ready,
    /// It does not answer its probe any more.
    Unready,
    /// It is being stopped.
    Stopping,
    /// It has ended.
    Ended,
}

/// The question `ask.node.NODE`: the last lines of one replica's output. Answered by [`LogTail`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsAsked {
    /// The replica.
    pub replica: ReplicaKey,
    /// How many lines at most.
    pub tail: u32,
    /// Only lines after this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

/// The last lines of one replica's output, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTail {
    /// The lines. 1 MiB at most: the oldest are left out.
    pub lines: Vec<TailLine>,
    /// Why there are none, where that is not that there is no output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// One line of a replica's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailLine {
    /// `stdout` or `stderr`.
    pub stream: String,
    /// When the engine read it.
    pub time: Time,
    /// The line, without its end.
    pub line: String,
}
