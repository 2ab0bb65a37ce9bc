//! What the ingress itself notices of a replica, before any probe does: it refuses, it fails again and
//! again, it keeps silent. Such a replica is left out for a while where there are others.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use gantry_events::Millis;

/// When a replica is doubted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Requests in a row that may fail on it.
    pub(crate) failures: u32,
    /// How long requests may wait for it while it answers none of them.
    pub(crate) silent: Millis,
    /// How long it is left out once it refused or failed too often.
    pub(crate) skip: Millis,
}

/// What was noticed of one replica. Moments are uptimes; each number stands for itself, so no order
/// between them is needed.
#[derive(Debug)]
pub(crate) struct Doubt {
    limits: Limits,
    failures: AtomicU32,
    skipped_until: AtomicU64,
    waiting: AtomicU64,
    /// When the last answer began, or waiting did when nothing else waited.
    moved: AtomicU64,
}

impl Doubt {
    /// None so far.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            failures: AtomicU32::new(0),
            skipped_until: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            moved: AtomicU64::new(0),
        }
    }

    /// Whether others should rather be given requests.
    pub(crate) fn is_raised(&self, now: Millis) -> bool {
        now.0 < self.skipped_until.load(Ordering::Relaxed) || self.is_silent(now)
    }

    /// It could not be connected to.
    pub(crate) fn refused(&self, now: Millis) {
        self.skip(now);
    }

    /// It took a request and broke off without an answer, or answered nonsense.
    pub(crate) fn failed(&self, now: Millis) {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        if before.saturating_add(1) >= self.limits.failures {
            self.skip(now);
        }
    }

    /// All of a request was given to it, whose answer is waited for as long as the guard lives.
    pub(crate) fn wait(&self, now: Millis) -> Waiting<'_> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            self.moved.store(now.0, Ordering::Relaxed);
        }
        Waiting(self)
    }

    /// It began to answer a request.
    pub(crate) fn answered(&self, now: Millis) {
        self.moved.store(now.0, Ordering::Relaxed);
        // Nearly always so already, and a shared cache line is best only read.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.skipped_until.load(Ordering::Relaxed) != 0 {
            self.skipped_until.store(0, Ordering::Relaxed);
        }
    }

    fn skip(&self, now: Millis) {
        let until = now + self.limits.skip;
        self.skipped_until.store(until.0, Ordering::Relaxed);
    }

    fn is_silent(&self, now: Millis) -> bool {
        let quiet = now.0.saturating_sub(self.moved.load(Ordering::Relaxed));
        self.waiting.load(Ordering::Relaxed) > 0 && quiet >= self.limits.silent.0
    }
}

/// A request that waits for the head of its answer.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a Doubt);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt() -> Doubt {
        Doubt::new(Limits {
            failures: 3,
            silent: Millis(3000),
            skip: Millis(5000),
        })
    }

    #[test]
    fn one_that_refuses_is_left_out_for_a_while() {
        let doubt = doubt();
        doubt.refused(Millis(100));
        assert!(doubt.is_raised(Millis(5099)));
        assert!(!doubt.is_raised(Millis(5100)));
    }

    #[test]
    fn one_that_fails_in_a_row_is_left_out_and_again_with_its_next_failure() {
        let doubt = doubt();
        let at = Millis(1000);
        doubt.failed(at);
        doubt.failed(at);
        doubt.answered(at);
        doubt.failed(at);
        doubt.failed(at);
        assert!(!doubt.is_raised(at), "an answer between starts anew");
        doubt.failed(at);
        assert!(doubt.is_raised(at) && !doubt.is_raised(Millis(6000)));
        doubt.failed(Millis(6000));
        assert!(doubt.is_raised(Millis(6001)));
        doubt.answered(Millis(6002));
        assert!(!doubt.is_raised(Millis(6002)));
    }

    #[test]
    fn one_that_answers_none_of_those_who_wait_is_left_out() {
        let doubt = doubt();
        assert!(!doubt.is_raised(Millis(9000)), "nobody waits");
        let first = doubt.wait(Millis(10_000));
        let second = doubt.wait(Millis(12_000));
        assert!(!doubt.is_raised(Millis(12_999)));
        assert!(doubt.is_raised(Millis(13_000)));
        doubt.answered(Millis(13_500));
        drop(first);
        assert!(!doubt.is_raised(Millis(16_499)), "one of them was answered");
        assert!(doubt.is_raised(Millis(16_500)));
        drop(second);
        assert!(!doubt.is_raised(Millis(20_000)));
    }
}
