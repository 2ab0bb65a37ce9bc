//! How many requests the ingress passes on, and how late the latest are, beside nginx on the same backends.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;

use crate::entry::Entry;
use crate::load::{Answered, Load};
use crate::nginx::Nginx;
use crate::sample::median;
use crate::system::{System, address, until};

/// Keep-alive connections.
const CONNECTIONS: usize = 64;

/// Backends; as many as `make up` has machines.
const REPLICAS: u32 = 3;

/// What the ingress should reach of nginx's requests a second, and how late its latest may be.
const RATE: f64 = 0.8;
const P99: f64 = 1.2;

/// Load before anything is counted: connections are made, pools are filled.
const WARM: Duration = Duration::from_secs(1);

const PROJECT: &str = "bench-ingress";

/// Measures both in so many rounds, in turn.
pub async fn measure(system: &System, rounds: usize, time: Duration) -> anyhow::Result<Vec<Entry>> {
    system.deploy(PROJECT, REPLICAS).await?;
    let replicas = system.replicas(PROJECT).await?;
    let backends: Option<Vec<SocketAddr>> =
        replicas.iter().map(|replica| replica.address).collect();
    let nginx = Nginx::start(system, &backends.context("a ready replica has an address")?).await?;
    let measured = compare(system, &nginx, rounds, time).await;
    nginx.remove(system).await?;
    system.remove(PROJECT).await?;
    measured
}

async fn compare(
    system: &System,
    nginx: &Nginx,
    rounds: usize,
    time: Duration,
) -> anyhow::Result<Vec<Entry>> {
    let load = |address| Load {
        address,
        host: System::host_of(PROJECT),
        connections: CONNECTIONS,
        time,
    };
    let theirs = load(nginx.address);
    let ours = load(address(&system.container("ingress").await?, 8080)?);
    for warm in [&theirs, &ours] {
        let warm = Load {
            time: WARM,
            ..warm.clone()
        };
        until(|| async { Ok(warm.run().await.is_ok()) }, "good answers").await?;
    }
    let (mut rates, mut lates) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for round in 1..=rounds {
        // Each goes first as often as the other.
        let first = round.is_multiple_of(2);
        let (a, b) = if first {
            (&ours, &theirs)
        } else {
            (&theirs, &ours)
        };
        let (a, b) = (a.run().await?, b.run().await?);
        let (our, their) = if first { (a, b) } else { (b, a) };
        say(round, our, their);
        rates.0.push(our.rate);
        rates.1.push(their.rate);
        lates.0.push(our.p99.as_secs_f64() * 1000.0);
        lates.1.push(their.p99.as_secs_f64() * 1000.0);
    }
    let rate = Entry::plain("ingress.requests", median(rates.0), "1/s", Some(RATE));
    let late = Entry::plain("ingress.p99", median(lates.0), "ms", Some(P99));
    Ok(vec![
        rate.more_is_better().beside(median(rates.1)),
        late.beside(median(lates.1)),
    ])
}

fn say(round: usize, ours: Answered, theirs: Answered) {
    println!(
        "requests, round {round}: {:.0} a second, p99 {:.2?}; nginx {:.0}, {:.2?}",
        ours.rate, ours.p99, theirs.rate, theirs.p99
    );
}
