//! `Start`: where in the files of a replica a page begins.

use std::io::{self, Read};

use gantry_events::{OutputFrom, Time};

use super::entry::Entry;
use super::files::{Files, OneFile};

/// Bytes of a file, from its end, in which last lines are looked for at first, and at most.
const LOOK_BACK: u64 = 64 << 10;
const LONGEST_LOOK_BACK: u64 = 4 << 20;

/// Where a page begins.
pub struct Start {
    /// Which file.
    pub index: usize,
    /// The byte in it.
    pub offset: u64,
    /// Lines from before are left out.
    pub since: Time,
    /// Whether what should have come first is not kept any more.
    pub lost: bool,
}

impl Start {
    fn at(index: usize, offset: u64) -> Self {
        Self {
            index,
            offset,
            since: Time::default(),
            lost: false,
        }
    }

    /// Finds it.
    pub fn find(files: &mut Files, from: &OutputFrom) -> io::Result<Self> {
        match from {
            OutputFrom::Tail { lines, since } => {
                let start = tail(files, usize::try_from(*lines).unwrap_or(usize::MAX))?;
                let since = since.unwrap_or_default();
                Ok(Self { since, ..start })
            }
            OutputFrom::Since { time } => {
                let began = |first: &[u8]| Entry::read(first).map(|entry| entry.time);
                let earlier = files
                    .all()
                    .iter()
                    .rposition(|file| began(&file.first).is_some_and(|began| began < *time));
                let since = *time;
                Ok(Self {
                    since,
                    ..Self::at(earlier.unwrap_or(0), 0)
                })
            }
            OutputFrom::After { place } => Ok(match files.index(*place) {
                Some(index) => Self::at(index, place.end),
                None => Self {
                    lost: !files.all().is_empty(),
                    ..Self::at(0, 0)
                },
            }),
        }
    }
}

/// Where the last `wanted` lines begin.
fn tail(files: &mut Files, wanted: usize) -> io::Result<Start> {
    let mut missing = wanted;
    for (index, file) in files.all().iter_mut().enumerate().rev() {
        let found = last_lines(file, missing)?;
        if found.is_enough {
            return Ok(Start::at(
                index,
                found.begin.first().copied().unwrap_or(file.len),
            ));
        }
        missing -= found.begin.len();
    }
    Ok(Start::at(0, 0))
}

/// The last lines of one file.
struct LastLines {
    /// Where each begins.
    begin: Vec<u64>,
    /// Whether no earlier file is to be looked into.
    is_enough: bool,
}

fn last_lines(file: &mut OneFile, wanted: usize) -> io::Result<LastLines> {
    let mut back = LOOK_BACK;
    loop {
        let from = file.len.saturating_sub(back);
        let mut bytes = Vec::new();
        file.from(from)?.read_to_end(&mut bytes)?;
        let mut begin = line_starts(&bytes, from);
        let surplus = begin.len().saturating_sub(wanted);
        begin.drain(..surplus);
        let is_enough = begin.len() == wanted || (from > 0 && back >= LONGEST_LOOK_BACK);
        if is_enough || from == 0 {
            return Ok(LastLines { begin, is_enough });
        }
        back *= 2;
    }
}

/// Where each whole line in the bytes begins; they stand at `base` in their file.
fn line_starts(bytes: &[u8], base: u64) -> Vec<u64> {
    let mut starts = Vec::new();
    // In the middle of a file, the first entry may have lost its beginning.
    let mut begins = (base == 0).then_some(base);
    let mut at = base;
    for entry in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += entry.len() as u64;
        if Entry::ends_line(entry) {
            starts.extend(begins);
            begins = Some(at);
        }
    }
    starts
}
