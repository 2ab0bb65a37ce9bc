//! A Compose file in the words of this file: what can be said is, and what cannot is told with its
//! place. Which of their keys is which of ours is known to `words` and `foreign`.

mod interpolation;
mod service;

use std::collections::BTreeMap;

use gantry_events::{ProjectName, ServiceName};

use crate::fault::{Fault, FaultCode, Faults};
use crate::parse::within_size;
use crate::table::refusal;
use crate::tree::{Content, Entry, Field, Node};
use crate::words::{self, Verdict, Words};
use crate::yaml;
use service::{Converted as Lines, service};

/// What became of a Compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The file, as YAML with comments.
    pub text: String,
    /// The project that it is of.
    pub project: ProjectName,
    /// What could not be carried over, sorted by place, each with what to do instead.
    pub dropped: Vec<Fault>,
}

/// Converts a Compose file. The project is called `named` if that is given, else as the file says, else
/// `otherwise`.
///
/// # Errors
/// The text is no YAML, is too large, or holds no services.
pub fn from_compose(
    text: &str,
    named: Option<&ProjectName>,
    otherwise: &ProjectName,
) -> Result<Converted, Vec<Fault>> {
    let mut dropped = Faults::default();
    let tree = within_size(text, &mut dropped).and_then(|text| yaml::tree(text, &mut dropped));
    let Some(mut root) = tree else {
        return Err(dropped.sorted().0);
    };
    let services = root.get("services").map(|services| &services.content);
    if !matches!(services, Some(Content::Map(entries)) if !entries.is_empty()) {
        let fault = Field::root(&root).key_fault(
            FaultCode::MissingKey,
            "this is no Compose file: it has no `services`",
        );
        return Err(vec![fault]);
    }
    interpolation::resolve(&mut root, "", &mut dropped);
    let said = root.get("name").and_then(Node::text).map(plain);
    let project = named.cloned().or_else(|| said?.parse().ok());
    let project = project.unwrap_or_else(|| otherwise.clone());
    let text = file(&root, &project, &mut dropped);
    Ok(Converted {
        text,
        project,
        dropped: dropped.sorted().0,
    })
}

fn file(root: &Node, project: &ProjectName, dropped: &mut Faults) -> String {
    let top = Field::root(root);
    let configs = top_configs(root);
    let mut text = format!("gantry: 1\nproject: {project}\nservices:\n");
    let mut taken = BTreeMap::new();
    for entry in root.entries() {
        let field = top.entry(entry);
        match entry.key.as_str() {
            "services" => {
                for entry in entry.value.entries() {
                    let field = field.entry(entry);
                    let name = name_of(&field, &entry.key, &mut taken, dropped);
                    let Some(name) = name else { continue };
                    let lines = service(&field, &name, &configs, dropped);
                    text.push_str(&written(&name, &lines));
                }
            }
            // The version says nothing, the name is used, the configs stand where they are used.
            "version" | "name" | "configs" => {}
            key if key.starts_with("x-") => {}
            _ => drop_key(&field, entry, &words::FILE, dropped),
        }
    }
    text
}

fn written(name: &ServiceName, lines: &Lines) -> String {
    let lines = lines.iter().map(|line| format!("    {line}\n"));
    format!("  {name}:\n{}", lines.collect::<String>())
}

/// Files that configs are made of, by their names.
fn top_configs(root: &Node) -> BTreeMap<&str, &str> {
    let configs = root.get("configs").map_or(&[][..], Node::entries);
    let files = configs.iter().filter_map(|entry| {
        let file = entry.value.get("file")?.text()?;
        Some((entry.key.as_str(), file))
    });
    files.collect()
}

/// A name of ours for a service of theirs.
fn name_of(
    field: &Field,
    theirs: &str,
    taken: &mut BTreeMap<ServiceName, ()>,
    dropped: &mut Faults,
) -> Option<ServiceName> {
    let lower = plain(theirs);
    let long = format!("{lower}-service");
    let ours = [lower.as_str(), long.as_str()]
        .into_iter()
        .find_map(|name| name.parse::<ServiceName>().ok())
        .filter(|name| !taken.contains_key(name));
    let Some(ours) = ours else {
        let message = format!("`{theirs}` has no name that a service may have");
        dropped.push(
            field
                .key_fault(FaultCode::BadName, message)
                .suggest("rename it"),
        );
        return None;
    };
    if ours.as_str() != theirs {
        let message = format!("`{theirs}` is called {ours}, as names are of a-z, 0-9 and -");
        dropped.push(
            field
                .key_fault(FaultCode::BadName, message)
                .suggest("look for the old name in what its callers are told"),
        );
    }
    taken.insert(ours.clone(), ());
    Some(ours)
}

/// Names of theirs may have `_`, dots and capitals.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// Remembers a key that is not carried over, with what to do instead, as for a key of ours.
fn drop_key(field: &Field, entry: &Entry, words: &Words, dropped: &mut Faults) {
    let message = format!("`{}` was not carried over", entry.key);
    let known = words.judge(&entry.key);
    let suggestion = match known {
        Verdict::Known | Verdict::Unknown => None,
        Verdict::NotYet(_) | Verdict::Foreign(_) => refusal(field, entry, words, known).suggestion,
    };
    // It is gone already; what stays is why.
    let suggestion = suggestion.map(|said| match said.strip_prefix("remove it; ") {
        Some(why) => why.to_owned(),
        None => said,
    });
    dropped.push(Fault {
        suggestion,
        ..field.key_fault(FaultCode::ForeignKey, message)
    });
}
