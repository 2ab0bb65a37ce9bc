//! What the rows share: a service, the traffic on it, and a way into its containers.

use gantry_e2e::{System, Traffic, containers_of_machine, image, in_machine};
use gantry_views::ReplicaDoc;

/// Connections that ask all the time.
const CONNECTIONS: usize = 64;

/// A file of one service whose processes drop what is in flight on them when they are told to end: only the
/// right order saves it.
pub fn abrupt(project: &str, version: u32, replicas: u32) -> String {
    format!(
        "gantry: 1\nproject: {project}\nservices:\n  web:\n    image: {}\n    port: 8080\n    replicas: {replicas}\n    \
         health: {{path: /healthz, interval: 500ms}}\n    env: {{VERSION: \"{version}\", ON_TERM: exit}}\n",
        image()
    )
}

/// Traffic on the service `web` of a project.
pub fn traffic(system: &System, project: &str) -> anyhow::Result<Traffic> {
    let host = format!("web.{project}.localhost");
    Traffic::begin(system.ingress(), &host, CONNECTIONS)
}

/// Sends a signal to a replica's process, behind the back of everyone.
pub async fn signal(system: &System, replica: &ReplicaDoc, name: &str) -> anyhow::Result<()> {
    let machine = system.node(replica).await?.machine;
    let containers = containers_of_machine(&machine, replica.id.as_str()).await?;
    anyhow::ensure!(containers.len() == 1, "{} has {containers:?}", replica.id);
    in_machine(&machine, &["kill", "-s", name, &containers[0]]).await?;
    Ok(())
}
