//! The healer: processes that ended, and when each is started again in place.

use gantry_decider::Backoff;
use gantry_events::{Millis, Time};

/// A process that was healthy for this long begins anew with the shortest wait.
pub const HEALTHY_FOR: Millis = Millis::from_secs(60);

/// Ends that are remembered until they are reported. A longer outage of the log counts this many.
const REMEMBERED: usize = 64;

/// One end of a process that should have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// When the engine says that it ended; names the end.
    pub(crate) at: Time,
    /// When this worker came to know of it, by the clock that reports are compared with.
    pub(crate) noticed: Time,
    /// Its exit code.
    pub(crate) exit: i64,
}

/// The ends of one replica's processes, as far as this worker saw them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    last: Vec<End>,
    in_a_row: u32,
    noticed: Time,
}

impl Ends {
    /// Takes an end into account, once. `healthy` says since when the process had been healthy.
    pub(crate) fn note(&mut self, end: End, healthy: Option<Time>, now: Time) {
        if self.last.last().is_some_and(|known| known.at == end.at) {
            return;
        }
        let anew = healthy.is_some_and(|since| now.since(since) >= HEALTHY_FOR);
        self.in_a_row = if anew {
            1
        } else {
            self.in_a_row.saturating_add(1)
        };
        // Counted from the notice, by the clock that is compared with, whatever the engine's says.
        self.noticed = now;
        if self.last.len() == REMEMBERED {
            self.last.remove(0);
        }
        self.last.push(end);
    }

    /// Ends that were not reported by then.
    pub(crate) fn after(&self, reported: Time) -> impl DoubleEndedIterator<Item = &End> {
        self.last.iter().filter(move |end| end.noticed > reported)
    }

    /// The wait before the next start: 1, 2, 4 … 60 s.
    pub(crate) fn backoff(&self) -> Millis {
        Backoff::RESTART.after(self.in_a_row)
    }

    /// When the process may be started again.
    pub(crate) fn start_at(&self) -> Time {
        self.noticed + self.backoff()
    }
}
