//! `NatsBus`: the connection of one identity to the bus, and what it tells about itself.
//!
//! Leaves to others: questions and traffic (`ask`), the log (`jetstream`, `node_log`), leases (`leases`).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerError};
use tokio::sync::watch;

use crate::BusCredential;

/// Longest wait between two tries to reach the server. Short: a control plane has few clients.
const RECONNECT: Duration = Duration::from_millis(500);

/// Messages that may wait for a slow reader of one subscription; what comes after is dropped and counted.
const WAITING: usize = 4096;

/// A connection could not be begun, or something was asked of it that it cannot do.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The credential is of no use.
    #[error("the bus credential cannot be used: {0}; run `gantryd init` again to write it anew")]
    Credential(String),
    /// The address is none, or the server said no.
    #[error("no connection to {url}: {cause}")]
    Connect {
        /// Where.
        url: String,
        /// What the client said.
        cause: String,
    },
    /// A subscription was not taken.
    #[error("cannot subscribe to {subject}: {cause}")]
    Subscribe {
        /// What to.
        subject: String,
        /// What the client said.
        cause: String,
    },
    /// A message was not taken.
    #[error("cannot publish to {subject}: {cause}")]
    Publish {
        /// Where.
        subject: String,
        /// What the client said.
        cause: String,
    },
}

/// How the connection is, as far as is known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Whether the server is connected now.
    pub up: bool,
    /// How often it has been connected so far. What was asked before the last time may be lost.
    pub connects: u64,
}

/// The connection of one identity. Clones share it.
#[derive(Clone, Debug)]
pub struct NatsBus {
    pub(crate) client: Client,
    name: String,
    link: watch::Receiver<Link>,
    forbidden: Arc<AtomicU64>,
}

impl NatsBus {
    /// Begins to connect and comes back at once: the server is tried for ever, in the background, and
    /// [`NatsBus::link`] tells how it goes. Fails only on a credential or an address that can never do.
    pub async fn connect(url: &str, credential: &BusCredential) -> Result<Self, BusError> {
        let (told, link) = watch::channel(Link::default());
        let forbidden = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&forbidden);
        let name = credential.name().to_owned();
        let client = ConnectOptions::with_credentials(credential.text())
            .map_err(|e| BusError::Credential(e.to_string()))?
            .name(&name)
            .custom_inbox_prefix(credential.inbox())
            .retry_on_initial_connect()
            .reconnect_delay_callback(|tries| {
                RECONNECT.min(Duration::from_millis(50) * tries as u32)
            })
            .ping_interval(Duration::from_secs(5))
            .connection_timeout(Duration::from_secs(5))
            .subscription_capacity(WAITING)
            .event_callback(move |event| {
                note(&event, &told, &counted);
                std::future::ready(())
            })
            .connect(url)
            .await
            .map_err(|e| BusError::Connect {
                url: url.to_owned(),
                cause: e.to_string(),
            })?;
        Ok(Self {
            client,
            name,
            link,
            forbidden,
        })
    }

    /// Who this is: the name in its credential, `scheduler` or `node-n1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the connection is, now and as it changes.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// How many messages and subscriptions the server refused to this identity. More than none is a
    /// fault in the permissions, or somebody trying.
    pub fn forbidden(&self) -> u64 {
        self.forbidden.load(Ordering::Relaxed)
    }
}

/// Waits until the connection is another than it was at `connects`. The first one does not count: what
/// was asked before it is sent with it.
pub(crate) async fn replaced(link: &mut watch::Receiver<Link>, connects: u64) {
    let since = connects.max(1);
    if link.wait_for(|link| link.connects > since).await.is_err() {
        // The client is gone with all its answers; who waits for one sees that.
        std::future::pending::<()>().await;
    }
}

impl NatsBus {
    /// What this gives, unless the connection is replaced meanwhile: then the request or its answer is
    /// lost, and waiting on is of no use.
    pub(crate) async fn unless_replaced<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut link = self.link();
        let connects = link.borrow().connects;
        tokio::select! {
            done = work => Some(done),
            () = replaced(&mut link, connects) => None,
        }
    }
}

fn note(event: &Event, told: &watch::Sender<Link>, forbidden: &AtomicU64) {
    match event {
        Event::Connected => {
            told.send_modify(|link| {
                *link = Link {
                    up: true,
                    connects: link.connects + 1,
                }
            });
            tracing::info!("connected to the bus");
        }
        Event::Disconnected | Event::Closed => {
            told.send_modify(|link| link.up = false);
            tracing::warn!(%event, "the bus is away");
        }
        // The server tells of a forbidden subject in no other way; whoever waits for an answer times out.
        Event::ServerError(ServerError::Other(said))
            if said.to_lowercase().contains("permissions violation") =>
        {
            forbidden.fetch_add(1, Ordering::Relaxed);
            tracing::error!(said, "the bus refused a subject to this identity");
        }
        Event::ServerError(_) | Event::ClientError(_) => {
            tracing::error!(%event, "the bus reports an error")
        }
        Event::SlowConsumer(_) => {
            tracing::warn!(%event, "messages were dropped: their reader is too slow")
        }
        Event::LameDuckMode | Event::Draining => tracing::info!(%event, "the bus"),
    }
}
