//! One connection from outside, as long as it stands: whom it comes from, and what it became.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use http::HeaderValue;

use crate::patience::{Serving, Turns};
use crate::tunnel::Tunnel;

/// One connection from outside.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its address, as replicas are told of it. Made once, as every request carries it.
    pub(crate) address: HeaderValue,
    turns: Arc<Turns>,
    tunnel: Mutex<Option<Tunnel>>,
}

impl Client {
    /// A connection from this address.
    pub(crate) fn from(address: IpAddr) -> Self {
        let address = HeaderValue::from_str(&address.to_canonical().to_string())
            .expect("an address is visible ASCII");
        Self {
            address,
            turns: Arc::default(),
            tunnel: Mutex::default(),
        }
    }

    /// Whether it is between requests; its socket's guard wants to know.
    pub(crate) fn turns(&self) -> Arc<Turns> {
        self.turns.clone()
    }

    /// A request's head was read.
    pub(crate) fn begin(&self) -> Serving {
        Serving::begin(&self.turns)
    }

    /// Its last answer makes it a tunnel.
    pub(crate) fn become_tunnel(&self, tunnel: Tunnel) {
        *self.tunnel() = Some(tunnel);
    }

    /// What is to be carried now that HTTP on it has ended.
    pub(crate) fn take_tunnel(&self) -> Option<Tunnel> {
        self.tunnel().take()
    }

    fn tunnel(&self) -> MutexGuard<'_, Option<Tunnel>> {
        self.tunnel
            .lock()
            .expect("nobody panics while holding the tunnel")
    }
}
