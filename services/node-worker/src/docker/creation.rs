//! What a replica's container is made of, as data for the engine.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, PortBinding,
};
use gantry_events::ReplicaKey;
use gantry_node_worker_core::Creation;

use super::Ours;
use crate::files::Mounted;

pub(super) const PROJECT: &str = "gantry.project";
pub(super) const REPLICA: &str = "gantry.replica";
pub(super) const SPEC: &str = "gantry.spec";
pub(super) const PORT: &str = "gantry.port";

/// Processes and threads in one container: far more than a service needs, far fewer than a machine has.
const MOST_PROCESSES: i64 = 4096;

/// Seconds between SIGTERM and SIGKILL when the engine itself goes down: a machine has ten for all.
/// A replica that is told to stop gets the grace of its own.
const ENGINE_GRACE: i64 = 5;

/// What the engine keeps of a container's output: three files of 10 MB, so that no output fills a disk.
const OUTPUT: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "3")];

/// Name of a replica's container in its engine.
pub(super) fn name(replica: &ReplicaKey) -> String {
    format!("{}.{}", replica.project, replica.replica)
}

/// The container to be made. Its published port stands open on every address of the machine, as the
/// machine's own may change; machines keep their private network to themselves.
pub(super) fn body(
    ours: &Ours,
    replica: &ReplicaKey,
    creation: &Creation,
    files: &[Mounted],
) -> ContainerCreateBody {
    let spec = &creation.spec;
    let port = spec.port.map(|port| format!("{port}/tcp"));
    ContainerCreateBody {
        image: Some(spec.image.to_string()),
        cmd: some(&spec.command),
        entrypoint: some(&spec.entrypoint),
        hostname: Some(replica.replica.to_string()),
        env: Some(env(ours, replica, creation)),
        labels: Some(labels(ours, replica, creation)),
        exposed_ports: port.clone().map(|port| vec![port]),
        stop_timeout: Some(ENGINE_GRACE),
        host_config: Some(HostConfig {
            mounts: Some(files.iter().map(mount).collect()),
            ..host_config(port, creation)
        }),
        ..ContainerCreateBody::default()
    }
}

fn some(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

/// The names that Gantry gives come last, and win.
fn env(ours: &Ours, replica: &ReplicaKey, creation: &Creation) -> Vec<String> {
    let spec = &creation.spec;
    let own = spec
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let given = [
        format!("GANTRY_PROJECT={}", replica.project),
        format!("GANTRY_SERVICE={}", creation.service),
        format!("GANTRY_REPLICA={}", replica.replica),
        format!("GANTRY_RELEASE={}", creation.release),
        format!("GANTRY_NODE={}", ours.node),
    ];
    own.chain(given)
        .chain(spec.port.map(|port| format!("PORT={port}")))
        .collect()
}

fn labels(ours: &Ours, replica: &ReplicaKey, creation: &Creation) -> HashMap<String, String> {
    let fixed = [
        ("gantry.cluster", ours.cluster.clone()),
        ("gantry.node", ours.node.to_string()),
        ("gantry.service", creation.service.to_string()),
        ("gantry.release", creation.release.to_string()),
        (PROJECT, replica.project.to_string()),
        (REPLICA, replica.replica.to_string()),
        (SPEC, creation.digest.to_string()),
    ];
    let port = creation.port.map(|port| (PORT, port.to_string()));
    fixed
        .into_iter()
        .chain(port)
        .map(|(label, value)| (label.to_owned(), value))
        .collect()
}

fn mount(file: &Mounted) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(file.from.display().to_string()),
        target: Some(file.at.to_string()),
        read_only: Some(true),
        ..Mount::default()
    }
}

fn host_config(port: Option<String>, creation: &Creation) -> HostConfig {
    let resources = creation.spec.resources;
    let memory = resources
        .memory
        .and_then(|memory| i64::try_from(memory.0).ok());
    let binding = |port: u16| PortBinding {
        host_ip: Some("0.0.0.0".to_owned()),
        host_port: Some(port.to_string()),
    };
    let log = OUTPUT.map(|(option, value)| (option.to_owned(), value.to_owned()));
    HostConfig {
        memory,
        // As much as the memory itself: no swap, so that a limit is one.
        memory_swap: memory,
        nano_cpus: resources.cpu.map(|cpu| i64::from(cpu.0) * 1_000_000),
        pids_limit: Some(MOST_PROCESSES),
        port_bindings: port
            .zip(creation.port)
            .map(|(inner, outer)| HashMap::from([(inner, Some(vec![binding(outer)]))])),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(HashMap::from(log)),
        }),
        ..HostConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use gantry_events::{Digest, ReleaseNumber};

    fn creation() -> Creation {
        let image = format!("localhost:5000/web@{}", Digest::of(b"image"));
        let spec = format!(
            r#"{{"image":"{image}","command":["serve"],"port":8080,"env":{{"A":"1","PORT":"9"}},
                "health":{{"tcp":true,"interval":"5s","timeout":"2s","start_within":"60s"}},
                "resources":{{"cpu":0.5,"memory":"64Mi"}}}}"#
        );
        Creation {
            service: "web".parse().unwrap(),
            release: ReleaseNumber(3),
            digest: Digest::of(b"spec"),
            spec: Arc::new(serde_json::from_str(&spec).unwrap()),
            port: Some(20_123),
        }
    }

    #[test]
    fn a_container_carries_its_names_its_port_and_its_limits() {
        let ours = Ours {
            cluster: "c".to_owned(),
            node: "n1".parse().unwrap(),
        };
        let file = Mounted {
            from: "/data/files/0".into(),
            at: "/etc/a:b".parse().unwrap(),
        };
        let replica = "shop/web-7f3k2q".parse().unwrap();
        let body = body(&ours, &replica, &creation(), &[file]);
        let env = body.env.unwrap();
        assert!(env.contains(&"GANTRY_RELEASE=r3".to_owned()) && env.contains(&"A=1".to_owned()));
        assert_eq!(env.last().unwrap(), "PORT=8080", "the last one counts");
        let labels = body.labels.unwrap();
        assert_eq!(
            (
                labels["gantry.cluster"].as_str(),
                labels["gantry.port"].as_str()
            ),
            ("c", "20123")
        );
        assert_eq!(
            (body.cmd, body.entrypoint),
            (Some(vec!["serve".to_owned()]), None)
        );
        let host = body.host_config.unwrap();
        assert_eq!(
            (host.nano_cpus, host.memory),
            (Some(500_000_000), Some(64 << 20))
        );
        let mounts = host.mounts.unwrap();
        assert_eq!(
            (mounts[0].target.as_deref(), mounts[0].read_only),
            (Some("/etc/a:b"), Some(true))
        );
        let bound = host.port_bindings.unwrap()["8080/tcp"].clone().unwrap();
        assert_eq!(bound[0].host_port.as_deref(), Some("20123"));
    }
}
