//! What changes between two projects, as values and as lines for people. What the change brings
//! about is left to the scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gantry_events::ServiceName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::FileContent;
use crate::model::{Project, Service};
use crate::tree::below;

/// What happens to one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// It was not there before.
    Add {
        /// The new service.
        service: ServiceName,
    },
    /// The file no longer names it.
    Remove {
        /// The service that goes.
        service: ServiceName,
    },
    /// It stays, with other values.
    Change {
        /// The service that changes.
        service: ServiceName,
        /// Its values that differ, sorted by pointer; at least one.
        fields: Vec<FieldChange>,
    },
}

/// One value of a service that differs. Lists count as one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// JSON Pointer from the root of the file: `/services/web/image`.
    pub pointer: String,
    /// The value before; nothing where the key was absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// The value after; nothing where the key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

impl Change {
    /// The service it is about.
    pub fn service(&self) -> &ServiceName {
        match self {
            Self::Add { service } | Self::Remove { service } | Self::Change { service, .. } => {
                service
            }
        }
    }
}

/// What turns `old` into `new`, sorted by service; without `old` everything is added. Nothing
/// where both say the same, whatever their files look like.
pub fn diff(old: Option<&Project>, new: &Project) -> Vec<Change> {
    let none = BTreeMap::new();
    let old = old.map_or(&none, |project| &project.services);
    let names: BTreeSet<_> = old.keys().chain(new.services.keys()).collect();
    let changes =
        names
            .into_iter()
            .filter_map(|name| match (old.get(name), new.services.get(name)) {
                (None, _) => Some(Change::Add {
                    service: name.clone(),
                }),
                (Some(_), None) => Some(Change::Remove {
                    service: name.clone(),
                }),
                (Some(from), Some(to)) => changed(name, from, to),
            });
    changes.collect()
}

fn changed(name: &ServiceName, from: &Service, to: &Service) -> Option<Change> {
    let (mut from, mut to) = (leaves(name, from), leaves(name, to));
    let pointers: BTreeSet<_> = from.keys().chain(to.keys()).cloned().collect();
    let fields = pointers.into_iter().filter_map(|pointer| {
        let (from, to) = (from.remove(&pointer), to.remove(&pointer));
        (from != to).then_some(FieldChange { pointer, from, to })
    });
    let fields: Vec<_> = fields.collect();
    (!fields.is_empty()).then(|| Change::Change {
        service: name.clone(),
        fields,
    })
}

fn leaves(name: &ServiceName, service: &Service) -> BTreeMap<String, Value> {
    let value = serde_json::to_value(service).expect("a service is valid JSON");
    let mut leaves = BTreeMap::new();
    collect(format!("/services/{name}"), value, &mut leaves);
    leaves
}

fn collect(pointer: String, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) if !is_file(&pointer) => map
            .into_iter()
            .for_each(|(key, value)| collect(below(&pointer, &key), value, leaves)),
        leaf => {
            leaves.insert(pointer, leaf);
        }
    }
}

/// What one file holds is one value, however it is written: `/services/web/files/~1etc~1x`.
fn is_file(pointer: &str) -> bool {
    let mut parts = pointer.split('/').skip(3);
    parts.next() == Some("files") && parts.next().is_some()
}

impl fmt::Display for Change {
    /// `+ web`, `- web`, or `~ web` and a line for each value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { service } => write!(f, "+ {service}"),
            Self::Remove { service } => write!(f, "- {service}"),
            Self::Change { service, fields } => {
                write!(f, "~ {service}")?;
                fields
                    .iter()
                    .try_for_each(|field| write!(f, "\n    {field}"))
            }
        }
    }
}

impl fmt::Display for FieldChange {
    /// `env.LOG_LEVEL: "info" → not set`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<_> = self
            .pointer
            .split('/')
            .skip(3)
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect();
        let shown = |value: &Option<Value>| match value {
            None => "not set".to_owned(),
            Some(value) if is_file(&self.pointer) => size(value),
            Some(value) => value.to_string(),
        };
        write!(
            f,
            "{}: {} → {}",
            path.join("."),
            shown(&self.from),
            shown(&self.to)
        )
    }
}

/// How much a file holds: more would bury all else that differs.
fn size(file: &Value) -> String {
    let file = FileContent::deserialize(file).unwrap_or_default();
    match file.bytes().len() {
        1 => "1 byte".to_owned(),
        many => format!("{many} bytes"),
    }
}
