//! What replicas wrote: read on demand from the files in which the engine keeps it, never stored again.
//!
//! The files are read rather than asked of the engine: only so has each line a place that another
//! question goes on after, whatever was rotated meanwhile. `files` finds them, `start` where to begin,
//! `page` reads lines that `gathering` puts together.

mod entry;
mod files;
mod gathering;
mod page;
mod start;

use gantry_events::{Millis, OutputAnswer, OutputAsked, OutputFrom};
use gantry_runtime::Process;

use crate::docker::{Engine, Written};
use files::Files;
use page::Page;

/// How often it is seen whether there are lines while some are waited for.
const POLL: Millis = Millis(100);

/// Longest wait for lines, whatever is asked for: whoever follows asks again.
const LONGEST_WAIT: Millis = Millis::from_secs(10);

/// Lines and bytes that go into the log when a replica is given up.
const TAIL_LINES: u32 = 20;
const TAIL_BYTES: usize = 4096;

/// Answers what somebody wants to read.
pub async fn answer(process: &Process, engine: &Engine, asked: &OutputAsked) -> OutputAnswer {
    let written = match engine.written(&asked.replica).await {
        Ok(Some(written)) => written,
        Ok(None) => return OutputAnswer::Unknown,
        Err(error) => return unavailable(&error),
    };
    let begun = process.clock.moment();
    let wait = asked.wait.min(LONGEST_WAIT);
    loop {
        let page = match read(&written, &asked.from) {
            Ok(page) => page,
            Err(error) => return unavailable(&error),
        };
        if !page.lines.is_empty() || page.lost || begun.elapsed() >= wait {
            return page.into_answer();
        }
        let before = Files::extent(&written.path);
        while Files::extent(&written.path) == before && begun.elapsed() < wait {
            tokio::select! {
                () = process.stopping().cancelled_owned() => return page.into_answer(),
                () = process.sleep(POLL) => {}
            }
        }
    }
}

/// The last lines of a container, for the log: 20, and 4 KiB at most. None when they cannot be had.
pub fn tail(written: &Written) -> Vec<String> {
    let from = OutputFrom::Tail {
        lines: TAIL_LINES,
        since: None,
    };
    let lines = read(written, &from).map_or_else(
        |error| {
            tracing::warn!(path = %written.path.display(), %error, "the last lines cannot be read");
            Vec::new()
        },
        |page| page.lines,
    );
    let lines = lines.into_iter().map(|line| clip(line.line)).collect();
    last(lines, TAIL_BYTES)
}

/// The file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the engine's file of its output cannot be read: {0}")]
struct Unreadable(#[from] std::io::Error);

fn read(written: &Written, from: &OutputFrom) -> Result<Page, Unreadable> {
    Ok(Page::read(
        Files::open(&written.path)?,
        from,
        written.ended,
    )?)
}

fn unavailable(error: &dyn std::error::Error) -> OutputAnswer {
    OutputAnswer::Unavailable {
        because: error.to_string(),
    }
}

/// One line may not take all the room: it keeps its beginning.
fn clip(mut line: String) -> String {
    let end = (0..=line.len().min(TAIL_BYTES / 4))
        .rev()
        .find(|at| line.is_char_boundary(*at));
    line.truncate(end.unwrap_or(0));
    line
}

/// As many of the last ones as have room.
fn last(mut lines: Vec<String>, room: usize) -> Vec<String> {
    let mut used = 0;
    let kept = lines.iter().rev().take_while(|line| {
        used += line.len();
        used <= room
    });
    let from = lines.len() - kept.count();
    lines.split_off(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_lines_the_last_are_kept() {
        let lines: Vec<String> = (0..20)
            .map(|n| format!("{n:02}{}", "x".repeat(298)))
            .collect();
        let kept = last(lines, TAIL_BYTES);
        assert_eq!((kept.len(), &kept[0][..2]), (13, "07"));
    }

    #[test]
    fn a_long_line_keeps_its_beginning_and_whole_characters() {
        let kept = clip("é".repeat(4000));
        assert_eq!(kept.len(), TAIL_BYTES / 4);
    }
}
