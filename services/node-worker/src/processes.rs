//! Processes of this machine: ending one of a container with all that it began.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Ends a process and its descendants, if it is one of this container. Nothing of it is left running:
/// children come after their parents, who can begin no more by then.
pub fn end_with_children(pid: i32, container: &str) {
    if !is_of(pid, container) {
        return;
    }
    // Gone already, if anything.
    let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::STOP));
    let children = children(pid);
    let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
    for child in children {
        end_with_children(child, container);
    }
}

/// A number of a process may have gone to another one meanwhile; its control group tells.
fn is_of(pid: i32, container: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|groups| groups.contains(container))
}

fn children(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| {
            let pids = list.split_whitespace().filter_map(|pid| pid.parse().ok());
            pids.collect::<Vec<i32>>()
        })
        .collect()
}
