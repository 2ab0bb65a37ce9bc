//! `ContainerSpec`: all that a node needs to run a replica, whatever project, release or node it is
//! for. Labels and the variables that name the replica are left to the node-worker.

use std::collections::BTreeMap;

use gantry_events::Digest;
use serde::{Deserialize, Serialize};

use crate::content::{FileContent, FilePath};
use crate::form;
use crate::image::ImageRef;
use crate::model::{EnvName, Health, HttpPort, Resources, Service};

/// What a replica's container is made of. Equal contents have equal digests, so services that run the
/// same share one, and a release that changes nothing names the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// The image, pinned to its digest.
    pub image: ImageRef,
    /// Replaces the image's CMD; empty keeps it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Replaces the image's ENTRYPOINT; empty keeps it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The port it serves HTTP on; without one it is a worker, and no balancer routes to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<HttpPort>,
    /// Environment, byte for byte.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<EnvName, String>,
    /// Files it finds at these paths, read-only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<FilePath, FileContent>,
    /// How it is seen to be ready.
    pub health: Health,
    /// What it reserves and may use at most.
    #[serde(default)]
    pub resources: Resources,
}

impl ContainerSpec {
    /// What each replica of this service runs, with its image as `pinned` says.
    pub fn of(service: &Service, pinned: ImageRef) -> Self {
        Self {
            image: pinned,
            command: service.command.clone(),
            entrypoint: service.entrypoint.clone(),
            port: service.port,
            env: service.env.clone(),
            files: service.files.clone(),
            health: service.health.clone(),
            resources: service.resources,
        }
    }

    /// Names the content. Made over the very JSON that [`ContainerSpec::canonical`] gives.
    pub fn digest(&self) -> Digest {
        Digest::of(self.canonical().as_bytes())
    }

    /// The content as it travels to nodes; what was read back from it gives the same text again.
    pub fn canonical(&self) -> String {
        form::json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Service {
        serde_json::from_str(text).unwrap()
    }

    const WEB: &str = r#"{"image":"localhost:5000/web:1","port":8080,"replicas":3,
        "health":{"tcp":true,"interval":"5s","timeout":"2s","start_within":"60s"},
        "resources":{"cpu":0.5},"env":{"A":"\u007f1.10"}}"#;

    fn spec(text: &str, pin: &[u8]) -> ContainerSpec {
        let service = service(text);
        let pinned = service.image.pinned(Digest::of(pin));
        ContainerSpec::of(&service, pinned)
    }

    #[test]
    fn a_spec_read_back_has_the_same_digest() {
        let spec = spec(WEB, b"1");
        let again: ContainerSpec = serde_json::from_str(&spec.canonical()).unwrap();
        assert_eq!((again.digest(), &again), (spec.digest(), &spec));
    }

    #[test]
    fn the_digest_follows_the_image_and_not_the_number_of_replicas() {
        let more = WEB.replace("\"replicas\":3", "\"replicas\":5");
        assert_eq!(spec(WEB, b"1").digest(), spec(&more, b"1").digest());
        assert_ne!(spec(WEB, b"1").digest(), spec(WEB, b"2").digest());
    }
}
