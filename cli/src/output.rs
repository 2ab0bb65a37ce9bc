//! `Screen`: results on standard output, progress and errors on standard error; colour, questions and
//! width as the terminal has them. The only place of this program that prints.

mod age;
mod sheet;
mod text;
mod tone;

pub use age::{age, clock, moment, span, spoken};
pub use sheet::{Column, Field, Sheet};
pub use text::{cut, lines};
pub use tone::Tone;

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::args::{Common, Format};
use crate::failure::{Failure, LastWords};

/// Where a verb's words go.
#[derive(Debug)]
pub struct Screen {
    format: Format,
    quiet: bool,
    colour: Colour,
    width: Option<u16>,
    /// Whether results are read on a terminal.
    on_terminal: bool,
    asks: bool,
    /// Whether progress is read on a terminal, where its last line can be written over.
    live: bool,
    /// Whether such a line stands there now.
    is_shown: Cell<bool>,
}

/// Which of the two streams takes colour.
#[derive(Clone, Copy, Debug)]
struct Colour {
    results: bool,
    progress: bool,
}

impl Screen {
    /// The screen that this program was started on.
    pub fn of(common: &Common) -> Self {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let errors_to_terminal = io::stderr().is_terminal();
        Self {
            format: common.output,
            quiet: common.quiet,
            colour: Colour {
                results: colour && io::stdout().is_terminal(),
                progress: colour && errors_to_terminal,
            },
            width: text::terminal(),
            on_terminal: io::stdout().is_terminal(),
            asks: !common.yes && io::stdin().is_terminal() && errors_to_terminal,
            live: !common.quiet && errors_to_terminal,
            is_shown: Cell::new(false),
        }
    }

    /// A screen for words before the options are known, but for the form of what is printed.
    pub fn in_form(format: Format) -> Self {
        Self {
            format,
            quiet: false,
            colour: Colour {
                results: false,
                progress: false,
            },
            width: None,
            on_terminal: false,
            asks: false,
            live: false,
            is_shown: Cell::new(false),
        }
    }

    /// Whether results are for people.
    pub fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }

    /// Whether someone is there to be asked, and wants to be.
    pub fn asks(&self) -> bool {
        self.asks
    }

    /// Columns of the terminal; none when nothing limits the width.
    pub fn width(&self) -> Option<usize> {
        self.width.map(usize::from)
    }

    /// A text in its tone, for a result.
    pub fn tint(&self, tone: Tone, text: &str) -> String {
        tone.paint(text, self.colour.results)
    }

    /// A line that a container wrote, for a result: as it is, but on a terminal without what could take that over.
    pub fn foreign<'a>(&self, line: &'a str) -> Cow<'a, str> {
        match self.on_terminal {
            true => Cow::Owned(text::tamed(line, self.colour.results)),
            false => Cow::Borrowed(line),
        }
    }

    /// A result: the table for people, else the value as the api has it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn result(
        &self,
        value: &impl Serialize,
        sheet: impl FnOnce() -> Sheet,
    ) -> Result<(), Failure> {
        if !self.is_for_people() {
            return self.value(value);
        }
        self.sheet(sheet())
    }

    /// A table of results; of an empty one nothing.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn sheet(&self, sheet: Sheet) -> Result<(), Failure> {
        if sheet.is_empty() {
            return Ok(());
        }
        self.line(sheet.show(self.width, self.colour.results))
    }

    /// A result as the api has it: JSON, or YAML where that is asked for.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn value(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match self.format {
            Format::Yaml => serde_saphyr::to_string(value).map_err(io::Error::other)?,
            Format::Table | Format::Json => {
                serde_json::to_string_pretty(value).map_err(io::Error::other)?
            }
        };
        self.line(text.trim_end())
    }

    /// One value of a stream: a line of JSON, or a YAML document.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn item(&self, value: &impl Serialize) -> Result<(), Failure> {
        if self.format == Format::Yaml {
            self.line("---")?;
            return self.value(value);
        }
        self.line(serde_json::to_string(value).map_err(io::Error::other)?)
    }

    /// A line of results.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.clear();
        let mut out = io::stdout().lock();
        writeln!(out, "{}", text.as_ref())?;
        Ok(out.flush()?)
    }

    /// A line of progress, unless nobody wants it. Nobody reading it is no failure.
    pub fn note(&self, tone: Tone, text: &str) {
        if !self.quiet {
            self.tell(&tone.paint(text, self.colour.progress));
        }
    }

    /// Says why the program ends as it does.
    pub fn failure(&self, failure: &Failure) {
        if let Failure::Output(e) = failure
            && e.kind() == io::ErrorKind::BrokenPipe
        {
            return;
        }
        if self.is_for_people() {
            return self.sentences(failure);
        }
        let document = failure.document();
        let text = match self.format {
            Format::Yaml => serde_saphyr::to_string(&document).ok(),
            Format::Table | Format::Json => serde_json::to_string_pretty(&document).ok(),
        };
        self.tell(text.unwrap_or_default().trim_end());
    }

    fn sentences(&self, failure: &Failure) {
        if let Failure::Faults { shown, .. } = failure {
            shown.iter().for_each(|fault| self.tell(fault));
        }
        if let Failure::Ended(_, Some(last)) = failure {
            self.last_words(last);
        }
        let error = Tone::Bad.paint("error:", self.colour.progress);
        self.tell(&format!("{error} {}", plain_lines(&failure.to_string())));
        if let Some(way_out) = failure.way_out() {
            self.tell(&format!("  to do: {way_out}"));
        }
    }

    fn last_words(&self, last: &LastWords) {
        if let Some(probe) = &last.probe {
            self.tell(&format!(
                "last answer of the probe of {}: {}",
                last.replica,
                plain(probe)
            ));
        }
        if last.lines.is_empty() {
            return;
        }
        self.tell(&format!("last lines of {}:", last.replica));
        let lines = last.lines.iter();
        lines.for_each(|line| self.tell(&format!("  | {}", plain(line))));
    }

    /// Asks on the terminal. An empty answer is what `enter` says.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn confirms(&self, question: &str, enter: Answer) -> Result<bool, Failure> {
        let choice = match enter {
            Answer::Yes => "[Y/n]",
            Answer::No => "[y/N]",
        };
        self.clear();
        let mut err = io::stderr().lock();
        write!(err, "{question} {choice} ")?;
        err.flush()?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(match line.trim().to_lowercase().as_str() {
            "y" | "yes" => true,
            // An end of input, unlike an empty line, is nobody's word.
            "" => enter == Answer::Yes && !line.is_empty(),
            _ => false,
        })
    }

    /// Whether progress can be shown in one line that changes.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Shows how far things are, in one line that the next words replace. Nothing where progress is not
    /// read on a terminal.
    pub fn live(&self, text: &str) {
        if !self.live {
            return;
        }
        self.clear();
        let most = self.width().unwrap_or(80).saturating_sub(1);
        let text = Tone::Dim.paint(&text::cut(text, most), self.colour.progress);
        let mut err = io::stderr().lock();
        let _ = write!(err, "{text}").and_then(|()| err.flush());
        self.is_shown.set(true);
    }

    /// Takes that line away.
    pub fn clear(&self) {
        if self.is_shown.replace(false) {
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\u{1b}[2K").and_then(|()| err.flush());
        }
    }

    fn tell(&self, text: &str) {
        self.clear();
        let mut err = io::stderr().lock();
        // Standard error may be closed; there is nowhere left to say so.
        let _ = writeln!(err, "{text}");
    }
}

/// An answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

/// A text of somebody else's, without what would move the cursor or colour the terminal.
pub fn plain(text: &str) -> String {
    text.replace('\t', " ")
        .replace(char::is_control, "\u{fffd}")
}

fn plain_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n")
}
