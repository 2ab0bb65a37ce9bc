//! A machine as a container: its names, labels, rights, volumes and environment, as values.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, HostConfigLogConfig, Mount, MountType,
    NetworkingConfig, RestartPolicy, RestartPolicyNameEnum, VolumeCreateRequest,
};
use gantry_bus::{JoinKey, join_token};
use gantry_events::MachineId;
use gantry_provisioner_core::WantedMachine;

use super::LocalSettings;

/// Label of everything that belongs to a cluster; its value is the cluster's id.
pub(super) const CLUSTER: &str = "gantry.cluster";
/// Label of a machine's container and volumes; its value is the machine's id.
pub(super) const MACHINE: &str = "gantry.machine";
/// Label of a machine's container; its value is the node's id.
const NODE: &str = "gantry.node";

/// Seconds from SIGTERM to SIGKILL: the node-worker leaves containers running, their engine stops them.
const STOP_WITHIN: i64 = 15;

/// The volumes of a machine: the end of the name, and where it is mounted. The engine's own cannot lie
/// on the container's file system, whose overlay cannot carry another; the other holds the node's key.
const VOLUMES: [(&str, &str); 2] = [("docker", "/var/lib/docker"), ("data", "/var/lib/gantry")];

type Labels = HashMap<String, String>;

/// Name of a machine's container.
pub(super) fn name(settings: &LocalSettings, machine: &MachineId) -> String {
    format!("{}-{machine}", settings.cluster)
}

/// The volumes of a machine, to be made before its container.
pub(super) fn volumes(settings: &LocalSettings, machine: &MachineId) -> Vec<VolumeCreateRequest> {
    let volume = |(end, _)| VolumeCreateRequest {
        name: Some(volume_name(settings, machine, end)),
        labels: Some(labels(settings, machine)),
        ..VolumeCreateRequest::default()
    };
    VOLUMES.into_iter().map(volume).collect()
}

/// The container of a machine.
pub(super) fn container(
    settings: &LocalSettings,
    key: &JoinKey,
    machine: &MachineId,
    wanted: &WantedMachine,
) -> ContainerCreateBody {
    let mut labels = labels(settings, machine);
    labels.insert(NODE.to_owned(), wanted.node.to_string());
    let network = HashMap::from([(settings.network.clone(), EndpointSettings::default())]);
    ContainerCreateBody {
        image: Some(settings.image.clone()),
        hostname: Some(name(settings, machine)),
        env: Some(environment(settings, key, machine, wanted)),
        labels: Some(labels),
        stop_timeout: Some(STOP_WITHIN),
        host_config: Some(host(settings, machine)),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(network),
        }),
        ..ContainerCreateBody::default()
    }
}

/// Nearly privileged, so that an engine can run inside: a host that lacks a capability itself refuses
/// `privileged`, and every device would come with it.
fn host(settings: &LocalSettings, machine: &MachineId) -> HostConfig {
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    HostConfig {
        cap_add: texts(&["ALL"]),
        cap_drop: texts(&["SYS_RESOURCE"]),
        security_opt: texts(&["seccomp=unconfined", "apparmor=unconfined"]),
        mounts: Some(mounts(settings, machine)),
        network_mode: Some(settings.network.clone()),
        memory: limit(settings.memory.0),
        nano_cpus: limit(u64::from(settings.cpu.0) * 1_000_000),
        // The provisioner starts it again, and says so.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(pairs([("max-size", "10m"), ("max-file", "3")])),
        }),
        ..HostConfig::default()
    }
}

fn mounts(settings: &LocalSettings, machine: &MachineId) -> Vec<Mount> {
    let mount = |(end, target): (&str, &str)| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume_name(settings, machine, end)),
        target: Some(target.to_owned()),
        ..Mount::default()
    };
    VOLUMES.into_iter().map(mount).collect()
}

/// What the node-worker inside is told; the keys are those of its settings.
fn environment(
    settings: &LocalSettings,
    key: &JoinKey,
    machine: &MachineId,
    wanted: &WantedMachine,
) -> Vec<String> {
    let pairs = [
        ("CLUSTER", settings.cluster.to_string()),
        ("MACHINE", machine.to_string()),
        ("NODE", wanted.node.to_string()),
        ("ATTEMPT", wanted.attempt.to_string()),
        ("JOIN_TOKEN", join_token(key, machine, wanted.attempt)),
        ("API_URL", settings.api_url.clone()),
        ("NATS_URL", settings.nats_url.clone()),
        ("REGISTRY", settings.registry.clone()),
    ];
    pairs
        .map(|(name, value)| format!("GANTRY_{name}={value}"))
        .to_vec()
}

fn volume_name(settings: &LocalSettings, machine: &MachineId, end: &str) -> String {
    format!("{}-{end}", name(settings, machine))
}

fn labels(settings: &LocalSettings, machine: &MachineId) -> Labels {
    pairs([
        (CLUSTER, &*settings.cluster.to_string()),
        (MACHINE, machine.as_str()),
    ])
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn limit(most: u64) -> Option<i64> {
    i64::try_from(most).ok().filter(|most| *most > 0)
}
