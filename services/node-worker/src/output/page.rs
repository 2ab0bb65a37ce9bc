//! `Page`: lines from a place on, as many as one answer takes.

use std::io::{self, BufRead, Read};

use gantry_events::{OutputAnswer, OutputFrom, OutputLine, OutputPlace, Time};

use super::entry::Entry;
use super::files::{Files, OneFile};

/// Most bytes of lines in one answer; the last one may go beyond.
const PAGE: usize = 256 << 10;

/// Most bytes of a line; a longer one is given in several.
const LINE: usize = 64 << 10;

/// Bytes of a file, from its end, in which last lines are looked for at first, and at most.
const LOOK_BACK: u64 = 64 << 10;
const LONGEST_LOOK_BACK: u64 = 4 << 20;

/// Lines that follow each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Them.
    pub lines: Vec<OutputLine>,
    /// Where they begin.
    pub begin: OutputFrom,
    /// Where to go on.
    pub next: OutputFrom,
    /// Whether more are there.
    pub more: bool,
    /// Whether what should have come first is not kept any more.
    pub lost: bool,
}

impl Page {
    /// The answer that says this.
    pub fn into_answer(self) -> OutputAnswer {
        OutputAnswer::Lines {
            lines: self.lines,
            begin: self.begin,
            next: self.next,
            more: self.more,
            lost: self.lost,
        }
    }

    /// Reads a page. `ended`: nobody will finish a line that has no end yet.
    pub fn read(mut files: Files, from: &OutputFrom, ended: bool) -> io::Result<Self> {
        let Start {
            index,
            offset,
            since,
            lost,
        } = Start::find(&mut files, from)?;
        let place = |file: &OneFile| OutputPlace {
            file: file.name,
            end: offset,
        };
        let begin = files.all().get(index).map(place);
        let mut reading = Reading::new(since, begin);
        let mut more = false;
        for (number, file) in files.all().iter_mut().enumerate().skip(index) {
            let start = if number == index { offset } else { 0 };
            let name = file.name;
            if !reading.take(
                file.from(start)?,
                OutputPlace {
                    file: name,
                    end: start,
                },
            )? {
                more = true;
                break;
            }
        }
        if ended && !more {
            reading.flush();
        }
        let after = |place: Option<OutputPlace>| match (place, from) {
            (Some(place), _) => OutputFrom::After { place },
            (None, OutputFrom::After { .. }) => from.clone(),
            // Nothing was ever written: all that will be comes after.
            (None, OutputFrom::Tail { .. } | OutputFrom::Since { .. }) => OutputFrom::beginning(),
        };
        Ok(Self {
            begin: after(begin),
            next: after(reading.last),
            lines: reading.lines,
            more,
            lost,
        })
    }
}

/// Where a page begins.
struct Start {
    index: usize,
    offset: u64,
    since: Time,
    lost: bool,
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

    fn find(files: &mut Files, from: &OutputFrom) -> io::Result<Self> {
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

/// Lines put together from entries.
struct Reading {
    since: Time,
    lines: Vec<OutputLine>,
    size: usize,
    /// The place after the last line that was read, given or not.
    last: Option<OutputPlace>,
    part: Option<OutputLine>,
}

impl Reading {
    fn new(since: Time, begin: Option<OutputPlace>) -> Self {
        Self {
            since,
            lines: Vec::new(),
            size: 0,
            last: begin,
            part: None,
        }
    }

    /// Reads on in one file; false when the page is full.
    fn take(&mut self, mut file: impl BufRead, mut place: OutputPlace) -> io::Result<bool> {
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

    fn flush(&mut self) {
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use gantry_events::OutputStream;

    use super::*;

    /// What a container wrote, in the files of an engine.
    struct Paper {
        folder: tempfile::TempDir,
        written: u32,
    }

    impl Paper {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                written: 0,
            }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("c-json.log")
        }

        fn write(&mut self, stream: &str, text: &str) {
            self.written += 1;
            let time = format!("2026-01-01T00:{:02}:00.000000001Z", self.written);
            let log = serde_json::to_string(text).unwrap();
            let entry = format!(r#"{{"log":{log},"stream":"{stream}","time":"{time}"}}"#);
            let old = fs::read_to_string(self.path()).unwrap_or_default();
            fs::write(self.path(), old + &entry + "\n").unwrap();
        }

        fn lines(&mut self, lines: &[&str]) {
            lines
                .iter()
                .for_each(|line| self.write("stdout", &format!("{line}\n")));
        }

        /// As the engine does, with three files.
        fn rotate(&self) {
            let aged = |age| self.folder.path().join(format!("c-json.log.{age}"));
            let _ = fs::rename(aged(1), aged(2));
            fs::rename(self.path(), aged(1)).unwrap();
        }

        fn page(&self, from: &OutputFrom) -> Page {
            Page::read(Files::open(&self.path()).unwrap(), from, false).unwrap()
        }

        fn texts(&self, from: &OutputFrom) -> Vec<String> {
            let lines = self.page(from).lines.into_iter();
            lines.map(|line| line.line).collect()
        }
    }

    fn tail(lines: u32) -> OutputFrom {
        OutputFrom::Tail { lines, since: None }
    }

    #[test]
    fn the_last_lines_are_found_across_files() {
        let mut paper = Paper::new();
        paper.lines(&["1", "2", "3"]);
        paper.rotate();
        paper.lines(&["4", "5"]);
        assert_eq!(paper.texts(&tail(0)), Vec::<String>::new());
        assert_eq!(paper.texts(&tail(2)), ["4", "5"]);
        assert_eq!(paper.texts(&tail(4)), ["2", "3", "4", "5"]);
        assert_eq!(paper.texts(&tail(9)).len(), 5);
        let time = "2026-01-01T00:03:00Z".parse().unwrap();
        assert_eq!(paper.texts(&OutputFrom::Since { time }), ["3", "4", "5"]);
        let since = Some(time);
        let both = OutputFrom::Tail { lines: 4, since };
        assert_eq!(paper.texts(&both), ["3", "4", "5"]);
    }

    #[test]
    fn it_goes_on_after_each_line_whatever_was_rotated_meanwhile() {
        let mut paper = Paper::new();
        paper.lines(&["1", "2"]);
        let (mut next, mut read) = (tail(1), Vec::new());
        for n in 3..12 {
            let page = paper.page(&next);
            assert!(!page.lost && !page.more);
            read.extend(page.lines.iter().map(|line| line.line.clone()));
            next = page.next;
            paper.lines(&[&n.to_string()]);
            if n % 2 == 0 {
                paper.rotate();
            }
        }
        read.extend(paper.texts(&next));
        let all: Vec<String> = (2..12).map(|n: u32| n.to_string()).collect();
        assert_eq!(read, all);
    }

    #[test]
    fn what_was_dropped_before_it_was_read_is_said_to_be_lost() {
        let mut paper = Paper::new();
        paper.lines(&["1"]);
        let next = paper.page(&tail(9)).next;
        for n in 2..6 {
            paper.rotate();
            paper.lines(&[&n.to_string()]);
        }
        let page = paper.page(&next);
        assert!(page.lost);
        assert_eq!(page.lines[0].line, "3");
        assert!(!paper.page(&page.next).lost, "and once only");
    }

    #[test]
    fn who_begins_before_anything_is_written_misses_nothing() {
        let mut paper = Paper::new();
        let next = paper.page(&tail(1)).next;
        paper.lines(&["1", "2"]);
        assert_eq!(paper.texts(&next), ["1", "2"]);
        let next = paper.page(&tail(0)).next;
        paper.lines(&["3", "4"]);
        assert_eq!(paper.texts(&next), ["3", "4"]);
    }

    #[test]
    fn from_where_lines_begin_the_same_ones_come_again() {
        let mut paper = Paper::new();
        paper.lines(&["1", "2", "3"]);
        let page = paper.page(&tail(2));
        assert_eq!(paper.page(&page.begin).lines, page.lines);
    }

    #[test]
    fn a_line_of_several_entries_is_one_and_comes_when_it_is_whole() {
        let mut paper = Paper::new();
        paper.write("stdout", "ab");
        let before = paper.page(&tail(9));
        assert_eq!(before.lines, []);
        paper.write("stdout", "cd\n");
        assert_eq!(paper.texts(&before.next), ["abcd"]);
        paper.write("stdout", "ef");
        paper.write("stderr", "other\n");
        paper.write("stdout", "gh\n");
        assert_eq!(paper.texts(&tail(9)), ["abcd", "ef", "other", "gh"]);
        let last = paper.page(&tail(1));
        assert_eq!(last.lines[0].stream, OutputStream::Stdout);
        paper.write("stdout", "never finished");
        let files = Files::open(&paper.path()).unwrap();
        let ended = Page::read(files, &last.next, true).unwrap();
        assert_eq!(ended.lines[0].line, "never finished");
    }

    #[test]
    fn a_full_page_says_that_there_is_more_and_where() {
        let mut paper = Paper::new();
        let long = "x".repeat(16 << 10);
        for n in 0..40 {
            paper.lines(&[&format!("{n:02}{long}")]);
        }
        let (mut next, mut read) = (tail(38), Vec::new());
        loop {
            let page = paper.page(&next);
            read.extend(page.lines.iter().map(|line| line.line[..2].to_owned()));
            next = page.next;
            if !page.more {
                break;
            }
        }
        let all: Vec<String> = (2..40).map(|n| format!("{n:02}")).collect();
        assert_eq!(read, all);
    }
}
