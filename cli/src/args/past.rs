//! `Past`: as of when a verb reads.

use std::str::FromStr;

use gantry_events::{Seq, Time};
use gantry_rest::{Client, ReadAt};

/// As of when to read, for verbs that read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Past {
    /// As it was when the log had come to SEQ, or at a TIME in UTC: 4711, 2026-01-31T12:00:00Z
    #[arg(long, value_name = "SEQ|TIME")]
    at: Option<AsOf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AsOf {
    Seq(Seq),
    Time(Time),
}

impl FromStr for AsOf {
    type Err = String;
    /// A time may be written as it is shown, too: with a space, and without a zone for UTC.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(seq) = text.parse() {
            return Ok(Self::Seq(Seq(seq)));
        }
        let written = text.trim_end_matches(" UTC").replacen(' ', "T", 1);
        let time = written.parse().or_else(|_| format!("{written}Z").parse());
        time.map(Self::Time).map_err(|_| {
            "it is neither a sequence of the log, as 4711, nor a time, as 2026-01-31T12:00:00Z"
                .to_owned()
        })
    }
}

impl Past {
    /// What to ask for; of lists what has ended too, if `all`.
    pub fn read(&self, all: bool) -> ReadAt {
        let (at_seq, at) = match self.at {
            Some(AsOf::Seq(seq)) => (Some(seq), None),
            Some(AsOf::Time(time)) => (None, Some(time)),
            None => (None, None),
        };
        ReadAt {
            at_seq,
            at,
            all,
            ..ReadAt::default()
        }
    }

    /// The now from which ages are counted; none in the past, where moments say more.
    pub fn now(&self, client: &Client) -> Option<Time> {
        client.date().filter(|_| self.at.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_sequence_or_a_time_as_it_is_shown() {
        let noon = "2026-01-31T12:00:00.000Z".parse().unwrap();
        assert_eq!("4711".parse(), Ok(AsOf::Seq(Seq(4711))));
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T13:00:00+01:00",
            "2026-01-31 12:00:00",
            "2026-01-31 12:00:00 UTC",
        ] {
            assert_eq!(text.parse(), Ok(AsOf::Time(noon)), "{text}");
        }
        assert!("yesterday".parse::<AsOf>().is_err());
    }
}
