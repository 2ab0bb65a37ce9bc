//! `Stall`: how long something may stand still, for code that is polled.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use gantry_events::Millis;
use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

/// A limit on standing still. Costs nothing while things move.
pub(crate) struct Stall {
    limit: Millis,
    until: Option<Pin<Box<dyn Sleep>>>,
    standing: bool,
}

impl fmt::Debug for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stall")
            .field("limit", &self.limit)
            .field("standing", &self.standing)
            .finish()
    }
}

impl Stall {
    /// Nothing stands still yet.
    pub(crate) fn new(limit: Millis) -> Self {
        Self {
            limit,
            until: None,
            standing: false,
        }
    }

    /// Something moved.
    pub(crate) fn moved(&mut self) {
        self.standing = false;
    }

    /// Nothing moves now; ready once that has been so for the limit. Wakes the task at that time.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = TokioTimer::new();
        let until = match &mut self.until {
            Some(until) if self.standing => until,
            Some(until) => {
                timer.reset(until, timer.now() + self.limit.duration());
                until
            }
            None => self.until.insert(timer.sleep(self.limit.duration())),
        };
        self.standing = true;
        until.as_mut().poll(cx)
    }
}
