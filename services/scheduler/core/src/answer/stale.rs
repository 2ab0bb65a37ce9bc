//! Whether what a command was based on has changed since (`If-Match`).

use gantry_events::{Command, Intent, NodeId, Problem, ProblemCode, ProjectName, Seq, ServiceName};

use crate::Operation;
use crate::state::State;

/// Why the command comes too late, if it does: what it changes was changed after it was read.
pub(super) fn conflict(state: &State, command: &Command) -> Option<Problem> {
    let since = command.unchanged_since?;
    let changed = match &command.intent {
        Intent::ConfigPut(put) => project(state, &put.project),
        Intent::Rollback(back) => project(state, &back.project),
        Intent::ScaleService(scale) => service(state, &scale.project, &scale.service),
        Intent::RestartService(restart) => service(state, &restart.project, &restart.service),
        Intent::RemoveService(remove) => service(state, &remove.project, &remove.service),
        Intent::CordonNode(cordon) => node(state, &cordon.node),
        Intent::UncordonNode(uncordon) => node(state, &uncordon.node),
        Intent::DrainNode(drain) => node(state, &drain.node),
        Intent::CreatePool(_) | Intent::ScalePool(_) | Intent::RemovePool(_) => Seq(0),
    };
    (changed > since).then(|| {
        let detail = format!(
            "it was changed at {changed}, after {since} on which this is based; read it again, then decide anew"
        );
        Problem::new(ProblemCode::VersionConflict, detail)
    })
}

/// A file on its way counts: it was put before this command.
fn project(state: &State, name: &ProjectName) -> Seq {
    let on_its_way = state
        .operations
        .values()
        .filter_map(|operation| match operation {
            Operation::Resolving {
                project, command, ..
            } if project == name => Some(command.seq),
            Operation::Resolving { .. }
            | Operation::Rolling { .. }
            | Operation::RollingBack { .. }
            | Operation::Draining { .. } => None,
        });
    let made = state.projects.get(name).map(|project| project.changed);
    on_its_way.chain(made).max().unwrap_or_default()
}

fn service(state: &State, project: &ProjectName, name: &ServiceName) -> Seq {
    let project = state.projects.get(project);
    let service = project.and_then(|project| project.services.get(name));
    service.map(|service| service.changed).unwrap_or_default()
}

fn node(state: &State, node: &NodeId) -> Seq {
    state
        .nodes
        .get(node)
        .map(|node| node.changed)
        .unwrap_or_default()
}
