//! `Api`: what every handler works with.

use std::ops::Deref;
use std::sync::Arc;

use gantry_bus::{AccountSeed, JetStreamLog, NatsBus, Verifier};
use gantry_events::{Digest, LogId};
use gantry_read_model::Reader;
use gantry_runtime::Process;

use crate::desk::Desk;
use crate::dress::Room;
use crate::heartbeats::Heartbeats;
use crate::settings::Settings;

/// What every handler works with. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Api(Arc<Parts>);

/// The parts of it.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) process: Process,
    pub(crate) settings: Settings,
    pub(crate) identity: Identity,
    pub(crate) desk: Desk,
    pub(crate) reader: Reader,
    pub(crate) bus: NatsBus,
    pub(crate) log: JetStreamLog,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) streams: Room,
}

/// What the credential file says of this api.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) cluster: String,
    pub(crate) log: LogId,
    pub(crate) token_hash: Digest,
    pub(crate) nodes: AccountSeed,
    pub(crate) answer_public: Verifier,
}

impl Api {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Api {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
