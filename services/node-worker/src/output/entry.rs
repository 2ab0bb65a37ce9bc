//! `Entry`: one piece of output as the engine's driver `json-file` writes it. A line of the process is
//! one entry, or several where it is longer than 16 KiB.

use gantry_events::{OutputStream, Time};
use serde::Deserialize;

/// What an entry that ends a line has in its bytes.
const END_OF_LINE: &[u8] = br#"\n","stream":"#;

/// One entry.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// What was written, with its line's end if that was reached.
    pub log: String,
    /// Where.
    pub stream: OutputStream,
    /// When the engine read it.
    pub time: Time,
}

impl Entry {
    /// Reads the bytes of one entry. What was cut off by a power loss is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether it ends a line, by its bytes alone.
    pub fn ends_line(bytes: &[u8]) -> bool {
        let window = END_OF_LINE.len();
        bytes.windows(window).rev().any(|part| part == END_OF_LINE)
    }

    /// Whether it ends a line.
    pub fn is_end(&self) -> bool {
        self.log.ends_with('\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_and_its_end_is_seen_both_ways() {
        let whole = br#"{"log":"hello  world\n","stream":"stderr","time":"2026-01-01T00:00:00.123456789Z"}"#;
        let entry = Entry::read(whole).unwrap();
        assert_eq!(
            (
                entry.log.as_str(),
                entry.stream,
                entry.time.to_string().as_str()
            ),
            (
                "hello  world\n",
                OutputStream::Stderr,
                "2026-01-01T00:00:00.123Z"
            )
        );
        assert!(entry.is_end() && Entry::ends_line(whole));
        let part = br#"{"log":"hello \\n","stream":"stdout","time":"2026-01-01T00:00:00Z","attrs":{"a":"b"}}"#;
        assert!(!Entry::read(part).unwrap().is_end());
        let cut = &whole[..40];
        assert!(Entry::read(cut).is_none() && !Entry::ends_line(&whole[..20]));
    }
}
