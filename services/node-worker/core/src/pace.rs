//! `Pace`: when a replica is asked next. One that has not answered yet is asked often, so that it is ready
//! soon; one that answers, at the interval of its file; one in doubt, quickly, until it is known.

use gantry_events::Millis;

use crate::Answer;

/// First wait of a replica that has not answered yet, and the longest. Most programs listen within
/// milliseconds of their start. It grows by half: the answer is found late by a third of the time that
/// the start took, at most.
const EAGER: Millis = Millis(5);
const EAGER_MOST: Millis = Millis(500);

/// Wait after a bad answer, and for an answer before another is asked beside it.
const DOUBT: Millis = Millis(500);

/// The pace of the probes of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    interval: Millis,
    mood: Mood,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Waking { wait: Millis },
    Well,
    Doubtful,
}

impl Pace {
    /// The pace of a run that has not answered yet.
    pub fn of(interval: Millis) -> Self {
        Self {
            interval,
            mood: Mood::Waking { wait: EAGER },
        }
    }

    /// Takes an answer into account.
    pub fn answered(&mut self, answer: &Answer) {
        self.mood = match (answer, self.mood) {
            (Answer::Good, _) => Mood::Well,
            (Answer::Bad(_), Mood::Waking { wait }) => Mood::Waking {
                wait: Millis(wait.0 + wait.0.div_ceil(2)).min(EAGER_MOST),
            },
            (Answer::Bad(_), Mood::Well | Mood::Doubtful) => Mood::Doubtful,
        };
    }

    /// Time from an answer to the next question.
    pub fn rest(&self) -> Millis {
        match self.mood {
            Mood::Waking { wait } => wait.min(self.interval),
            Mood::Well => self.interval,
            Mood::Doubtful => DOUBT.min(self.interval),
        }
    }

    /// Time for which an answer is waited before another question is asked beside it: a replica that
    /// hangs shows in one timeout, not in three after each other.
    pub fn patience(&self) -> Millis {
        DOUBT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_eager_then_calm_then_in_doubt() {
        let mut pace = Pace::of(Millis::from_secs(5));
        assert_eq!(pace.rest(), Millis(5));
        let bad = Answer::Bad("status 503".to_owned());
        pace.answered(&bad);
        assert_eq!(pace.rest(), Millis(8));
        (0..20).for_each(|_| pace.answered(&bad));
        assert_eq!(pace.rest(), Millis(500), "but never slower than that");
        pace.answered(&Answer::Good);
        assert_eq!(pace.rest(), Millis::from_secs(5));
        pace.answered(&bad);
        assert_eq!(pace.rest(), Millis(500));
        pace.answered(&Answer::Good);
        assert_eq!(pace.rest(), Millis::from_secs(5));
    }

    #[test]
    fn an_interval_shorter_than_that_is_kept() {
        let mut pace = Pace::of(Millis(100));
        pace.answered(&Answer::Good);
        pace.answered(&Answer::Bad(String::new()));
        assert_eq!(pace.rest(), Millis(100));
    }
}
