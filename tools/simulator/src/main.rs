//! The simulator's command line: many seeds, one seed with its trace, or the hunt for planted bugs.

#![allow(clippy::print_stdout, reason = "this program's output is for people")]

use std::collections::BTreeMap;
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
    /// Also counts what the runs' logs say.
    #[arg(long)]
    census: bool,
}

/// What came of many runs.
#[derive(Default)]
struct Played {
    /// The broken run with the lowest seed.
    failure: Option<Failure>,
    /// How often each kind of fact was said in all others.
    said: BTreeMap<&'static str, u64>,
}

fn bug(name: &str) -> Result<Bug, String> {
    let names: Vec<&str> = Bug::ALL.iter().map(|bug| bug.name()).collect();
    Bug::from_name(name).ok_or_else(|| format!("one of {}", names.join(", ")))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        return one(seed, arguments.bug);
    }
    let played = play_all(arguments.seeds, arguments.bug);
    if let Some(failure) = &played.failure {
        tell(failure);
        return ExitCode::FAILURE;
    }
    println!("{} seeds, nothing broken", arguments.seeds);
    if arguments.census {
        for (fact, count) in &played.said {
            println!("{count:>9} {fact}");
        }
    }
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
    for bug in Bug::ALL.iter().copied() {
        match play_all(seeds, Some(bug)).failure {
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

/// Plays runs on all processors, until one breaks.
fn play_all(seeds: u64, bug: Option<Bug>) -> Played {
    let next = AtomicU64::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let run = || play_some(&next, seeds, bug);
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(run)).collect();
        let mut all = Played::default();
        for some in threads.into_iter().filter_map(|one| one.join().ok()) {
            let failures = all.failure.into_iter().chain(some.failure);
            all.failure = failures.min_by_key(|failure| failure.seed);
            add(&mut all.said, some.said);
        }
        all
    })
}

fn play_some(next: &AtomicU64, seeds: u64, bug: Option<Bug>) -> Played {
    let mut played = Played::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return played;
        }
        match play(seed, bug) {
            Ok(report) => add(&mut played.said, report.said),
            Err(failure) => {
                next.store(seeds, Ordering::Relaxed);
                played.failure = Some(failure);
                return played;
            }
        }
    }
}

fn add(said: &mut BTreeMap<&'static str, u64>, more: BTreeMap<&'static str, u64>) {
    for (fact, count) in more {
        *said.entry(fact).or_default() += count;
    }
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
