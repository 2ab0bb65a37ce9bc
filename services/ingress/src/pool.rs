//! Kept connections to one replica: bounded, closed when idle for too long, newest first.

use std::sync::{Mutex, MutexGuard};

use gantry_events::Millis;
use gantry_runtime::Lane;

use crate::line::Line;

/// Idle connections to one replica.
#[derive(Debug)]
pub(crate) struct Pool {
    most: usize,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    line: Line,
    since: Millis,
}

impl Pool {
    /// A pool that keeps so many connections at most.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept
            .lock()
            .expect("nobody panics while holding the pool")
    }

    /// The connection of this lane that was used last. It may be closed at any moment all the same.
    pub(crate) fn take(&self) -> Option<Line> {
        let here = Lane::here();
        loop {
            let mut line = self.newest(here)?;
            if line.is_ready() {
                return Some(line);
            }
        }
    }

    fn newest(&self, here: Lane) -> Option<Line> {
        let mut kept = self.kept();
        let newest = kept.iter().rposition(|kept| kept.line.lane == here)?;
        Some(kept.remove(newest).line)
    }

    /// Keeps a connection whose last answer has ended, if another request can be sent on it and there is room.
    pub(crate) fn put(&self, mut line: Line, now: Millis) {
        if !line.is_ready() {
            return;
        }
        let mut kept = self.kept();
        if kept.len() < self.most {
            kept.push(Kept { line, since: now });
        }
    }

    /// Closes connections that have been idle since before `oldest`, and forgets closed ones.
    pub(crate) fn prune(&self, oldest: Millis) {
        self.kept()
            .retain_mut(|kept| kept.since >= oldest && kept.line.is_ready());
    }

    /// Closes all idle connections.
    pub(crate) fn close(&self) {
        self.kept().clear();
    }
}
