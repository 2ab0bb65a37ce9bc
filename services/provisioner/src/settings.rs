//! Settings of the provisioner.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use gantry_events::{Bytes, MilliCpu};
use serde::{Deserialize, Serialize};

use crate::providers::local::LocalSettings;

/// Longest id of a cluster, in characters: it begins names that have a length of their own.
const LONGEST_CLUSTER: usize = 40;

/// What can be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The cluster's id. It begins the name of every machine and stands in its labels.
    pub cluster: String,
    /// Address of the bus, here and from inside machines.
    pub nats_url: String,
    /// The credential folder.
    pub creds: PathBuf,
    /// Address of the api, from inside machines.
    pub api_url: String,
    /// The system's registry as machines reach it: host and port.
    pub registry: String,
    /// The engine's socket.
    pub docker_socket: PathBuf,
    /// Image of a machine.
    pub machine_image: String,
    /// Network that machines are in; nats, api and registry are reached over it.
    pub machine_network: String,
    /// Most memory of a machine, in bytes; 0 sets no limit.
    pub machine_memory: Bytes,
    /// Most processor time of a machine, in thousandths of a core; 0 sets no limit.
    pub machine_cpu: MilliCpu,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: "gantry".to_owned(),
            nats_url: "nats://nats:4222".to_owned(),
            creds: PathBuf::from("/run/gantry/creds"),
            api_url: "http://api:7070".to_owned(),
            registry: "registry:5000".to_owned(),
            docker_socket: PathBuf::from("/var/run/docker.sock"),
            machine_image: "gantry/machine:gantry".to_owned(),
            machine_network: "gantry".to_owned(),
            // An engine with its containers; what it cannot have is not missed by the control plane.
            machine_memory: Bytes(2 << 30),
            // An engine refuses a limit above what its host has, so none is the only one for every host.
            machine_cpu: MilliCpu(0),
        }
    }
}

/// A setting that can never do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The cluster's id cannot stand in names.
    #[error("cluster is `{0}`; write up to 40 of a-z, 0-9, - and _, a letter or digit first")]
    Cluster(String),
    /// A setting without which no machine can be made is empty.
    #[error("{0} is empty; set it, or leave it out for its default")]
    Empty(&'static str),
}

/// A cluster's id, fit to begin names: up to 40 of `a-z 0-9 - _`, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterId(String);

impl FromStr for ClusterId {
    type Err = SettingError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = text
            .bytes()
            .all(|byte| plain(byte) || b"-_".contains(&byte));
        if fits && text.bytes().next().is_some_and(plain) && text.len() <= LONGEST_CLUSTER {
            return Ok(Self(text.to_owned()));
        }
        Err(SettingError::Cluster(text.chars().take(80).collect()))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Settings {
    /// The settings of the provider `local`.
    pub fn local(&self) -> Result<LocalSettings, SettingError> {
        let filled = |name, text: &String| match text.is_empty() {
            true => Err(SettingError::Empty(name)),
            false => Ok(text.clone()),
        };
        Ok(LocalSettings {
            cluster: self.cluster.parse()?,
            socket: self.docker_socket.clone(),
            image: filled("machine_image", &self.machine_image)?,
            network: filled("machine_network", &self.machine_network)?,
            memory: self.machine_memory,
            cpu: self.machine_cpu,
            api_url: filled("api_url", &self.api_url)?,
            nats_url: filled("nats_url", &self.nats_url)?,
            registry: filled("registry", &self.registry)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_compose_file() {
        let local = Settings::default().local().unwrap();
        assert_eq!(local.cluster.to_string(), "gantry");
        assert_eq!(local.image, "gantry/machine:gantry");
    }

    #[test]
    fn a_cluster_that_cannot_stand_in_names_is_refused() {
        for good in ["gantry", "g2", "2g", "a_b-c"] {
            assert!(good.parse::<ClusterId>().is_ok(), "{good}");
        }
        let longer = "a".repeat(41);
        for bad in ["", "-a", "_a", "A", "a b", "a=b", "a/b", &longer] {
            assert!(bad.parse::<ClusterId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_setting_is_named() {
        let settings = Settings {
            machine_image: String::new(),
            ..Settings::default()
        };
        assert_eq!(settings.local(), Err(SettingError::Empty("machine_image")));
    }
}
