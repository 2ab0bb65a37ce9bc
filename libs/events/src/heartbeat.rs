//! `Heartbeat`: what a node says of itself each second, and `BalancerBeat`: what an lb-sync does. Neither
//! is a fact: they travel over core NATS as `hb.<node>` and `hb.balancer.<balancer>` and are never stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{BalancerId, Capacity, LogId, NodeId, ReplicaKey, Seq};

/// One beat of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The node.
    pub node: NodeId,
    /// The log it reports to.
    pub log: LogId,
    /// Sequence of the wanted set it follows; none before the first.
    pub seq: Option<Seq>,
    /// What it can give to replicas in all.
    pub capacity: Capacity,
    /// Where each replica of that set stands.
    pub stages: BTreeMap<ReplicaKey, Standing>,
}

/// Where a replica stands on its node, and why not further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Where.
    pub stage: Stage,
    /// What holds it up, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_up: Option<String>,
}

/// Stages of a replica on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing is done yet: its spec is asked for, or the engine is silent.
    Placed,
    /// Its image is pulled.
    Pulling,
    /// Its container is made.
    Creating,
    /// Its process is started, or has not answered yet.
    Starting,
    /// It answers.
    Ready,
    /// It does not answer any more.
    Unready,
    /// It is being stopped.
    Stopping,
    /// It has stopped as it should.
    Stopped,
    /// It was given up.
    Failed,
}

/// One beat of a balancer's lb-sync, each second as `hb.balancer.<balancer>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerBeat {
    /// The balancer.
    pub balancer: BalancerId,
    /// The log it follows.
    pub log: LogId,
    /// Sequence of the table that is live; none while the balancer itself does not answer.
    pub table: Option<Seq>,
}
