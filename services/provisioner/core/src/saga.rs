//! What follows for one machine from its step and what was seen of it.

use gantry_decider::{Backoff, Draft};
use gantry_events::{
    MachineCreated, MachineGone, MachineId, MachineOverdue, MachineReady, MachineRemoved,
    MachineRemoving, MachineStarted, Millis, Seq, Time,
};

use crate::machine::{Machine, Made, Step};
use crate::observed::{Presence, Sight};

/// Time the node of a machine that was made has to join: its engine and its worker start, and both
/// sides of the bus must be up.
const JOIN: Millis = Millis::from_secs(60);

/// Time the provider has to remove a machine: its processes are killed, and an engine's volume may be
/// large.
pub(crate) const REMOVE: Millis = Millis::from_secs(60);

/// Time that is given anew once a deadline has passed: longer each time, as each is a fact in a log
/// that is kept for ever.
const AGAIN: Backoff = Backoff {
    first: Millis::from_secs(60),
    most: Millis::from_secs(3600),
};

impl Machine {
    /// The next step that state and sight allow, if any.
    pub(crate) fn advance(&self, id: &MachineId, sight: &Sight, now: Time) -> Option<Draft> {
        self.step_on(id, sight, now)
            .or_else(|| self.remind(id, sight, now))
    }

    fn step_on(&self, id: &MachineId, sight: &Sight, now: Time) -> Option<Draft> {
        match &self.step {
            Step::Requested { .. } => made(id, sight, now),
            Step::Joining { made, .. } | Step::Ready { made } if is_gone(made, sight) => {
                Some(self.gone(id))
            }
            Step::Joining { .. } if self.joined => Some(Draft::of(MachineReady {
                machine: id.clone(),
                node: self.node.clone(),
            })),
            Step::Joining { made, .. } | Step::Ready { made } => up_again(id, made, sight),
            Step::Leaving { .. } if self.drained || !self.joined => Some(self.removal(id, now)),
            Step::Leaving { made, .. } => {
                let made = made.as_ref()?;
                if is_gone(made, sight) {
                    return Some(self.gone(id));
                }
                up_again(id, made, sight)
            }
            Step::Removing { said, .. } => self.removed(id, *said, sight),
        }
    }

    fn removal(&self, id: &MachineId, now: Time) -> Draft {
        Draft::of(MachineRemoving {
            machine: id.clone(),
            node: self.node.clone(),
            until: now + REMOVE,
        })
    }

    fn removed(&self, id: &MachineId, said: Seq, sight: &Sight) -> Option<Draft> {
        let Presence::Absent { as_of, remains, .. } = sight.presence else {
            return None;
        };
        let removed = MachineRemoved {
            machine: id.clone(),
            node: self.node.clone(),
        };
        let nothing_left = as_of >= said && !remains;
        nothing_left.then(|| {
            Draft::of(removed).seeing(format!("machine {id}"), "nothing is left of it".to_owned())
        })
    }

    fn gone(&self, id: &MachineId) -> Draft {
        let gone = MachineGone {
            machine: id.clone(),
            node: self.node.clone(),
        };
        Draft::of(gone).seeing(format!("machine {id}"), "it is not there".to_owned())
    }

    fn remind(&self, id: &MachineId, sight: &Sight, now: Time) -> Option<Draft> {
        let wait = self.wait().filter(|wait| wait.until <= now)?;
        Some(Draft::of(MachineOverdue {
            machine: id.clone(),
            waiting_for: self.plight(sight)?,
            until: now + AGAIN.after(wait.passed.saturating_add(1)),
        }))
    }
}

/// One that was seen was made, even if it is gone before that is said.
fn made(id: &MachineId, sight: &Sight, now: Time) -> Option<Draft> {
    let provider_id = sight.seen_as.clone()?;
    let said = format!("it was seen as {provider_id}");
    let created = MachineCreated {
        machine: id.clone(),
        provider_id,
        until: now + JOIN,
    };
    Some(Draft::of(created).seeing(format!("machine {id}"), said))
}

/// Not there in the eyes of one who already knew that it had been made.
fn is_gone(made: &Made, sight: &Sight) -> bool {
    match sight.presence {
        Presence::Absent { as_of, .. } => as_of >= made.said,
        Presence::Unknown | Presence::Down { .. } | Presence::Up { .. } => false,
    }
}

/// Seen running, and not running at some time after it was last said to run.
fn up_again(id: &MachineId, made: &Made, sight: &Sight) -> Option<Draft> {
    let Presence::Up {
        after: Some(down), ..
    } = &sight.presence
    else {
        return None;
    };
    let draft = Draft::of(MachineStarted {
        machine: id.clone(),
    });
    (*down > made.up_since).then(|| {
        draft.seeing(
            format!("machine {id}"),
            format!("down at {down}, running now"),
        )
    })
}
