//! The host's Docker engine, and those inside simulated machines, through the `docker` program.

use anyhow::{Context, bail};
use tokio::process::Command;

async fn output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .await
        .context("starting a program")?;
    if !output.status.success() {
        bail!(
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs `docker` on the host.
pub async fn docker(arguments: &[&str]) -> anyhow::Result<String> {
    output("docker", arguments).await
}

/// Runs `docker` inside a simulated machine.
pub async fn in_machine(machine: &str, arguments: &[&str]) -> anyhow::Result<String> {
    output(
        "docker",
        &[&["exec", machine, "docker"], arguments].concat(),
    )
    .await
}

/// Ids of the replica containers that run on a machine, by label `gantry.replica`.
pub async fn containers_of_machine(machine: &str, replica: &str) -> anyhow::Result<Vec<String>> {
    let label = format!("label=gantry.replica={replica}");
    let ids = in_machine(machine, &["ps", "-q", "--no-trunc", "--filter", &label]).await?;
    Ok(ids.lines().map(str::to_owned).collect())
}

/// The container of a compose service of this cluster.
pub async fn service_container(cluster: &str, service: &str) -> anyhow::Result<String> {
    let project = format!("label=com.docker.compose.project={cluster}");
    let service = format!("label=com.docker.compose.service={service}");
    let ids = output(
        "docker",
        &["ps", "-aq", "--filter", &project, "--filter", &service],
    )
    .await?;
    ids.lines()
        .next()
        .map(str::to_owned)
        .with_context(|| format!("no container of {service}"))
}

/// Process id on the host of a container's first process; fails while it does not run.
pub async fn host_pid(container: &str) -> anyhow::Result<u32> {
    let pid: u32 = output("docker", &["inspect", "-f", "{{.State.Pid}}", container])
        .await?
        .parse()?;
    if pid == 0 {
        bail!("{container} does not run");
    }
    Ok(pid)
}

/// SIGKILL to a process of the host.
pub async fn kill_process(pid: u32) -> anyhow::Result<()> {
    output("kill", &["-9", &pid.to_string()]).await.map(|_| ())
}
