//! Kept connections to one replica: bounded, closed when idle for too long, newest first.

use std::sync::{Mutex, MutexGuard};

use gantry_events::Millis;
use gantry_runtime::Lane;

use crate::line::Line;

/// Idle connections to one replica.
#[derive(Debug)]
pub(crate) struct Pool {
    most: usize,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    /// Nothing is kept. Looked at under the same lock as what is, so that nothing comes in right after closing.
    closed: bool,
    kept: Vec<Kept>,
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
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle
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
        let kept = &mut self.idle().kept;
        let newest = kept.iter().rposition(|kept| kept.line.lane == here)?;
        Some(kept.remove(newest).line)
    }

    /// Keeps a connection whose last answer has ended, if another request can be sent on it and there is room.
    pub(crate) fn put(&self, mut line: Line, now: Millis) {
        if !line.is_ready() {
            return;
        }
        let mut idle = self.idle();
        if !idle.closed && idle.kept.len() < self.most {
            idle.kept.push(Kept { line, since: now });
        }
    }

    /// Closes connections that have been idle since before `oldest`, and forgets closed ones. They are out of the
    /// pool while they are looked at, so that no request waits for that.
    pub(crate) fn prune(&self, oldest: Millis) {
        let mut kept = std::mem::take(&mut self.idle().kept);
        kept.retain_mut(|kept| kept.since >= oldest && kept.line.is_ready());
        let mut idle = self.idle();
        if !idle.closed {
            // Those that came meanwhile are newer.
            kept.append(&mut idle.kept);
            kept.truncate(self.most);
            idle.kept = kept;
        }
    }

    /// Keeps connections again.
    pub(crate) fn open(&self) {
        self.idle().closed = false;
    }

    /// Closes all idle connections, and keeps none from here on.
    pub(crate) fn close(&self) {
        let mut idle = self.idle();
        idle.closed = true;
        let kept = std::mem::take(&mut idle.kept);
        drop(idle);
        drop(kept);
    }
}
