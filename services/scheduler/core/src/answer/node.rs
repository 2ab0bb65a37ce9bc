//! Answers about a node: whether it takes replicas, and whether what runs there moves.

use gantry_decider::Draft;
use gantry_events::{
    Command, NodeCordoned, NodeDraining, NodeId, NodeUncordoned, OperationSuperseded, Problem,
    ProblemCode, Scope, Time,
};

use super::{succeeded, unchanged};
use crate::limits::DRAIN_WITHIN;
use crate::node::{Duty, Node, Stay};
use crate::nodes::{drains_of, unplaced};
use crate::state::State;

pub(super) fn cordon(state: &State, command: &Command, node: &NodeId) -> Result<Draft, Problem> {
    match find(state, node)?.duty {
        Duty::Cordoned | Duty::Draining { .. } | Duty::Drained => Ok(unchanged(command)),
        Duty::Open => {
            let (node, operation) = (node.clone(), command.operation);
            Ok(Draft::of(NodeCordoned { node, operation }).and(succeeded(command)))
        }
    }
}

pub(super) fn uncordon(state: &State, command: &Command, node: &NodeId) -> Result<Draft, Problem> {
    if find(state, node)?.duty == Duty::Open {
        return Ok(unchanged(command));
    }
    if let Some(Stay::Leaving { .. }) = state.machines.get(node).map(|machine| machine.stay) {
        let detail = format!(
            "the machine of {node} is being removed with its node; scale its pool up again to keep it"
        );
        return Err(Problem::new(ProblemCode::NodeLeaving, detail));
    }
    let draft = overtake(state, command, node).and(NodeUncordoned {
        node: node.clone(),
        operation: Some(command.operation),
        unplaced: unplaced(state),
    });
    Ok(draft.and(succeeded(command)))
}

pub(super) fn drain(
    state: &State,
    command: &Command,
    node: &NodeId,
    now: Time,
) -> Result<Draft, Problem> {
    if find(state, node)?.duty == Duty::Drained {
        return Ok(unchanged(command));
    }
    Ok(overtake(state, command, node).and(NodeDraining {
        node: node.clone(),
        operation: Some(command.operation),
        until: now + DRAIN_WITHIN,
    }))
}

/// The ends of the operations that empty the node now.
fn overtake(state: &State, command: &Command, node: &NodeId) -> Draft {
    drains_of(state, node).fold(Draft::default(), |draft, operation| {
        draft.and(OperationSuperseded {
            operation,
            scope: Scope::Cluster,
            by: command.operation,
        })
    })
}

fn find<'a>(state: &'a State, node: &NodeId) -> Result<&'a Node, Problem> {
    state.nodes.get(node).ok_or_else(|| {
        let detail = format!("there is no node {node}; `gantry node ls` lists them");
        Problem::new(ProblemCode::NodeNotFound, detail)
    })
}
