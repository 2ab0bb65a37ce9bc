//! `Screen`: results on standard output, progress and errors on standard error; colour, questions and
//! width as the terminal has them. The only place of this program that prints.

mod age;
mod sheet;
mod tone;

pub use age::{age, moment};
pub use sheet::{Column, Field, Sheet};
pub use tone::Tone;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::args::{Common, Format};
use crate::failure::Failure;

/// Where a verb's words go.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    format: Format,
    quiet: bool,
    colour: Colour,
    width: Option<u16>,
    asks: bool,
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
        Self {
            format: common.output,
            quiet: common.quiet,
            colour: Colour {
                results: colour && io::stdout().is_terminal(),
                progress: colour && io::stderr().is_terminal(),
            },
            width: width(),
            asks: !common.yes && io::stdin().is_terminal() && io::stderr().is_terminal(),
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
            asks: false,
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
        let shown = sheet().show(self.width, self.colour.results);
        self.line(shown)
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
            self.tell(&format!("last lines of {}:", last.replica));
            let lines = last.lines.iter();
            lines.for_each(|line| self.tell(&format!("  | {}", plain(line))));
        }
        let error = Tone::Bad.paint("error:", self.colour.progress);
        self.tell(&format!("{error} {}", plain_lines(&failure.to_string())));
        if let Some(way_out) = failure.way_out() {
            self.tell(&format!("  to do: {way_out}"));
        }
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

    fn tell(&self, text: &str) {
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

fn width() -> Option<u16> {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|columns| columns.parse().ok());
    said.filter(|columns| *columns > 0)
        .or_else(|| comfy_table::Table::new().width())
}
