//! How facts about nodes and machines change what is routed.

use gantry_events::{NodeId, Seq};

use crate::fold::change;
use crate::state::State;

/// A node is silent: what runs there is a last resort.
pub(crate) fn doubt(state: &mut State, seq: Seq, node: &NodeId) {
    change(state, seq, |state| {
        state.doubted.insert(node.clone());
    });
}

/// A node is heard again. What was lost with it stays a last resort until it is regained.
pub(crate) fn trust(state: &mut State, seq: Seq, node: &NodeId) {
    change(state, seq, |state| {
        state.doubted.remove(node);
    });
}

/// A machine is no more, and that is certain: whatever ran on it is gone, last resort or not.
pub(crate) fn forget(state: &mut State, seq: Seq, node: &NodeId) {
    change(state, seq, |state| {
        state.doubted.remove(node);
        for content in state.projects.values_mut() {
            for service in content.services.values_mut() {
                service.replicas.retain(|id, replica| {
                    let stays = replica.node != *node;
                    if !stays {
                        content.home.remove(id);
                    }
                    stays
                });
            }
        }
    });
}
