//! `State`: what the api must know of the log to accept commands and nodes.

use std::collections::BTreeMap;

use gantry_decider::{Entry, Said};
use gantry_events::{Fact, MachineId, NodeId};
use serde::{Deserialize, Serialize};

use crate::{Admitted, Invitation, Operations};

/// What the log says of operations, machines and nodes, as far as the api decides by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Commands accepted lately.
    pub operations: Operations,
    /// Machines that were asked for.
    pub invited: BTreeMap<MachineId, Invitation>,
    /// Nodes that were admitted.
    pub admitted: BTreeMap<NodeId, Admitted>,
}

impl State {
    pub(crate) fn evolve(&mut self, entry: &Entry<'_>) {
        match &entry.said {
            Said::Command(command) => self.operations.accept(entry.place, command),
            Said::Fact(Fact::MachineRequested(requested)) => self.invite(requested),
            Said::Fact(Fact::NodeAdmitted(admitted)) => self.admit(admitted),
            // foreign: what becomes of everything else is told by the read model, not decided here.
            Said::Fact(_) => {}
        }
    }
}
