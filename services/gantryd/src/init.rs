//! `gantryd init`: the one-shot first start. Where the folders are and whose they are stands here; what
//! is done in them is `gantry-bus`'s first start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gantry_bus::credentials::ServerPlaces;
use gantry_bus::{FirstStart, Folder, Folders, Owner, RoleFolder};
use gantry_events::{Bytes, Writer};
use gantry_runtime::Clock;
use serde::{Deserialize, Serialize};

/// User ids of the containers, as docker-compose.yml has them.
const API: Owner = Owner {
    user: 10001,
    group: 10001,
};
const SCHEDULER: Owner = Owner {
    user: 10002,
    group: 10002,
};
const PROVISIONER: Owner = Owner { user: 0, group: 0 };
const LB_SYNC: Owner = Owner {
    user: 10004,
    group: 10004,
};
const INGRESS: Owner = Owner {
    user: 10005,
    group: 10004,
};
const NATS: Owner = Owner {
    user: 10006,
    group: 10006,
};
const INIT: Owner = Owner { user: 0, group: 0 };

/// Settings of `gantryd init`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InitSettings {
    /// Name of the cluster.
    pub cluster: String,
    /// Where roles reach the log's server.
    pub nats_url: String,
    /// Time the server may take to come up, in seconds.
    pub nats_within: u64,
    /// Room for the log, in bytes. More can be given later; less changes nothing.
    pub log_limit: u64,
    /// Port on which the operator reaches the api.
    pub api_port: u16,
    /// Port on which the operator reaches the HTTP ingress.
    pub http_port: u16,
    /// Port on which the operator reaches the registry.
    pub registry_port: u16,
    /// User id of the operator, who owns the operator's folder.
    pub uid: u32,
    /// Group id of the operator.
    pub gid: u32,
    /// The folder that holds every role's volume.
    pub volumes: PathBuf,
    /// The operator's folder.
    pub operator: PathBuf,
}

impl Default for InitSettings {
    fn default() -> Self {
        Self {
            cluster: "gantry".to_owned(),
            nats_url: "nats://nats:4222".to_owned(),
            nats_within: 60,
            log_limit: 1 << 30,
            api_port: 7070,
            http_port: 8080,
            registry_port: 5000,
            uid: 0,
            gid: 0,
            volumes: PathBuf::from("/volumes"),
            operator: PathBuf::from("/operator"),
        }
    }
}

/// Does what of the first start is still to be done. Fails with what to do about it.
pub async fn run(settings: InitSettings) -> anyhow::Result<()> {
    let first_start = FirstStart {
        folders: folders(&settings)?,
        api_url: format!("http://127.0.0.1:{}", settings.api_port),
        http_port: settings.http_port,
        registry_port: settings.registry_port,
        server: ServerPlaces {
            listen: "0.0.0.0:4222".to_owned(),
            monitor: "0.0.0.0:8222".to_owned(),
            store: "/var/lib/nats".to_owned(),
        },
        log_limit: Bytes(settings.log_limit),
        deadline: Duration::from_secs(settings.nats_within),
        cluster: settings.cluster,
        nats_url: settings.nats_url,
    };
    Ok(first_start.run(Clock::default().now()).await?)
}

fn folders(settings: &InitSettings) -> anyhow::Result<Folders> {
    let folder = |name: &str, owner| Folder {
        path: settings.volumes.join(name),
        owner,
    };
    let role = |role, writer, owner| RoleFolder {
        role,
        writer,
        folder: folder(&format!("{role}-creds"), owner),
    };
    Ok(Folders {
        secrets: folder("init-secrets", INIT),
        server: folder("nats-config", NATS),
        roles: vec![
            role("api", Writer::Api, API),
            role("scheduler", Writer::Scheduler, SCHEDULER),
            role("provisioner", Writer::Provisioner, PROVISIONER),
            role("lb-sync", Writer::Balancer("b1".parse()?), LB_SYNC),
        ],
        operator: operator(&settings.operator, settings),
        given: vec![folder("api-data", API), folder("ingress-data", INGRESS)],
        shared: vec![folder("ingress-socket", INGRESS)],
    })
}

fn operator(path: &Path, settings: &InitSettings) -> Folder {
    Folder {
        path: path.to_owned(),
        owner: Owner {
            user: settings.uid,
            group: settings.gid,
        },
    }
}
