//! Settings of the ingress, each with its default and unit.

use std::net::SocketAddr;
use std::path::PathBuf;

use gantry_events::{Bytes, Millis};
use serde::{Deserialize, Serialize};

/// What can be set. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the cluster; stands in the log.
    pub cluster: String,
    /// Where requests come in. Default: port 8080 of every address.
    pub http_address: SocketAddr,
    /// The unix socket at which tables are taken and the status is told; its folder must exist.
    pub ingress_socket: PathBuf,
    /// Where the last table is kept; its folder must exist.
    pub ingress_table: PathBuf,
    /// Connections from outside at a time; more wait to be accepted. Default 10,000.
    pub http_connections: u32,
    /// Longest head of a request, its first line included; longer is 431. 8 KiB at least, default 32 KiB.
    pub http_head_bytes: Bytes,
    /// Most header lines of a request; more is 431. Default 100.
    pub http_head_lines: u32,
    /// Time from the first byte of a head to its last. Default 10 s.
    pub http_head_within: Millis,
    /// How long a connection from outside may stay open without a request. Default 75 s.
    pub http_idle: Millis,
    /// How long a body may stand still, in either direction, before its connection is cut. Default 75 s.
    pub http_stall: Millis,
    /// How long a connection that was upgraded (WebSocket) may pass no byte either way. Default 1 h: those who
    /// want to know sooner whether the other side lives say something now and then.
    pub http_upgraded_idle: Millis,
    /// Time to connect to a replica. Default 2 s.
    pub replica_connect_within: Millis,
    /// How long a replica may take for the head of its answer, counted from the last byte of the
    /// request that moved. Default 60 s.
    pub replica_answer_within: Millis,
    /// How long a replica that refused or kept failing is given no requests while there are others.
    /// Default 5 s.
    pub replica_skip: Millis,
    /// Requests in a row that a replica may break off, or answer with nonsense, before it is skipped. Default 3.
    pub replica_failures: u32,
    /// How long requests may wait for a replica that begins no answer at all before others are given the next
    /// ones. Default 3 s: with the probes' share a replica that hangs is out within 5 s.
    pub replica_silent: Millis,
    /// Idle connections kept for each replica. Default 64.
    pub replica_kept: u32,
    /// How long an idle connection to a replica is kept. Default 30 s: below what servers commonly allow.
    pub replica_idle: Millis,
    /// How long requests in flight may go on once the process should stop. Default 8 s: a container is
    /// given 10 s.
    pub http_shutdown: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: "gantry".to_owned(),
            http_address: SocketAddr::from(([0, 0, 0, 0], 8080)),
            ingress_socket: "/run/gantry/ingress/ingress.sock".into(),
            ingress_table: "/var/lib/gantry/ingress-table.json".into(),
            http_connections: 10_000,
            http_head_bytes: Bytes(32 * 1024),
            http_head_lines: 100,
            http_head_within: Millis::from_secs(10),
            http_idle: Millis::from_secs(75),
            http_stall: Millis::from_secs(75),
            http_upgraded_idle: Millis::from_secs(3600),
            replica_connect_within: Millis::from_secs(2),
            replica_answer_within: Millis::from_secs(60),
            replica_skip: Millis::from_secs(5),
            replica_failures: 3,
            replica_silent: Millis::from_secs(3),
            replica_kept: 64,
            replica_idle: Millis::from_secs(30),
            http_shutdown: Millis::from_secs(8),
        }
    }
}
