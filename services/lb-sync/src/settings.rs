//! Settings of lb-sync.

use std::path::PathBuf;

use gantry_events::BalancerId;
use serde::{Deserialize, Serialize};

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the cluster. Its credentials must be of the same.
    pub cluster: String,
    /// Address of the bus.
    pub nats_url: String,
    /// The credential folder.
    pub creds: PathBuf,
    /// The balancer that is driven; its facts stand under this id.
    pub balancer: BalancerId,
    /// The unix socket of the ingress.
    pub ingress_socket: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: "gantry".to_owned(),
            nats_url: "nats://nats:4222".to_owned(),
            creds: PathBuf::from("/run/gantry/creds"),
            balancer: "b1".parse().expect("b1 is a balancer's id"),
            ingress_socket: PathBuf::from("/run/gantry/ingress/ingress.sock"),
        }
    }
}
