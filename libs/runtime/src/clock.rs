//! The one place that reads the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gantry_events::{Millis, Time};

/// Wall clock and monotonic clock of this machine. Clones are the same clock.
///
/// Its time follows the wall clock forwards only. Where that jumps back, it goes on at the pace of the
/// monotonic one: a deadline set before the jump still passes when its span is over.
#[derive(Clone, Debug)]
pub struct Clock {
    begun: Instant,
    /// Unix milliseconds at `begun`, by the furthest that was ever read or told.
    base: Arc<AtomicI64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            base: Arc::new(AtomicI64::new(wall().unix_millis())),
        }
    }
}

impl Clock {
    /// The time. Never goes back; cores are given the later of this and the last time they committed.
    pub fn now(&self) -> Time {
        self.not_before(wall());
        let base = self.base.load(Ordering::Relaxed);
        Time::from_unix_millis(base.saturating_add(self.passed()))
    }

    /// It is this late already, by one's own word of before a restart.
    pub fn not_before(&self, time: Time) {
        let base = time.unix_millis().saturating_sub(self.passed());
        self.base.fetch_max(base, Ordering::Relaxed);
    }

    /// The monotonic clock, for measuring spans.
    pub fn moment(&self) -> Moment {
        Moment(Instant::now())
    }

    fn passed(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

fn wall() -> Time {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Time::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// A moment of the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Instant);

impl Moment {
    /// Time that has passed since.
    pub fn elapsed(self) -> Millis {
        Millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = Millis::from_secs(3600);

    #[test]
    fn a_wall_clock_that_fell_behind_does_not_stop_the_time() {
        let clock = Clock::default();
        // As after a jump back of the wall clock by an hour.
        let ahead = clock.now() + HOUR;
        clock.not_before(ahead);
        let first = clock.now();
        assert!(first >= ahead);
        while clock.now() < first + Millis(5) {
            assert!(clock.moment().elapsed() < HOUR);
            std::thread::yield_now();
        }
        assert!(clock.now().since(ahead) < HOUR, "nor does it run away");
    }

    #[test]
    fn what_was_told_earlier_moves_nothing() {
        let clock = Clock::default();
        let now = clock.now();
        clock.not_before(Time::default());
        assert!(clock.now() >= now && clock.now().since(now) < HOUR);
    }
}
