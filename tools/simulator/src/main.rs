//! The simulator's command line: many seeds, one seed with its trace, or the hunt for planted bugs.

#![allow(clippy::print_stdout, reason = "this program's output is for people")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clap::Parser;
use gantry_simulator::{Bug, Failure, play};

/// Plays runs of the whole system under faults, each from a seed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Plays this seed alone and prints what happened.
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds to play, from 0.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// A bug to plant, by name; a run that finds it is a success of the checks.
    #[arg(long, value_parser = bug)]
    bug: Option<Bug>,
    /// Also shows that each planted bug is found within so many seeds.
    #[arg(long)]
    hunt: bool,
}

fn bug(name: &str) -> Result<Bug, String> {
    Bug::from_name(name).ok_or_else(|| format!("one of {}", Bug::ALL.map(Bug::name).join(", ")))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        return one(seed, arguments.bug);
    }
    let clean = first_failure(arguments.seeds, arguments.bug);
    if let Some(failure) = &clean {
        tell(failure);
        return ExitCode::FAILURE;
    }
    println!("{} seeds, nothing broken", arguments.seeds);
    if arguments.hunt && !hunt(arguments.seeds) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn one(seed: u64, bug: Option<Bug>) -> ExitCode {
    match play(seed, bug) {
        Ok(report) => {
            println!(
                "seed {seed}: nothing broken, {} messages, {} commands",
                report.messages, report.accepted
            );
            ExitCode::SUCCESS
        }
        Err(failure) => {
            tell(&failure);
            ExitCode::FAILURE
        }
    }
}

fn hunt(seeds: u64) -> bool {
    let mut all = true;
    for bug in Bug::ALL {
        match first_failure(seeds, Some(bug)) {
            Some(found) => println!(
                "{} is found by seed {}: {}",
                bug.name(),
                found.seed,
                found.broken
            ),
            None => {
                println!("{} is not found within {seeds} seeds", bug.name());
                all = false;
            }
        }
    }
    all
}

/// The failure with the lowest seed found, on all processors.
fn first_failure(seeds: u64, bug: Option<Bug>) -> Option<Failure> {
    let next = AtomicU64::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let found = thread::scope(|scope| {
        let run = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds {
                    return None;
                }
                if let Err(failure) = play(seed, bug) {
                    next.store(seeds, Ordering::Relaxed);
                    return Some(failure);
                }
            }
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(run)).collect();
        handles
            .into_iter()
            .filter_map(|handle| handle.join().ok().flatten())
            .collect::<Vec<_>>()
    });
    found.into_iter().min_by_key(|failure| failure.seed)
}

fn tell(failure: &Failure) {
    for line in &failure.trace {
        println!("{line}");
    }
    println!("{failure}");
    println!(
        "play it again with: cargo run -p gantry-simulator -- --seed {}",
        failure.seed
    );
}
