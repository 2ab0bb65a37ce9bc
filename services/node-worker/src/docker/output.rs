//! What a container wrote: its last lines when it is given up, and more of them on demand.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures::TryStreamExt;
use gantry_events::{OutputAnswer, OutputAsked, OutputLine, OutputStream, Time};

use super::creation::name;
use super::{Engine, EngineError};

/// Lines and bytes that go into the log when a replica is given up.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: usize = 4096;

/// Most bytes of an answer.
const ANSWER_BYTES: usize = 1 << 20;

impl Engine {
    /// The last lines of a container: 20, and 4 KiB at most. None when they cannot be had.
    pub(super) async fn tail(&self, id: &str) -> Vec<String> {
        let lines = self
            .lines(id, &TAIL_LINES.to_string(), None)
            .await
            .unwrap_or_else(|error| {
                tracing::warn!(container = id, %error, "the last lines cannot be read");
                Vec::new()
            });
        let lines = lines.into_iter().map(|line| clip(line.line)).collect();
        last(lines, TAIL_BYTES, String::len)
    }

    /// Answers what somebody wants to read.
    pub async fn output(&self, asked: &OutputAsked) -> OutputAnswer {
        match self.output_of(asked).await {
            Ok(answer) => answer,
            Err(error) => OutputAnswer::Unavailable {
                because: error.to_string(),
            },
        }
    }

    async fn output_of(&self, asked: &OutputAsked) -> Result<OutputAnswer, EngineError> {
        let Some((_, container)) = self.inspect(&name(&asked.replica)).await? else {
            return Ok(OutputAnswer::Unknown);
        };
        let lines = self
            .lines(&container.id.0, &asked.tail.to_string(), asked.since)
            .await?;
        // A line is written as JSON with its time and stream around it.
        Ok(OutputAnswer::Lines {
            lines: last(lines, ANSWER_BYTES, |line| line.line.len() + 100),
        })
    }

    async fn lines(
        &self,
        id: &str,
        tail: &str,
        since: Option<Time>,
    ) -> Result<Vec<OutputLine>, EngineError> {
        let seconds = since.map_or(0, |since| {
            i32::try_from(since.unix_millis() / 1000).unwrap_or(i32::MAX)
        });
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .tail(tail)
            .since(seconds)
            .build();
        let docker = self.docker().await?;
        let frames: Vec<LogOutput> = docker
            .logs(id, Some(options))
            .try_collect()
            .await
            .map_err(self.wrong())?;
        let lines = frames.iter().filter_map(line);
        Ok(lines
            .filter(|line| since.is_none_or(|since| line.time >= since))
            .collect())
    }
}

fn line(frame: &LogOutput) -> Option<OutputLine> {
    let (stream, message) = match frame {
        LogOutput::StdErr { message } => (OutputStream::Stderr, message),
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => (OutputStream::Stdout, message),
    };
    let text = String::from_utf8_lossy(message);
    let (time, line) = text.trim_end_matches(['\n', '\r']).split_once(' ')?;
    Some(OutputLine {
        time: time.parse().ok()?,
        stream,
        line: line.to_owned(),
    })
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
fn last<T>(mut lines: Vec<T>, room: usize, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut used = 0;
    let kept = lines.iter().rev().take_while(|line| {
        used += size(line);
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
        let kept = last(lines, TAIL_BYTES, String::len);
        assert_eq!((kept.len(), &kept[0][..2]), (13, "07"));
    }

    #[test]
    fn a_long_line_keeps_its_beginning_and_whole_characters() {
        let kept = clip("é".repeat(4000));
        assert_eq!(kept.len(), TAIL_BYTES / 4);
    }

    #[test]
    fn a_frame_is_a_time_and_a_line() {
        let message = "2026-01-01T00:00:00.123456789Z hello  world\n".into();
        let read = line(&LogOutput::StdErr { message }).unwrap();
        assert_eq!(
            (read.line.as_str(), read.stream),
            ("hello  world", OutputStream::Stderr)
        );
        assert_eq!(read.time.to_string(), "2026-01-01T00:00:00.123Z");
    }
}
