//! `Page`: lines from a place on, as many as one answer takes.

use std::io;

use gantry_events::{OutputAnswer, OutputFrom, OutputLine, OutputPlace};

use super::files::{Files, OneFile};
use super::gathering::Gathering;
use super::start::Start;

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
        let mut reading = Gathering::new(since, begin);
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
