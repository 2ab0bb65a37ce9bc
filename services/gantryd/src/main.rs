//! `gantryd`: the one program that carries every role of Gantry, one process and container each. No
//! logic of a role stands here; this is the switch that picks one.

use clap::{Parser, Subcommand};

mod health_check;
mod init;
mod nats_supervise;
mod role;

/// Carries every role of Gantry.
#[derive(Debug, Parser)]
#[command(name = "gantryd", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The one-shot first start: keys, configuration, credentials, the log's first fact
    Init,
    /// HTTP in, commands out, the read model served
    Api,
    /// What runs where
    Scheduler,
    /// Which machines exist
    Provisioner,
    /// The containers of one node
    NodeWorker,
    /// The routes of one balancer
    LbSync,
    /// The built-in balancer's data plane
    Ingress,
    /// The control plane and the balancer in one process, for a first look
    All,
    /// PID 1 of a simulated machine
    MachineInit,
    /// Runs the NATS server, and starts it anew when a full disk has room again
    NatsSupervise,
    /// Whether the role in this container is useful: exit code 0 or 1
    Healthcheck,
    /// Prints each setting of a role with its source
    Settings {
        /// The role
        role: role::Name,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Every TLS client of this process uses ring; only a second call can fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(carry_out(arguments.command))
}

async fn carry_out(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init => role::once("init", init::run).await,
        Command::Api => role::serve(role::Name::Api).await,
        Command::Scheduler => role::serve(role::Name::Scheduler).await,
        Command::Provisioner => role::serve(role::Name::Provisioner).await,
        Command::NodeWorker => role::serve(role::Name::NodeWorker).await,
        Command::LbSync => role::serve(role::Name::LbSync).await,
        Command::Ingress => role::serve(role::Name::Ingress).await,
        Command::All => role::serve_all().await,
        Command::MachineInit => role::machine_init().await,
        Command::NatsSupervise => role::once("nats-supervise", nats_supervise::run).await,
        Command::Healthcheck => health_check::run().await,
        Command::Settings { role } => print_lines(&role::settings(role)?),
    }
}

#[allow(clippy::print_stdout, reason = "this is what the command is for")]
fn print_lines(lines: &[String]) -> anyhow::Result<()> {
    for line in lines {
        println!("{line}");
    }
    Ok(())
}
