//! `Steps`: what an operation has come through and what it is at.

use std::fmt;

use gantry_events::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::short::short;

/// Most steps a document lists; beyond it the oldest that are over are left out. Sixty rollouts at
/// once are read from the services, not from here.
const MOST: usize = 10;

/// One step of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// What it is about, stable: `images`, `release/r3`, `rollback/r2`, `service/web`, `machine/m1`,
    /// `pool/workers`, `node/n1`.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// When it came into that state.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
    /// What it waits for while it runs, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How much of it is done, where it is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// How many are done.
    pub done: u32,
    /// How many there are.
    pub of: u32,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.done, self.of)
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It is being done.
    Running,
    /// It is done.
    Done,
    /// It could not be done.
    Failed,
    /// A newer operation took it over.
    Superseded,
}

/// The steps of one operation, in the order they began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Steps {
    /// The steps.
    pub steps: Vec<Step>,
    /// How many are not listed.
    #[serde(default)]
    pub steps_left_out: u32,
}

impl Steps {
    /// A step begins, or goes on; `waiting_for` says what it waits for.
    pub(crate) fn begin(&mut self, name: &str, now: Time, waiting_for: &str) {
        if let Some(step) = self.running(name) {
            step.detail = Some(short(waiting_for, 80));
            return;
        }
        self.add(name, StepState::Running, now, Some(waiting_for));
    }

    /// A step was done at once, or the running one of that name is done.
    pub(crate) fn done(&mut self, name: &str, now: Time) {
        if !self.end(name, StepState::Done, now, None) {
            self.add(name, StepState::Done, now, None);
        }
    }

    /// The running step of that name ends like this. Whether there was one.
    pub(crate) fn end(
        &mut self,
        name: &str,
        state: StepState,
        now: Time,
        why: Option<&str>,
    ) -> bool {
        let Some(step) = self.running(name) else {
            return false;
        };
        step.state = state;
        step.since = now;
        step.detail = why.map(|why| short(why, 80));
        if state == StepState::Done {
            step.progress = None;
        }
        true
    }

    /// So much of the running step of that name is done.
    pub(crate) fn advance(&mut self, name: &str, progress: Progress) {
        if let Some(step) = self.running(name) {
            step.progress = Some(progress);
        }
    }

    /// So many things are left of the running step of that name; it counts from the most there were.
    pub(crate) fn leave(&mut self, name: &str, left: u32) {
        if let Some(step) = self.running(name) {
            let of = step.progress.map_or(0, |progress| progress.of).max(left);
            step.progress = Some(Progress {
                done: of - left,
                of,
            });
        }
    }

    /// Whether nothing runs but this.
    pub(crate) fn runs_alone(&mut self, name: &str) -> bool {
        let mut running = self.steps.iter().filter(|s| s.state == StepState::Running);
        running.all(|step| step.name == name)
    }

    /// Whatever still runs ends like this.
    pub(crate) fn end_all(&mut self, state: StepState, now: Time) {
        for step in &mut self.steps {
            if step.state == StepState::Running {
                step.state = state;
                step.since = now;
                step.detail = None;
            }
        }
    }

    /// What the running steps wait for, in words; nothing when none runs.
    pub(crate) fn waiting_for(&self) -> Option<String> {
        let mut running = self.steps.iter().filter(|s| s.state == StepState::Running);
        let first = running.next()?;
        let detail = first.detail.clone().unwrap_or_default();
        let first = match first.progress {
            Some(progress) => format!("{detail}, {progress}"),
            None => detail,
        };
        match running.count() {
            0 => Some(first),
            more => Some(format!("{first}, and {more} more")),
        }
    }

    fn running(&mut self, name: &str) -> Option<&mut Step> {
        let mut steps = self.steps.iter_mut();
        steps.find(|step| step.name == name && step.state == StepState::Running)
    }

    fn add(&mut self, name: &str, state: StepState, since: Time, detail: Option<&str>) {
        if self.steps.len() >= MOST {
            self.steps_left_out += 1;
            let over = self
                .steps
                .iter()
                .position(|s| s.state != StepState::Running);
            match over {
                Some(index) => drop(self.steps.remove(index)),
                None => return,
            }
        }
        self.steps.push(Step {
            name: name.to_owned(),
            state,
            since,
            detail: detail.map(|d| short(d, 80)),
            progress: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_steps_the_oldest_that_are_over_go() {
        let now = Time::default();
        let mut steps = Steps::default();
        steps.begin("service/a", now, "a");
        steps.done("release/r1", now);
        for n in 0..MOST {
            steps.begin(&format!("service/s{n}"), now, "more");
        }
        assert_eq!(steps.steps.len(), MOST);
        assert_eq!(steps.steps_left_out, 2);
        assert_eq!(steps.steps[0].name, "service/a");
        assert_eq!(steps.waiting_for().unwrap(), "a, and 9 more");
    }
}
