//! Bugs of the provisioner.

use gantry_decider::{Draft, Next};
use gantry_events::{Event, Fact, MachineLeaving, MachineRemoving, MachineRequested, Time};
use gantry_provisioner_core::{ProvisionerCore, State};

use super::Flaws;
use crate::bug::Bug;

impl Flaws for ProvisionerCore {
    fn flawed_next(&self, bug: Bug, _state: &State, mut next: Next, _now: Time) -> Next {
        next.draft = next.draft.map(|draft| flawed(bug, draft));
        if let (Bug::GoneNotReplaced, Some(draft)) = (bug, &mut next.draft) {
            // What is asked for by itself makes good what vanished.
            let asks = |fact: &Fact| matches!(fact, Fact::MachineRequested(_));
            draft.events.retain(|event| !asks(&event.fact));
        }
        next
    }

    fn flawed_answer(&self, bug: Bug, draft: Draft) -> Draft {
        flawed(bug, draft)
    }
}

fn flawed(bug: Bug, mut draft: Draft) -> Draft {
    let events = draft.events.iter();
    let more: Vec<Event> = if bug == Bug::MachineTwice {
        events.filter_map(twin).collect()
    } else if bug == Bug::RemoveUndrained {
        events.filter_map(removal).collect()
    } else {
        Vec::new()
    };
    draft.events.extend(more);
    draft
}

/// The last machine that was asked for is asked for once more, under the next number.
fn twin(event: &Event) -> Option<Event> {
    let Fact::MachineRequested(requested) = &event.fact else {
        return None;
    };
    let number: u32 = requested.machine.as_str().strip_prefix('m')?.parse().ok()?;
    let number = number + 1000;
    Some(Event::from(MachineRequested {
        machine: format!("m{number}").parse().ok()?,
        node: format!("n{number}").parse().ok()?,
        ..requested.clone()
    }))
}

/// A machine that leaves is removed at once.
fn removal(event: &Event) -> Option<Event> {
    let Fact::MachineLeaving(MachineLeaving {
        machine,
        node,
        until,
    }) = &event.fact
    else {
        return None;
    };
    Some(Event::from(MachineRemoving {
        machine: machine.clone(),
        node: node.clone(),
        until: *until,
    }))
}
