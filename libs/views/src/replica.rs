//! A replica: one container of a service on one node, from its placement to its end.

mod counts;
pub(crate) mod fold;
mod words;

use std::net::SocketAddr;

use gantry_events::{
    Bytes, Digest, Explanation, MilliCpu, Millis, NodeId, ProjectName, ReleaseNumber, ReplicaId,
    ServiceName, Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{DocKey, Standing};

/// How long a replica that was ready is given to answer its probe again, as far as a reader is told.
/// The scheduler gives the same; when it passes, its `replica.overdue` says how it goes on.
pub const HEAL_WITHIN: Millis = Millis::from_secs(120);

/// A replica of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplicaDoc {
    /// Its id, unique in its project: `web-7f3k2q`.
    #[schema(value_type = String)]
    pub id: ReplicaId,
    /// The project.
    #[schema(value_type = String)]
    pub project: ProjectName,
    /// The service.
    #[schema(value_type = String)]
    pub service: ServiceName,
    /// The release its spec came with.
    #[schema(value_type = u32)]
    pub release: ReleaseNumber,
    /// How often its service was restarted by then.
    pub round: u32,
    /// Where it runs.
    #[schema(value_type = String)]
    pub node: NodeId,
    /// How far it is.
    pub state: ReplicaState,
    /// Since when, waiting for what, until when.
    #[serde(flatten)]
    pub standing: Standing,
    /// Where it listens, once it is ready, for a service with a port.
    #[schema(value_type = Option<String>)]
    pub address: Option<SocketAddr>,
    /// How often its process was started again in place.
    pub restarts: u32,
    /// How its process last ended.
    pub last_exit: Option<LastExit>,
    /// The slot it fills, from 0.
    pub slot: u32,
    /// For which epoch of the slot, from 1.
    pub epoch: u32,
    /// Names its container spec.
    #[schema(value_type = String)]
    pub spec: Digest,
    /// Thousandths of a core set aside for it.
    #[schema(value_type = u32)]
    pub cpu: MilliCpu,
    /// Bytes of memory set aside for it.
    #[schema(value_type = u64)]
    pub memory: Bytes,
    /// Why it is where it is.
    #[schema(value_type = Object)]
    pub explanation: Explanation,
    /// Why it leaves, left, is lost, or does not answer.
    pub reason: Option<String>,
    /// Its probe's last answer, if that was no good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// While it is lost: what it was, and will be taken for should its node return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ReplicaState>,
    /// Its last lines, if it failed, or its process ended without having been ready; the event holds more of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_tail: Vec<String>,
}

/// How a replica's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastExit {
    /// Its exit code, where known.
    pub code: Option<i64>,
    /// When that was reported.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
}

/// How far a replica is. Pulling, creating and starting are no facts; they travel with heartbeats and
/// are laid over reads of now. Starting is a fact only after a restart in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaState {
    /// Its node should start it.
    Placed,
    /// Its image is fetched.
    Pulling,
    /// Its container is made.
    Creating,
    /// Its process runs and has not answered its probe yet.
    Starting,
    /// It answers its probe.
    Ready,
    /// It answered once and does not now.
    Unready,
    /// It is given no new requests.
    Draining,
    /// It is told to stop.
    Stopping,
    /// Its service sleeps.
    Sleeping,
    /// It has stopped, as it should.
    Stopped,
    /// Its node gave it up.
    Failed,
    /// Its node was given up. It may run on, unrouted, and counts again should the node be back before
    /// its slot is filled.
    Lost,
}

impl ReplicaState {
    /// Whether it has ended, as far as is known.
    pub fn is_final(self) -> bool {
        match self {
            Self::Stopped | Self::Failed | Self::Lost => true,
            Self::Placed
            | Self::Pulling
            | Self::Creating
            | Self::Starting
            | Self::Ready
            | Self::Unready
            | Self::Draining
            | Self::Stopping
            | Self::Sleeping => false,
        }
    }

    /// Whether it is on its way out: its node's word on its health no longer changes its state.
    pub fn is_leaving(self) -> bool {
        matches!(self, Self::Draining | Self::Stopping)
    }
}

impl ReplicaDoc {
    pub(crate) fn doc_key(&self) -> DocKey {
        DocKey::replica(&self.project, &self.id)
    }
}
