//! The answer to a command, from the state alone: refused, unchanged, or taken on.

mod config;
mod node;
mod service;
mod stale;

use gantry_decider::{Draft, PlacedCommand};
use gantry_events::{
    Command, Intent, OperationRefused, OperationSucceeded, OperationUnchanged, Problem,
    ProblemCode, Time,
};

use crate::state::State;

pub(crate) fn answer(state: &State, placed: &PlacedCommand, now: Time) -> Draft {
    let command = &placed.command;
    if let Some(problem) = stale::conflict(state, command) {
        return refuse(command, problem);
    }
    let answer = match &command.intent {
        Intent::ConfigPut(put) => config::put(state, command, put, now),
        Intent::Rollback(back) => config::roll_back(state, placed, back, now),
        Intent::ScaleService(scale) => service::scale(state, command, scale, now),
        Intent::RestartService(restart) => service::restart(state, command, restart, now),
        Intent::RemoveService(remove) => service::remove(state, command, remove, now),
        Intent::CordonNode(cordon) => node::cordon(state, command, &cordon.node),
        Intent::UncordonNode(uncordon) => node::uncordon(state, command, &uncordon.node),
        Intent::DrainNode(drain) => node::drain(state, command, &drain.node, now),
        Intent::CreatePool(_) | Intent::ScalePool(_) | Intent::RemovePool(_) => Err(Problem::new(
            ProblemCode::InvalidConfig,
            "this command is not the scheduler's to decide; send it again",
        )),
    };
    answer.unwrap_or_else(|problem| refuse(command, problem))
}

fn refuse(command: &Command, problem: Problem) -> Draft {
    Draft::of(OperationRefused {
        operation: command.operation,
        scope: command.intent.scope(),
        problem,
    })
}

fn unchanged(command: &Command) -> Draft {
    Draft::of(OperationUnchanged {
        operation: command.operation,
        scope: command.intent.scope(),
    })
}

fn succeeded(command: &Command) -> OperationSucceeded {
    OperationSucceeded {
        operation: command.operation,
        scope: command.intent.scope(),
    }
}
