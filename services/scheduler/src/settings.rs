//! Settings of the scheduler.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address of the bus.
    pub nats_url: String,
    /// The credential folder.
    pub creds: PathBuf,
    /// The system's own registry as the scheduler reaches it: host and port. Files name it
    /// `localhost:5000`.
    pub registry: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nats_url: "nats://nats:4222".to_owned(),
            creds: PathBuf::from("/run/gantry/creds"),
            registry: "registry:5000".to_owned(),
        }
    }
}
