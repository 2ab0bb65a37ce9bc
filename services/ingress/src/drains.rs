//! Replicas on their way out, as far as this balancer is concerned: held, or let go.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{Draining, ReplicaKey};
use tokio_util::sync::CancellationToken;

/// Every draining replica of the live table. Time counts from when it was first seen here.
#[derive(Debug, Default)]
pub(crate) struct Drains(BTreeMap<ReplicaKey, Drain>);

#[derive(Debug)]
enum Drain {
    /// Requests are in flight; the token ends the watching when the replica drains no more.
    Holds(CancellationToken),
    Released,
}

impl Drains {
    /// Takes over the draining replicas of a new table. Gives back those that begin to drain here, each
    /// with the token that ends its watching.
    pub(crate) fn follow(
        &mut self,
        wanted: &BTreeMap<ReplicaKey, Draining>,
    ) -> Vec<(ReplicaKey, Draining, CancellationToken)> {
        self.0.retain(|key, drain| {
            let stays = wanted.contains_key(key);
            if let (false, Drain::Holds(stop)) = (stays, drain) {
                stop.cancel();
            }
            stays
        });
        let mut begun = Vec::new();
        for (key, draining) in wanted {
            self.0.entry(key.clone()).or_insert_with(|| {
                let stop = CancellationToken::new();
                begun.push((key.clone(), draining.clone(), stop.clone()));
                Drain::Holds(stop)
            });
        }
        begun
    }

    /// Lets a replica go. Nothing happens when it drains no more, or drains anew.
    pub(crate) fn release(&mut self, key: &ReplicaKey, watched: &CancellationToken) {
        if let Some(drain) = self.0.get_mut(key).filter(|_| !watched.is_cancelled()) {
            *drain = Drain::Released;
        }
    }

    /// Those let go.
    pub(crate) fn released(&self) -> BTreeSet<ReplicaKey> {
        let released = self
            .0
            .iter()
            .filter(|(_, drain)| matches!(drain, Drain::Released));
        released.map(|(key, _)| key.clone()).collect()
    }
}
