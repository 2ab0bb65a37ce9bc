//! Settings of the node-worker, each with its default and unit.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use gantry_events::{MachineId, NodeId};
use serde::{Deserialize, Serialize};

/// What can be set. The first six come with the machine; what a machine was not given it must be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Name of the cluster; stands in the label `gantry.cluster` of every container.
    pub cluster: String,
    /// The machine this is.
    pub machine: Option<MachineId>,
    /// The node it is to be; the api's answer must name the same one.
    pub node: Option<NodeId>,
    /// The attempt at this machine that the token is of. Known to the api as well; shown in logs.
    pub attempt: u32,
    /// The one-time token with which it joins. Needed until it has.
    pub join_token: Option<String>,
    /// The api, which lets it join.
    pub api_url: String,
    /// The bus.
    pub nats_url: String,
    /// The system's registry, host and port. What connects to `relay_address` is taken there.
    pub registry: String,
    /// Where images named `localhost:5000` are asked for. Default: port 5000 of loopback.
    pub relay_address: SocketAddr,
    /// Connections to the registry at a time; more wait. Default 64.
    pub relay_connections: u32,
    /// The Docker engine's socket.
    pub docker_socket: PathBuf,
    /// Containers that are made or started at a time, and images that are pulled at a time; more wait.
    /// What stops or is removed waits for none of them. Default 8.
    pub steps_at_once: u32,
    /// Where key, credential and wanted set are kept.
    pub data: PathBuf,
    /// Address of this machine on the machines' private network. Default: the one from which the bus is
    /// reached.
    pub address: Option<IpAddr>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: "gantry".to_owned(),
            machine: None,
            node: None,
            attempt: 0,
            join_token: None,
            api_url: "http://api:7070".to_owned(),
            nats_url: "nats://nats:4222".to_owned(),
            registry: "registry:5000".to_owned(),
            relay_address: SocketAddr::from(([127, 0, 0, 1], 5000)),
            relay_connections: 64,
            docker_socket: PathBuf::from("/var/run/docker.sock"),
            steps_at_once: 8,
            data: PathBuf::from("/var/lib/gantry"),
            address: None,
        }
    }
}
