//! `Backoff`: growing, bounded waits between tries.

use gantry_events::Millis;

/// Waits of `first`, twice that, four times that … up to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Wait before the first retry.
    pub first: Millis,
    /// No wait is longer.
    pub most: Millis,
}

impl Backoff {
    /// Restarts of a process in place: 1, 2, 4 … 60 s.
    pub const RESTART: Self = Self {
        first: Millis(1000),
        most: Millis(60_000),
    };

    /// Tries against a server near by: 50 ms … 2 s.
    pub const NEAR: Self = Self {
        first: Millis(50),
        most: Millis(2000),
    };

    /// The wait after so many failed tries; none has failed: no wait.
    pub fn after(self, failures: u32) -> Millis {
        let Some(doublings) = failures.checked_sub(1) else {
            return Millis(0);
        };
        let wait = self
            .first
            .0
            .saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX));
        Millis(wait.min(self.most.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_bound() {
        let waits: Vec<u64> = (0..9).map(|n| Backoff::RESTART.after(n).0 / 1000).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(Backoff::RESTART.after(u32::MAX), Millis(60_000));
    }
}
