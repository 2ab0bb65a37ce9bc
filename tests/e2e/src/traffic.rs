//! Traffic that runs while something is changed, on connections that are kept, and counts what it got.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

/// Most requests of one connection, so that a run ends by itself.
const MOST_REQUESTS: u32 = 100_000;

/// Requests under way from several connections.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    connections: JoinSet<Tally>,
}

/// What traffic got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests answered 200.
    pub good: u64,
    /// Everything else, by what it was.
    pub bad: BTreeMap<String, u64>,
}

impl Traffic {
    /// Begins to ask a host through the balancer from so many connections.
    pub fn begin(ingress: &str, host: &str, connections: usize) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = JoinSet::new();
        for _ in 0..connections {
            let client = reqwest::Client::builder()
                .pool_max_idle_per_host(1)
                .timeout(Duration::from_secs(20))
                .build()?;
            let (url, host, stop) = (format!("{ingress}/"), host.to_owned(), stop.clone());
            running.spawn(async move { ask(client, url, host, stop).await });
        }
        Ok(Self {
            stop,
            connections: running,
        })
    }

    /// Ends it and adds up.
    pub async fn end(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut sum = Tally::default();
        while let Some(Ok(tally)) = self.connections.join_next().await {
            sum.good += tally.good;
            for (what, count) in tally.bad {
                *sum.bad.entry(what).or_default() += count;
            }
        }
        sum
    }
}

async fn ask(client: reqwest::Client, url: String, host: String, stop: Arc<AtomicBool>) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..MOST_REQUESTS {
        if stop.load(Ordering::Relaxed) {
            return tally;
        }
        let what = match client.get(&url).header("host", &host).send().await {
            Ok(answer) => match (answer.status().as_u16(), answer.bytes().await) {
                (200, Ok(_)) => {
                    tally.good += 1;
                    continue;
                }
                (status, Ok(_)) => format!("status {status}"),
                (_, Err(error)) => format!("body: {error}"),
            },
            Err(error) => format!(
                "{error}: {:?}",
                std::error::Error::source(&error).map(ToString::to_string)
            ),
        };
        *tally.bad.entry(what).or_default() += 1;
    }
    tally
}
