//! The bench: how fast a deploy is, how fast the ingress, how small the services, of the system that the
//! environment names. Each is a ratio to a floor of the same run, since absolute times say more about the
//! machine. `scripts/bench.sh` brings a system of its own up for it.
//!
//! Reading down: `deploy` and `floor` (the same containers made directly), `ingress`, `nginx` and `load`
//! (requests a second), `memory`, `failures` (times that the failure tests measured); `entry` prints.

#![allow(clippy::print_stdout, reason = "this program's output is for people")]

mod deploy;
mod engine;
mod entry;
mod failures;
mod floor;
mod ingress;
mod load;
mod memory;
mod nginx;
mod sample;
mod system;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::entry::Entry;
use crate::system::System;

/// Measures the running system, prints ratios, and writes them as JSON.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything by default.
    #[arg(long, value_enum)]
    only: Vec<Measure>,
    /// Rounds of each comparison; the median counts.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Seconds of load on each balancer, each round.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Seconds of rest before memory is counted.
    #[arg(long, default_value_t = 15)]
    rest: u64,
    /// The command that runs the failure tests on the same system.
    #[arg(long)]
    failure_tests: Option<String>,
    /// The file to write.
    #[arg(long, default_value = "bench.json")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measure {
    Memory,
    Deploy,
    Ingress,
    Failures,
}

impl Arguments {
    fn measures(&self, measure: Measure) -> bool {
        self.only.is_empty() || self.only.contains(&measure)
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    // Only the first call in a process can fail, and this is it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let entries = measure(&arguments).await?;
    entry::print(&entries);
    entry::write(&entries, &arguments.out)?;
    println!("{}", arguments.out.display());
    Ok(())
}

async fn measure(arguments: &Arguments) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let system = System::of_environment()?;
    let rest = Duration::from_secs(arguments.rest);
    if arguments.measures(Measure::Memory) {
        entries.extend(memory::measure(&system, rest, memory::When::Fresh).await?);
    }
    if arguments.measures(Measure::Deploy) {
        entries.extend(deploy::measure(&system, arguments.rounds).await?);
    }
    if arguments.measures(Measure::Ingress) {
        let seconds = Duration::from_secs(arguments.seconds);
        entries.extend(ingress::measure(&system, arguments.rounds, seconds).await?);
    }
    // Again: what a service once took and did not give back is what it needs in daily life.
    if arguments.measures(Measure::Memory) && entries.iter().any(|entry| entry.ratio.is_some()) {
        entries.extend(memory::measure(&system, rest, memory::When::AfterWork).await?);
    }
    // Last, as they break machines.
    if let Some(tests) = &arguments.failure_tests
        && arguments.measures(Measure::Failures)
    {
        entries.extend(failures::measure(tests).await?);
    }
    Ok(entries)
}
