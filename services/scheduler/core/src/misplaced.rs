//! Replicas that should run elsewhere: their node is being emptied, or lacks a label that their service
//! has come to require. Each moves as in a change, the new one first, one slot of a service at a time.

use gantry_events::NodeId;

use crate::replica::Replica;
use crate::rollout::{Member, Rollout};
use crate::service::Plan;
use crate::state::State;

/// Whether the node has every label that the plan requires.
pub(crate) fn may_be_at(state: &State, plan: &Plan, node: &NodeId) -> bool {
    let mut required = plan.place.require.iter();
    required.all(|(label, value)| state.label(node, label) == Some(value))
}

/// The slot of a service that does not change whose replica should be replaced elsewhere now.
pub(crate) fn moving(rollout: &Rollout<'_>) -> Option<u32> {
    if rollout.is_changing() {
        return None;
    }
    let is_doubled = |ordinal: u32| {
        let members = rollout.slot(ordinal).iter();
        let holders = members.filter(|(_, replica)| rollout.may_hold(replica));
        holders.count() > 1
    };
    let moves = |(_, replica): Member<'_>| is_misplaced(rollout, replica);
    let ordinals = 0..rollout.service.replicas();
    let mut misplaced = ordinals
        .clone()
        .filter(|ordinal| rollout.newest(*ordinal).is_some_and(moves));
    let first = misplaced.next()?;
    let is_under_way = ordinals.into_iter().any(is_doubled);
    (!is_under_way).then_some(first)
}

/// Whether the replica should run on another node.
pub(crate) fn is_misplaced(rollout: &Rollout<'_>, replica: &Replica) -> bool {
    let node = rollout.state.nodes.get(&replica.node);
    let may_stay = |plan: &Plan| may_be_at(rollout.state, plan, &replica.node);
    node.is_some_and(crate::Node::is_draining) || !rollout.service.plan().is_some_and(may_stay)
}
