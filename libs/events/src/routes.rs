//! `RouteTable`: what one balancer should route, as lb-sync hands it to a driver, and what the
//! balancer says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{HostName, LogId, Millis, ProjectName, ReplicaKey, Seq, ServiceName};

/// All routes of a balancer as of one sequence. Swapped in whole, never half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// The log it was folded from.
    pub log: LogId,
    /// Sequence it rests on.
    pub seq: Seq,
    /// Routes by host name, lower case, without a port. Each service with a port has one.
    pub routes: BTreeMap<String, Route>,
    /// Further hosts, and where each leads. A host that has a route as well is that route's.
    #[serde(default)]
    pub domains: BTreeMap<HostName, Leads>,
    /// Replicas on their way out: no new requests, and when their time is over.
    pub draining: BTreeMap<ReplicaKey, Draining>,
}

/// Where requests for one host go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// At most one replica a slot.
    pub backends: BTreeMap<ReplicaKey, Backend>,
}

/// Where a domain leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leads {
    /// To the route of this host.
    Route(String),
    /// Away: clients are sent to the same path on this host.
    Redirect(HostName),
}

/// One replica that may be given requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Address on the machines' private network.
    pub address: SocketAddr,
}

/// A replica that leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draining {
    /// How long requests in flight may go on, counted from when the balancer first sees it draining.
    pub drain: Millis,
}

/// What a balancer says is live: the sequence of its table, and the draining replicas it has let go
/// (no request in flight, or their time over).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStatus {
    /// Log and sequence of the live table.
    pub log: LogId,
    /// Sequence of the live table.
    pub seq: Seq,
    /// Draining replicas of that table that hold no request any more.
    pub released: BTreeSet<ReplicaKey>,
    /// Requests in flight by replica, where there are any.
    pub in_flight: BTreeMap<ReplicaKey, u64>,
}

/// The host at which every http service answers: `SERVICE.PROJECT.localhost`.
pub fn host_of(project: &ProjectName, service: &ServiceName) -> String {
    format!("{service}.{project}.localhost")
}
