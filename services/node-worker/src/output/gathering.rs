//! `Gathering`: lines put together from entries, until a page is full.

use std::io::{self, BufRead};

use gantry_events::{OutputLine, OutputPlace, Time};

use super::entry::Entry;

/// Most bytes of lines in one answer; the last one may go beyond.
const PAGE: usize = 256 << 10;

/// Most bytes of a line; a longer one is given in several.
const LINE: usize = 64 << 10;

/// Lines put together from entries.
pub struct Gathering {
    since: Time,
    /// Whole lines so far.
    pub lines: Vec<OutputLine>,
    size: usize,
    /// The place after the last line that was read, given or not.
    pub last: Option<OutputPlace>,
    part: Option<OutputLine>,
}

impl Gathering {
    /// None yet, from this place on.
    pub fn new(since: Time, begin: Option<OutputPlace>) -> Self {
        Self {
            since,
            lines: Vec::new(),
            size: 0,
            last: begin,
            part: None,
        }
    }

    /// Reads on in one file; false when the page is full.
    pub fn take(&mut self, mut file: impl BufRead, mut place: OutputPlace) -> io::Result<bool> {
        let mut bytes = Vec::new();
        loop {
            if self.size >= PAGE {
                return Ok(false);
            }
            bytes.clear();
            let read = file.read_until(b'\n', &mut bytes)?;
            // Without an end it is being written just now.
            if bytes.last() != Some(&b'\n') {
                return Ok(true);
            }
            place.end += read as u64;
            match Entry::read(&bytes) {
                Some(entry) => self.add(entry, place),
                None if self.part.is_none() => self.last = Some(place),
                None => {}
            }
        }
    }

    fn add(&mut self, entry: Entry, place: OutputPlace) {
        // A place can say only that everything before it was given: what the other stream interrupts is
        // given as it is.
        let interrupted = |part: &OutputLine| {
            part.stream != entry.stream || part.line.len() + entry.log.len() > LINE
        };
        if self.part.as_ref().is_some_and(interrupted) {
            self.flush();
        }
        let is_end = entry.is_end();
        let part = self.part.get_or_insert(OutputLine {
            time: entry.time,
            stream: entry.stream,
            line: String::new(),
            place,
        });
        part.line += entry.log.trim_end_matches(['\n', '\r']);
        part.place = place;
        if is_end {
            self.flush();
        }
    }

    /// What has no end yet is a line all the same.
    pub fn flush(&mut self) {
        let Some(line) = self.part.take() else {
            return;
        };
        self.last = Some(line.place);
        if line.time >= self.since {
            // A line is written as JSON with its time, stream and place around it.
            self.size += line.line.len() + 150;
            self.lines.push(line);
        }
    }
}
