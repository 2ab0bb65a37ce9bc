//! One replica as the ingress meets it: requests in flight, kept connections, what speaks against it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gantry_events::{Millis, ReplicaKey};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::choose::Load;
use crate::doubt::{Doubt, Limits};
use crate::line::Line;
use crate::pool::Pool;

/// A replica at one address. Outlives tables that name it, so that its counts stay right.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) key: ReplicaKey,
    pub(crate) address: SocketAddr,
    /// Idle connections to it.
    pub(crate) pool: Pool,
    /// Cancelled when all its connections are cut.
    pub(crate) cut: CancellationToken,
    /// What was noticed of it.
    pub(crate) doubt: Doubt,
    in_flight: AtomicU64,
    leaving: AtomicBool,
    emptied: Notify,
}

impl Replica {
    pub(crate) fn new(
        (key, address): (ReplicaKey, SocketAddr),
        pool: Pool,
        limits: Limits,
        cut: CancellationToken,
    ) -> Self {
        Self {
            key,
            address,
            pool,
            cut,
            doubt: Doubt::new(limits),
            in_flight: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            emptied: Notify::new(),
        }
    }

    /// What choosing needs to know of it.
    pub(crate) fn load(&self, now: Millis) -> Load {
        Load {
            doubted: self.doubt.is_raised(now),
            in_flight: self.in_flight(),
        }
    }

    /// Requests in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Takes new requests.
    pub(crate) fn stay(&self) {
        self.pool.open();
        self.leaving.store(false, Ordering::SeqCst);
    }

    /// Takes no new requests: from here on, [`Flight::begin`] fails.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
        self.pool.close();
    }

    /// Whether requests are in flight on it, or could be: false is for good, until it stays again.
    pub(crate) fn may_hold(&self) -> bool {
        !self.leaving.load(Ordering::SeqCst) || self.in_flight() > 0
    }

    /// Takes a connection back whose answer has ended.
    pub(crate) fn keep(&self, line: Line, now: Millis) {
        self.pool.put(line, now);
    }

    /// Waits until no request is in flight. May be dropped half-way; nothing remains.
    pub(crate) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.in_flight() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// One request in flight on a replica, from its being chosen to the end of its answer.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) replica: Arc<Replica>,
}

impl Flight {
    /// Counts a request, unless the replica leaves. Counting comes first and looking second, while who
    /// takes a replica out marks first and counts second: so one of the two sees the other.
    pub(crate) fn begin(replica: &Arc<Replica>) -> Option<Self> {
        replica.in_flight.fetch_add(1, Ordering::SeqCst);
        let flight = Self {
            replica: replica.clone(),
        };
        (!replica.leaving.load(Ordering::SeqCst)).then_some(flight)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.replica.in_flight.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.replica.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn one_that_left_keeps_no_connection_even_of_an_answer_that_ends_just_then() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let limits = Limits {
            failures: 3,
            silent: Millis(3000),
            skip: Millis(5000),
        };
        let named = (
            "shop/web-a".parse().unwrap(),
            listener.local_addr().unwrap(),
        );
        let replica = Replica::new(named, Pool::new(4), limits, CancellationToken::new());
        let line = async || {
            Line::to(&replica, Millis(5000), Millis(5000))
                .await
                .unwrap()
        };
        replica.leave();
        // As if it was looked at right before it left.
        replica.pool.put(line().await, Millis(1));
        assert!(replica.pool.take().is_none());
        replica.stay();
        replica.pool.put(line().await, Millis(1));
        replica.pool.prune(Millis(1));
        assert!(replica.pool.take().is_some());
    }
}
