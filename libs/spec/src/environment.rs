//! Environments: what each says otherwise, laid over the file before it is read. Maps merge, lists
//! and single values replace, null removes; every value keeps the place where it was written.

use std::collections::BTreeMap;
use std::rc::Rc;

use gantry_events::EnvironmentName;

use crate::fault::{Fault, FaultCode, Faults};
use crate::parse::MAX_ENVIRONMENTS;
use crate::table::{Table, mapping};
use crate::tree::{Content, Entry, Field, Node, below};
use crate::value::shown;
use crate::words;

const KEY: &str = "environments";

/// An environment of a file.
pub(crate) struct Environment<'t> {
    pub name: EnvironmentName,
    field: Field<'t>,
}

/// The environments of a file, in its order.
pub(crate) fn all<'t>(root: &'t Node, faults: &mut Faults) -> Vec<Environment<'t>> {
    let file = Field::root(root);
    let Some(entry) = root.entries().iter().find(|entry| entry.key == KEY) else {
        return Vec::new();
    };
    let field = file.entry(entry);
    let entries = faults.keep(mapping(&field, KEY)).unwrap_or_default();
    if entries.len() > MAX_ENVIRONMENTS {
        let message = format!(
            "{} environments; one file has at most {MAX_ENVIRONMENTS}",
            entries.len()
        );
        faults.push(field.key_fault(FaultCode::TooManyEnvironments, message));
        return Vec::new();
    }
    let named = entries.iter().filter_map(|entry| {
        let field = field.entry(entry);
        let name = entry.key.parse::<EnvironmentName>();
        let name = name.map_err(|error| field.key_fault(FaultCode::BadName, error.to_string()));
        let name = faults.keep(name)?;
        // Its keys are judged here: at the top of the file others are known.
        Table::open(&field, &words::ENVIRONMENT, faults)?;
        Some(Environment { name, field })
    });
    named.collect()
}

/// The one that is asked for.
pub(crate) fn find<'a, 't>(
    asked: &str,
    all: &'a [Environment<'t>],
    root: &Node,
    faults: &mut Faults,
) -> Option<&'a Environment<'t>> {
    let found = all.iter().find(|one| one.name.as_str() == asked);
    let is_written = root.get(KEY).and_then(|all| all.get(asked)).is_some();
    // One that is written and cannot be read has its fault.
    if found.is_none() && !is_written {
        faults.push(unknown(asked, all, root));
    }
    found
}

fn unknown(asked: &str, all: &[Environment], root: &Node) -> Fault {
    let entry = root.entries().iter().find(|entry| entry.key == KEY);
    let spot = entry.map_or(root.spot, |entry| entry.spot);
    let pointer = entry.map_or_else(String::new, |entry| entry.pointer(""));
    let asked = shown(asked);
    let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
    let suggestion = match words::near(&asked, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => {
            format!("write `environments: {{{asked}: {{services: {{…}}}}}}`, or ask for none")
        }
        None => format!("its environments are {}", names.join(", ")),
    };
    let message = format!("the file has no environment `{asked}`");
    Fault::new(spot, &pointer, FaultCode::UnknownEnvironment, message).suggest(suggestion)
}

/// The file without its environments.
pub(crate) fn without(root: &Node) -> Node {
    let mut file = root.clone();
    if let Content::Map(entries) = &mut file.content {
        entries.retain(|entry| entry.key != KEY);
    }
    file
}

impl Environment<'_> {
    /// The file as it is in this environment, under a name of its own.
    pub(crate) fn laid_over(&self, root: &Node, faults: &mut Faults) -> Node {
        let mut file = without(root);
        let graft: Rc<str> = self.field.pointer.as_str().into();
        let over = self.field.node.entries().iter();
        let over = over.filter(|entry| words::ENVIRONMENT.known.contains(&entry.key.as_str()));
        let over: Vec<_> = over.cloned().collect();
        if let Content::Map(entries) = &mut file.content {
            *entries = Merge { graft, faults }.map(std::mem::take(entries), &over, "");
        }
        self.rename(&mut file);
        file
    }

    /// What is deployed is a project of its own.
    fn rename(&self, file: &mut Node) {
        let mut entries = file.entries_mut().iter_mut();
        let project = entries.find(|entry| entry.key == "project");
        if let Some(Content::Scalar { text, .. }) = project.map(|entry| &mut entry.value.content) {
            text.push('-');
            text.push_str(self.name.as_str());
        }
    }
}

struct Merge<'f> {
    graft: Rc<str>,
    faults: &'f mut Faults,
}

impl Merge<'_> {
    /// Lays one mapping over another, which stands at `within`.
    fn map(&mut self, onto: Vec<Entry>, over: &[Entry], within: &str) -> Vec<Entry> {
        let mut left: BTreeMap<_, _> = over.iter().map(|over| (over.key.as_str(), over)).collect();
        let mut merged = Vec::with_capacity(onto.len());
        for entry in onto {
            match left.remove(entry.key.as_str()) {
                Some(over) => merged.extend(self.entry(entry, over, within)),
                None => merged.push(entry),
            }
        }
        for over in left.into_values() {
            match over.value.is_null() {
                true => self.faults.push(self.nothing(over, within)),
                false => merged.push(self.grafted(over)),
            }
        }
        merged
    }

    fn entry(&mut self, entry: Entry, over: &Entry, within: &str) -> Option<Entry> {
        if over.value.is_null() {
            return None;
        }
        match (entry.value.content, &over.value.content) {
            (Content::Map(onto), Content::Map(over)) => {
                let pointer = below(within, &entry.key);
                let content = Content::Map(self.map(onto, over, &pointer));
                let value = Node {
                    content,
                    ..entry.value
                };
                Some(Entry { value, ..entry })
            }
            _ => Some(self.grafted(over)),
        }
    }

    fn grafted(&self, over: &Entry) -> Entry {
        Entry {
            graft: Some(Rc::clone(&self.graft)),
            ..over.clone()
        }
    }

    fn nothing(&self, over: &Entry, within: &str) -> Fault {
        let pointer = format!("{}{}", self.graft, below(within, &over.key));
        let message = format!(
            "there is no `{}` to remove: the file does not have it here",
            shown(&over.key)
        );
        let fault = Fault::new(over.spot, &pointer, FaultCode::NothingToRemove, message);
        fault.suggest("remove the line, or mend the name")
    }
}
