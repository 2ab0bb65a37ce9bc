//! The door: text to a project, or to all its faults at once. The reading itself is left to `yaml`
//! (what stands where) and `read` (what it means).

use crate::fault::{Fault, FaultCode, Faults};
use crate::model::Project;
use crate::tree::{Field, Spot};
use crate::{read, yaml};

/// Largest file in bytes. Source: contract, section 2.
pub const MAX_BYTES: usize = 1 << 20;
/// Most services of one project. Source: contract, section 2.
pub const MAX_SERVICES: usize = 1000;
/// Deepest nesting of values; the file's own schema needs six levels.
pub const MAX_DEPTH: usize = 32;
/// Most faults that are listed for one file: enough for any file written by hand.
pub const MAX_FAULTS: usize = 500;

/// A valid file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What it says, defaults included.
    pub project: Project,
    /// What is valid but doubtful, sorted by place.
    pub warnings: Vec<Fault>,
}

/// Reads a file, YAML or JSON.
///
/// # Errors
/// All faults of the file at once, sorted by place. What is no YAML at all, too large or too deep
/// ends the reading: then that fault is the last.
pub fn parse(text: &str) -> Result<Parsed, Vec<Fault>> {
    let mut faults = Faults::default();
    let project = within_size(text, &mut faults)
        .and_then(|text| yaml::tree(text, &mut faults))
        .and_then(|root| read::project(&Field::root(&root), &mut faults));
    let (errors, warnings) = faults.sorted();
    match project {
        Some(project) if errors.is_empty() => Ok(Parsed { project, warnings }),
        _ => Err(errors),
    }
}

fn within_size<'t>(text: &'t str, faults: &mut Faults) -> Option<&'t str> {
    if text.len() <= MAX_BYTES {
        return Some(text);
    }
    let message = format!(
        "the file has {} bytes; at most {MAX_BYTES} (1 MiB) are read",
        text.len()
    );
    faults.push(Fault::new(Spot::START, "", FaultCode::TooLarge, message));
    None
}
