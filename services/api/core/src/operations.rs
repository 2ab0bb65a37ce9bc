//! `Operations`: commands accepted lately, by which a retry is told from a new request.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{Command, Digest, Millis, OperationId, Place, Time};
use serde::{Deserialize, Serialize};

/// How long an operation is known by its key. Twice what the contract promises, so that the clocks of
/// two instances may differ.
pub const KEPT: Millis = Millis::from_secs(2 * 24 * 3600);

/// Commands accepted lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operations {
    known: BTreeMap<OperationId, Accepted>,
    by_age: BTreeSet<(Time, OperationId)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    place: Place,
    request: Digest,
}

/// What an operation that is in the log already means for a request that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is that very request; its command stands here.
    Accepted(Place),
    /// It was another request. Problem code `idempotency-key-reused`.
    Reused,
}

impl Operations {
    /// Whether the operation is known, and by this request.
    pub fn verdict(&self, operation: OperationId, request: Digest) -> Option<Verdict> {
        self.known.get(&operation).map(|accepted| {
            if accepted.request == request {
                return Verdict::Accepted(accepted.place);
            }
            Verdict::Reused
        })
    }

    /// Takes a command of the log. Should an id come twice, the first is the operation.
    pub(crate) fn accept(&mut self, place: Place, command: &Command) {
        let request = command.request;
        if self.known.contains_key(&command.operation) {
            return;
        }
        self.known
            .insert(command.operation, Accepted { place, request });
        self.by_age.insert((command.time, command.operation));
        self.forget_before(command.time - KEPT);
    }

    fn forget_before(&mut self, oldest: Time) {
        while let Some((time, operation)) = self.by_age.first().copied() {
            if time >= oldest {
                return;
            }
            self.by_age.pop_first();
            self.known.remove(&operation);
        }
    }
}
