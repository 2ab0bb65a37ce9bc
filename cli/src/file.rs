//! The project's file: reading it, and showing its faults where they stand. What it means is left
//! to `gantry-spec`.

mod beside;

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use gantry_spec::{EnvironmentName, Fault, Parsed, Project, ProjectName, parse_here};

use crate::failure::Failure;
use beside::Folder;

/// Characters of a line that are shown around a fault.
const SHOWN: usize = 100;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct File {
    /// What it is called in faults.
    pub name: String,
    /// What it holds.
    pub text: String,
    folder: Folder,
}

impl File {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// There is none, it cannot be read, or it is no UTF-8.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let path = Some(path).filter(|path| path.as_os_str() != "-");
        let name = path.map_or_else(
            || "standard input".to_owned(),
            |path| path.display().to_string(),
        );
        let text = path.map_or_else(all_of_stdin, std::fs::read_to_string);
        let folder = Folder::of(path);
        match text {
            Ok(text) => Ok(Self { name, text, folder }),
            Err(e) => Err(Failure::bad_input(
                format!("{name} cannot be read: {e}"),
                "name the project's file with -f, or write one with `gantry init`",
            )),
        }
    }

    /// What it says, with the files that it takes from beside it; in an environment, if one is named.
    ///
    /// # Errors
    /// All its faults at once, shown where they stand.
    pub fn parsed(&self, environment: Option<&EnvironmentName>) -> Result<Parsed, Failure> {
        let environment = environment.map(EnvironmentName::as_str);
        let parsed = parse_here(&self.text, environment, &|path| self.folder.read(path));
        parsed.map_err(|faults| self.faults(faults))
    }

    /// The project that it is of, or that an environment of it is; what it takes from beside it may be
    /// elsewhere.
    ///
    /// # Errors
    /// All its other faults at once, shown where they stand.
    pub fn project_name(
        &self,
        environment: Option<&EnvironmentName>,
    ) -> Result<ProjectName, Failure> {
        let environment = environment.map(EnvironmentName::as_str);
        let parsed = parse_here(&self.text, environment, &|_| Ok(Vec::new()));
        let parsed = parsed.map_err(|faults| self.faults(faults))?;
        Ok(parsed.project.name)
    }

    /// These faults of it, as a failure.
    pub fn faults(&self, faults: Vec<Fault>) -> Failure {
        Failure::Faults {
            shown: faults.iter().map(|fault| self.show(fault)).collect(),
            faults,
        }
    }

    /// The text that says just this project: the file as it is written where it does, so that the lines
    /// of any refusal are its own.
    pub fn that_says(&self, project: &Project) -> String {
        match gantry_spec::parse(&self.text) {
            Ok(plain) if plain.project == *project => self.text.clone(),
            _ => project.canonical(),
        }
    }

    /// A warning, with the name by which it is known.
    pub fn warning(&self, fault: &Fault) -> String {
        let code = serde_json::to_value(fault.code).unwrap_or_default();
        let code = code.as_str().unwrap_or_default();
        let message = format!("{} (warning: {code})", fault.message);
        self.show(&Fault {
            message,
            ..fault.clone()
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
            folder: Folder::of(None),
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
