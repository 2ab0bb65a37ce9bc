//! `Cursor`: after which event to go on. An event's id, `SEQ.INDEX`, or `SEQ` for all of that message.

use gantry_events::{LogId, Place, Seq};
use gantry_rest::ProblemCode;

use crate::refusal::{Answer, Refusal};

/// After which event to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) Place);

impl Cursor {
    /// Before the first event.
    pub(crate) const BEGINNING: Self = Self(Place {
        seq: Seq(0),
        index: u32::MAX,
    });

    /// Reads a cursor of this log.
    pub(crate) fn read(text: &str, log: LogId) -> Answer<Self> {
        let (of, place) = match text.rsplit_once(':') {
            Some((of, place)) => (Some(of), place),
            None => (None, text),
        };
        if let Some(of) = of.filter(|of| *of != log.to_string()) {
            return Err(Refusal::new(
                ProblemCode::LogRestored,
                format!("`{of}` is not this log ({log}); begin anew without a cursor"),
            ));
        }
        let whole = place.parse().map(|seq| Place {
            seq: Seq(seq),
            index: u32::MAX,
        });
        let cursor = whole.or_else(|_| place.parse()).ok();
        // Beyond what the read model can count to; no log is that long.
        let cursor = cursor.filter(|place: &Place| i64::try_from(place.seq.0).is_ok());
        cursor.map(Self).ok_or_else(|| {
            let detail = format!(
                "`{text}` is no place to go on after; pass an event's id, SEQ.INDEX or SEQ"
            );
            Refusal::new(ProblemCode::InvalidParameter, detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_bare_sequence_means_after_all_of_it() {
        let log = LogId(Uuid::nil());
        let rows = [
            ("17", (17, u32::MAX)),
            ("17.2", (17, 2)),
            ("00000000-0000-0000-0000-000000000000:17.0", (17, 0)),
        ];
        for (text, (seq, index)) in rows {
            let place = Place {
                seq: Seq(seq),
                index,
            };
            assert_eq!(Cursor::read(text, log), Ok(Cursor(place)), "{text}");
        }
        for wrong in ["", "x", "1.2.3", "-1", "other:17.0", "9223372036854775808"] {
            assert!(Cursor::read(wrong, log).is_err(), "{wrong}");
        }
    }
}
