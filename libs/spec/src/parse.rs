//! The door: text to a project, or to all its faults at once. The reading itself is left to `yaml`
//! (what stands where), `environment` and `beside` (what is put in) and `read` (what it means).

use gantry_events::EnvironmentName;

use crate::beside::{self, ReadBeside};
use crate::environment::{self, Environment};
use crate::fault::{Fault, FaultCode, Faults};
use crate::model::Project;
use crate::tree::{Field, Node, Spot};
use crate::{read, yaml};

/// Largest file in bytes. Source: contract, section 2.
pub const MAX_BYTES: usize = 1 << 20;
/// Most services of one project. Source: contract, section 2.
pub const MAX_SERVICES: usize = 1000;
/// Deepest nesting of values; the file's own schema needs six levels.
pub const MAX_DEPTH: usize = 32;
/// Longest key in bytes; pointers are made of them.
pub(crate) const MAX_KEY: usize = 1024;
/// Most environments of one file: each is read as a file of its own.
pub const MAX_ENVIRONMENTS: usize = 20;
/// Most faults that are listed for one file: enough for any file written by hand.
pub const MAX_FAULTS: usize = 500;

/// A valid file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What it says, defaults included; of an environment, what is deployed for it.
    pub project: Project,
    /// The environments of the file, in its order. None is left in the project.
    pub environments: Vec<EnvironmentName>,
    /// What is valid but doubtful, sorted by place.
    pub warnings: Vec<Fault>,
}

/// Reads a file, YAML or JSON, as it came over a wire: what stands beside it is not there.
///
/// # Errors
/// All faults of the file at once, sorted by place, those of its environments too. What is no YAML at
/// all, too large or too deep ends the reading: then that fault is the last.
pub fn parse(text: &str) -> Result<Parsed, Vec<Fault>> {
    reading(text, |root, faults| {
        let environments = environment::all(root, faults);
        let project = read::project(&Field::root(root), faults);
        each(&environments, root, faults);
        Some((project?, names(&environments)))
    })
}

/// Reads a file where it stands: with what it takes from beside it, and as it is in an environment where
/// one is named.
///
/// # Errors
/// Those of [`parse`]; of an environment alone where one is named; what beside the file cannot be read.
pub fn parse_here(
    text: &str,
    environment: Option<&str>,
    read: ReadBeside,
) -> Result<Parsed, Vec<Fault>> {
    reading(text, |root, faults| {
        let environments = environment::all(root, faults);
        let mut file = match environment {
            Some(name) => {
                environment::find(name, &environments, root, faults)?.laid_over(root, faults)
            }
            None => environment::without(root),
        };
        beside::put_in(&mut file, Some(read), faults);
        let project = read::project(&Field::root(&file), faults);
        if environment.is_none() {
            each(&environments, root, faults);
        }
        Some((project?, names(&environments)))
    })
}

fn names(environments: &[Environment]) -> Vec<EnvironmentName> {
    environments.iter().map(|one| one.name.clone()).collect()
}

/// What is wrong with a file in each of its environments. What they take from beside the file may be
/// elsewhere: it is not looked for.
fn each(environments: &[Environment], root: &Node, faults: &mut Faults) {
    for environment in environments {
        let mut own = Faults::default();
        let mut file = environment.laid_over(root, &mut own);
        beside::put_in(&mut file, None, &mut own);
        read::project(&Field::root(&file), &mut own);
        faults.add_errors_of(own);
    }
}

fn reading(
    text: &str,
    read: impl FnOnce(&Node, &mut Faults) -> Option<(Project, Vec<EnvironmentName>)>,
) -> Result<Parsed, Vec<Fault>> {
    let mut faults = Faults::default();
    let read = within_size(text, &mut faults)
        .and_then(|text| yaml::tree(text, &mut faults))
        .and_then(|root| read(&root, &mut faults));
    if let Some((project, _)) = &read {
        faults.keep(may_be_sent(project));
    }
    let (errors, warnings) = faults.sorted();
    match read {
        Some((project, environments)) if errors.is_empty() => Ok(Parsed {
            project,
            environments,
            warnings,
        }),
        _ => Err(errors),
    }
}

pub(crate) fn within_size<'t>(text: &'t str, faults: &mut Faults) -> Option<&'t str> {
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

/// What is sent, stored and read again is the canonical text: it is held to the same size.
fn may_be_sent(project: &Project) -> Result<(), Fault> {
    let bytes = project.canonical().len();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let files = project
        .services
        .values()
        .flat_map(|service| service.files.values());
    let brought: usize = files.map(|file| file.bytes().len()).sum();
    let message = format!(
        "with its files and defaults written in, the file has {bytes} bytes, {brought} of them of files; at most {MAX_BYTES} (1 MiB) are taken"
    );
    let fault = Fault::new(Spot::START, "", FaultCode::TooLarge, message);
    Err(fault.suggest("put large files into the image"))
}
