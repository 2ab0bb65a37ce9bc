//! Settings of the api, each with its default and unit.

use std::net::SocketAddr;
use std::path::PathBuf;

use gantry_events::Millis;
use serde::{Deserialize, Serialize};

/// What can be set. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the cluster.
    pub cluster: String,
    /// Where the bus is.
    pub nats_url: String,
    /// Where the bus's server tells about itself.
    pub nats_monitor_url: String,
    /// The credential folder.
    pub creds: PathBuf,
    /// The read model's folder, made if missing. It may be removed at will.
    pub read_model: PathBuf,
    /// Where the interface is served. Default: port 7070 of every address.
    pub api_address: SocketAddr,
    /// Starts even where an acknowledged write may be lost when the power goes. For development only.
    pub unsafe_dev: bool,
    /// Requests that are answered at once, streams aside; what comes besides is 429. Default 1024.
    pub requests_at_once: u32,
    /// Streams of events and log lines at once; what comes besides is 429. Default 256.
    pub streams_at_once: u32,
    /// Requests that may wait to be written; what comes after is 503. Default 1024.
    pub command_queue: u32,
    /// Time a command may take to be found in the log; after that it is 503. Default 5 s.
    pub command_within: Millis,
    /// How long a read waits for `min_seq`; after that it is 504. Default 10 s.
    pub read_within: Millis,
    /// Longest wait that a client may ask for. Default 60 s.
    pub longest_wait: Millis,
    /// Connections at once; more wait to be accepted. Default 4096.
    pub connections_at_once: u32,
    /// Time a connection may take for the head of a request, and may be silent before it. Default 30 s.
    pub head_within: Millis,
    /// Time the body of a request may take to arrive whole. Default 30 s.
    pub body_within: Millis,
    /// Time a node may take to answer a question, as for log lines. Default 5 s.
    pub node_within: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: "gantry".to_owned(),
            nats_url: "nats://nats:4222".to_owned(),
            nats_monitor_url: "http://nats:8222".to_owned(),
            creds: "/run/gantry/creds".into(),
            read_model: "/var/lib/gantry/read-model".into(),
            api_address: SocketAddr::from(([0, 0, 0, 0], 7070)),
            unsafe_dev: false,
            requests_at_once: 1024,
            streams_at_once: 256,
            command_queue: 1024,
            command_within: Millis::from_secs(5),
            read_within: Millis::from_secs(10),
            longest_wait: Millis::from_secs(60),
            connections_at_once: 4096,
            head_within: Millis::from_secs(30),
            body_within: Millis::from_secs(30),
            node_within: Millis::from_secs(5),
        }
    }
}
