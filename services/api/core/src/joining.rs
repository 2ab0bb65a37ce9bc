//! Joining: a machine that was asked for is an invitation, a proved token an admission.

use gantry_events::{MachineId, MachineRequested, NodeAdmitted, NodeId};
use serde::{Deserialize, Serialize};

use crate::State;

/// A machine that was asked for: its node may join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The node it will be.
    pub node: NodeId,
    /// The attempt whose token counts: the latest.
    pub attempt: u32,
}

/// A node that was admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// The machine it runs on.
    pub machine: MachineId,
    /// The attempt at the machine that it was admitted for.
    pub attempt: u32,
    /// Its public key, as an nkey of kind user.
    pub public_key: String,
}

/// A node asks to join, and its token is proved to be that of machine and attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The machine it runs on.
    pub machine: MachineId,
    /// The node it will be.
    pub node: NodeId,
    /// The attempt its token is of.
    pub attempt: u32,
    /// Its public key, as an nkey of kind user.
    pub public_key: String,
}

impl Proof {
    pub(crate) fn admission(&self) -> NodeAdmitted {
        NodeAdmitted {
            node: self.node.clone(),
            machine: self.machine.clone(),
            public_key: self.public_key.clone(),
        }
    }
}

/// A node that may join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// It is not admitted yet.
    New,
    /// It is, with this very key: the answer is the same as before.
    Again,
}

/// A node that may not join.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    /// Problem code `unauthorized`: nobody asked for that machine, node and attempt.
    #[error(
        "nobody invites node {node} on machine {machine}, attempt {attempt}; join with what the provisioner gave the machine"
    )]
    Uninvited {
        /// The node.
        node: NodeId,
        /// The machine.
        machine: MachineId,
        /// The attempt.
        attempt: u32,
    },
    /// Problem code `conflict`: another key was admitted for this attempt.
    #[error(
        "node {node} was admitted with another key; restore the key its machine had, or make the machine anew"
    )]
    OtherKey {
        /// The node.
        node: NodeId,
    },
}

impl State {
    /// Whether a node may join, its token being proved.
    ///
    /// # Errors
    /// It was not invited, or another key was admitted for the same attempt.
    pub fn join(&self, proof: &Proof) -> Result<Joining, JoinRefusal> {
        let invited = self.invited.get(&proof.machine);
        if invited.is_none_or(|i| (&i.node, i.attempt) != (&proof.node, proof.attempt)) {
            return Err(JoinRefusal::Uninvited {
                node: proof.node.clone(),
                machine: proof.machine.clone(),
                attempt: proof.attempt,
            });
        }
        // A machine that is made anew has a new key; its new token shows that it may.
        let admitted = self.admitted.get(&proof.node);
        match admitted.filter(|a| (&a.machine, a.attempt) == (&proof.machine, proof.attempt)) {
            None => Ok(Joining::New),
            Some(admitted) if admitted.public_key == proof.public_key => Ok(Joining::Again),
            Some(_) => Err(JoinRefusal::OtherKey {
                node: proof.node.clone(),
            }),
        }
    }

    pub(crate) fn invite(&mut self, requested: &MachineRequested) {
        let invitation = Invitation {
            node: requested.node.clone(),
            attempt: requested.attempt,
        };
        self.invited.insert(requested.machine.clone(), invitation);
    }

    pub(crate) fn admit(&mut self, fact: &NodeAdmitted) {
        let invited = self.invited.get(&fact.machine);
        let admitted = Admitted {
            machine: fact.machine.clone(),
            attempt: invited.map_or(0, |invitation| invitation.attempt),
            public_key: fact.public_key.clone(),
        };
        self.admitted.insert(fact.node.clone(), admitted);
    }
}
