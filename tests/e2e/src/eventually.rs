//! Waiting for a condition with a deadline, never for time to pass.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::bail;

/// Time between two looks.
const PACE: Duration = Duration::from_millis(50);

/// Looks again and again until there is something to see. Gives it, with the time it took; fails with
/// the last reason once `within` is over.
pub async fn eventually<T, F>(
    within: Duration,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<(T, Duration)>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let began = Instant::now();
    loop {
        match look().await {
            Ok(seen) => return Ok((seen, began.elapsed())),
            Err(reason) if began.elapsed() >= within => bail!("not within {within:?}: {reason:#}"),
            Err(_) => tokio::time::sleep(PACE).await,
        }
    }
}
