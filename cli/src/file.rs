//! The project's file: reading it, and showing its faults where they stand. What it means is left
//! to `gantry-spec`.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use gantry_spec::{Fault, Parsed};

use crate::failure::Failure;

/// Characters of a line that are shown around a fault.
const SHOWN: usize = 100;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct File {
    /// What it is called in faults.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl File {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// There is none, it cannot be read, or it is no UTF-8.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let standard = path.as_os_str() == "-";
        let name = if standard {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let text = if standard {
            all_of_stdin()
        } else {
            std::fs::read_to_string(path)
        };
        match text {
            Ok(text) => Ok(Self { name, text }),
            Err(e) => Err(Failure::bad_input(
                format!("{name} cannot be read: {e}"),
                "name the project's file with -f",
            )),
        }
    }

    /// What it says.
    ///
    /// # Errors
    /// All its faults at once, shown where they stand.
    pub fn parsed(&self) -> Result<Parsed, Failure> {
        gantry_spec::parse(&self.text).map_err(|faults| Failure::Faults {
            shown: faults.iter().map(|fault| self.show(fault)).collect(),
            faults,
        })
    }

    /// `gantry.yaml:4:5: message`, the line, and a caret below the place.
    pub fn show(&self, fault: &Fault) -> String {
        let mut shown = format!("{}:{fault}", self.name);
        let index = usize::try_from(fault.line).unwrap_or(usize::MAX);
        let Some(line) = self.text.lines().nth(index.saturating_sub(1)) else {
            return shown;
        };
        let column = usize::try_from(fault.column).unwrap_or(1).max(1);
        // One long line is JSON, most likely: the part around the place says enough.
        let from = column.saturating_sub(SHOWN / 2 + 1);
        let window: String = line.chars().skip(from).take(SHOWN).map(visible).collect();
        let gap = " ".repeat(column - 1 - from);
        let number = format!("{:>5}", fault.line);
        let margin = " ".repeat(number.len());
        let _ = write!(shown, "\n{number} | {window}\n{margin} | {gap}^");
        shown
    }
}

/// One column wide, and no control of the terminal.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

fn all_of_stdin() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let file = File {
            name: "gantry.yaml".to_owned(),
            text: text.to_owned(),
        };
        let faults = gantry_spec::parse(text).unwrap_err();
        faults.iter().map(|fault| file.show(fault)).collect()
    }

    #[test]
    fn a_fault_is_shown_where_it_stands() {
        let faults =
            shown("gantry: 1\nproject: shop\nservices:\n  web:\n    image: a\n    prot: 80\n");
        let lines: Vec<_> = faults[0].lines().collect();
        assert!(lines[0].starts_with("gantry.yaml:6:5: "), "{}", lines[0]);
        assert_eq!(lines[1..], ["    6 |     prot: 80", "      |     ^"]);
    }

    #[test]
    fn of_one_long_line_the_part_around_the_fault_is_shown() {
        let long = format!(
            r#"{{"gantry": 1, "project": "shop", "x{}": 2, "services": {{}}}}"#,
            "y".repeat(300)
        );
        for fault in shown(&long) {
            assert!(fault.lines().all(|line| line.chars().count() < 520));
            let caret = fault.lines().nth(2).unwrap();
            assert!(caret.ends_with('^') && caret.len() < SHOWN, "{caret}");
        }
    }
}
