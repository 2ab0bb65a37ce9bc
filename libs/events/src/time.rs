//! `Time` as the log knows it: milliseconds since the Unix epoch, UTC. Reading a clock is left to
//! `gantry-runtime`.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Millis;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, written as RFC 3339 with milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(i64);

/// Latest moment that RFC 3339 can write: the end of the year 9999.
const LAST: i64 = 253_402_300_799_999;

/// The text is no RFC 3339 time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time; write it as in 2026-01-31T12:00:00.000Z")]
pub struct ParseTimeError(String);

impl Time {
    /// The moment so many milliseconds after the epoch; held within the years 1970 to 9999.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis.clamp(0, LAST))
    }

    /// Milliseconds since the epoch.
    pub fn unix_millis(self) -> i64 {
        self.0
    }

    /// Time from `earlier` to here; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl Add<Millis> for Time {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self::from_unix_millis(
            self.0
                .saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Millis> for Time {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self::from_unix_millis(
            self.0
                .saturating_sub(i64::try_from(span.0).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .expect("a Time lies within the years 1970 to 9999");
        let (h, m, s) = moment.to_hms();
        write!(
            f,
            "{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}.{:03}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.millisecond()
        )
    }
}

impl FromStr for Time {
    type Err = ParseTimeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let moment =
            OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ParseTimeError(text.to_owned()))?;
        let millis = i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(LAST);
        Ok(Self::from_unix_millis(millis))
    }
}

impl TryFrom<String> for Time {
    type Error = ParseTimeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_was_written() {
        for millis in [0, 1, 999, 1_700_000_000_123, LAST] {
            let time = Time::from_unix_millis(millis);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }

    #[test]
    fn time_between_never_goes_below_zero() {
        let (early, late) = (Time::from_unix_millis(5), Time::from_unix_millis(9));
        assert_eq!(late.since(early), Millis(4));
        assert_eq!(early.since(late), Millis(0));
    }
}
