//! `Appending`: one append in flight on one subject, until the log itself says what became of it.
//!
//! A lost acknowledgement means *unknown*: the identical bytes are tried again with the same
//! expectation, so at most one lands. That it did not happen may be concluded only once another
//! message holds its position. No I/O happens here; whoever drives it sends the appends it gives.

use gantry_decider::Backoff;
use gantry_events::Time;

use crate::{Append, AppendOutcome, Stored};

/// What the log says became of the append in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The very bytes stand in the log.
    Landed,
    /// Another message holds the position; it will never land.
    Lost,
}

/// At most one append in flight.
#[derive(Clone, Debug, Default)]
pub struct Appending {
    in_flight: Option<InFlight>,
}

#[derive(Clone, Debug)]
struct InFlight {
    append: Append,
    failures: u32,
    retry_at: Option<Time>,
}

impl Appending {
    /// Whether nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_none()
    }

    /// Puts an append in flight and gives it back to be sent. Nothing may be in flight.
    pub fn begin(&mut self, append: Append) -> Append {
        debug_assert!(self.is_idle(), "one append at a time on a subject");
        self.in_flight = Some(InFlight {
            append: append.clone(),
            failures: 0,
            retry_at: None,
        });
        append
    }

    /// Takes what the server answered. Only the log settles an append; an answer merely says when to
    /// try again.
    pub fn answered(&mut self, outcome: &AppendOutcome, now: Time) {
        let Some(in_flight) = &mut self.in_flight else {
            return;
        };
        match outcome {
            // Stored, or another's: either way the log shows it once it is folded that far.
            AppendOutcome::Stored(_) | AppendOutcome::WrongLast => in_flight.retry_at = None,
            AppendOutcome::Unavailable(_) | AppendOutcome::Unknown(_) => {
                in_flight.failures += 1;
                in_flight.retry_at = Some(now + Backoff::NEAR.after(in_flight.failures));
            }
        }
    }

    /// When the identical bytes should be tried again, if they should.
    pub fn retry_at(&self) -> Option<Time> {
        self.in_flight
            .as_ref()
            .and_then(|in_flight| in_flight.retry_at)
    }

    /// The append to send again, once its time has come.
    pub fn retry(&mut self, now: Time) -> Option<Append> {
        let in_flight = self.in_flight.as_mut()?;
        if in_flight.retry_at? > now {
            return None;
        }
        in_flight.retry_at = None;
        Some(in_flight.append.clone())
    }

    /// Takes a message as the log shows it, in order.
    pub fn stored(&mut self, stored: &Stored) -> Option<Landing> {
        let in_flight = self.in_flight.as_ref()?;
        if stored.subject != in_flight.append.subject.to_string()
            || stored.seq <= in_flight.append.expects
        {
            return None;
        }
        let landed = stored.payload == in_flight.append.payload;
        self.in_flight = None;
        Some(if landed {
            Landing::Landed
        } else {
            Landing::Lost
        })
    }
}

#[cfg(test)]
mod tests {
    use gantry_events::{LogSubject, Millis, Seq, Writer};

    use super::*;

    fn append() -> Append {
        Append {
            subject: LogSubject::Facts(Writer::Scheduler),
            payload: b"mine".to_vec(),
            mark: "mark".to_owned(),
            expects: Seq(4),
        }
    }

    fn stored(seq: u64, subject: &str, payload: &[u8]) -> Stored {
        Stored {
            seq: Seq(seq),
            subject: subject.to_owned(),
            payload: payload.to_vec(),
            mark: None,
        }
    }

    #[test]
    fn only_a_message_that_holds_its_position_settles_an_append() {
        for (message, landing) in [
            (stored(5, "evt.scheduler", b"mine"), Some(Landing::Landed)),
            (stored(5, "evt.scheduler", b"other"), Some(Landing::Lost)),
            (stored(4, "evt.scheduler", b"mine"), None),
            (stored(5, "evt.provisioner", b"mine"), None),
        ] {
            let mut appending = Appending::default();
            appending.begin(append());
            assert_eq!(appending.stored(&message), landing, "{message:?}");
            assert_eq!(appending.is_idle(), landing.is_some());
        }
    }

    #[test]
    fn without_an_answer_the_identical_bytes_are_tried_again_later_and_later() {
        let mut appending = Appending::default();
        appending.begin(append());
        let mut now = Time::default();
        for wait in [50, 100, 200] {
            appending.answered(&AppendOutcome::Unknown("silence".to_owned()), now);
            assert_eq!(appending.retry_at(), Some(now + Millis(wait)));
            assert_eq!(appending.retry(now), None, "not before its time");
            now = now + Millis(wait);
            assert_eq!(appending.retry(now), Some(append()));
            assert_eq!(appending.retry(now), None, "once");
        }
        appending.answered(&AppendOutcome::WrongLast, now);
        assert_eq!(
            appending.retry_at(),
            None,
            "the log will show what holds its place"
        );
        assert!(!appending.is_idle());
    }
}
