//! What the api decides: which operation a request is, and which node may join.
//!
//! Both follow from the log: a key used before names the operation it began ([`Operations`]), and a
//! node is admitted once for each attempt at making its machine ([`Invitation`], [`Admitted`]). Leaves
//! to others: who asks (bearer tokens, join tokens), and every answer to a command (the deciders).

mod joining;
mod operations;
mod state;

pub use joining::{Admitted, Invitation, JoinRefusal, Joining, Proof};
pub use operations::{KEPT, Operations, Verdict};
pub use state::State;

use std::collections::BTreeMap;

use gantry_decider::{Core, Deadline, Draft, Entry, Next, PlacedCommand};
use gantry_events::{NodeId, Time, Writer};

/// The api's pure half. A reading is a node that has proved its join token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Api;

impl Core for Api {
    type State = State;
    type Observed = BTreeMap<NodeId, Proof>;
    type Reading = Proof;
    type Wanted = ();

    fn writer(&self) -> Writer {
        Writer::Api
    }

    fn version(&self) -> &'static str {
        "api/1"
    }

    fn evolve(&self, state: &mut State, entry: &Entry<'_>) {
        state.evolve(entry);
    }

    /// The api answers no commands; there is nothing to say to one.
    fn decide(&self, _: &State, _: &PlacedCommand, _: Time) -> Draft {
        Draft::default()
    }

    /// The first key that proved an attempt stays: a second one for it is refused once that is known.
    fn observe(&self, observed: &mut Self::Observed, proof: Proof, _: Time) {
        let known = observed.get(&proof.node).map(|known| known.attempt);
        if known.is_none_or(|attempt| attempt < proof.attempt) {
            observed.insert(proof.node.clone(), proof);
        }
    }

    /// Admits, in one commit, every node that proved its token and is not admitted yet.
    fn next(&self, state: &State, observed: &Self::Observed, _: Time) -> Next {
        let mut draft = Draft::default();
        for proof in observed.values() {
            if state.join(proof) == Ok(Joining::New) {
                draft.push(proof.admission());
            }
        }
        Next::say(draft)
    }

    fn wanted(&self, _: &State, _: &Self::Observed, _: Time) {}

    /// Nothing waits here: a command waits at its decider, a machine at the provisioner.
    fn deadlines(&self, _: &State) -> Vec<Deadline> {
        Vec::new()
    }
}
