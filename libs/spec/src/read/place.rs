//! The key `place`: labels that nodes must or should have, what replicas are spread over, and how
//! many share a node.

use std::collections::BTreeMap;

use gantry_events::PlacePolicy;

use crate::fault::{Fault, FaultCode, Faults};
use crate::foreign;
use crate::model::Replicas;
use crate::table::{Table, mapping};
use crate::tree::Field;
use crate::value::{shown, text, whole};
use crate::words;

/// Longest label and longest value, as pools have them.
const LONGEST: usize = 60;

pub(super) fn place(field: &Field, faults: &mut Faults) -> PlacePolicy {
    let Some(table) = Table::open(field, &words::PLACE, faults) else {
        return PlacePolicy::default();
    };
    let mut wishes = |key: &str| {
        let field = table.get(key);
        field
            .map(|field| labels(field, key, faults))
            .unwrap_or_default()
    };
    let (require, prefer) = (wishes("require"), wishes("prefer"));
    if let Some(field) = table.get("prefer") {
        for (name, value) in &prefer {
            faults.keep(can_be_met(field, name, value, &require));
        }
    }
    PlacePolicy {
        require,
        prefer,
        spread: table.read("spread", faults, label),
        per_node: table.read("per_node", faults, per_node),
    }
}

fn labels(field: &Field, what: &str, faults: &mut Faults) -> BTreeMap<String, String> {
    let entries = mapping(field, what).map_err(|fault| match foreign::constraints(field.node) {
        Some(ours) => fault.suggest(format!("write `{what}: {{{}}}`", shown(&ours))),
        None => fault,
    });
    let mut labels = BTreeMap::new();
    for entry in faults.keep(entries).unwrap_or_default() {
        let field = field.entry(entry);
        let name = match is_label(&entry.key) {
            true => Ok(entry.key.clone()),
            false => Err(field.key_fault(FaultCode::BadName, no_label(&entry.key))),
        };
        let name = faults.keep(name);
        let value = faults.keep(label(&field));
        labels.extend(name.zip(value));
    }
    labels
}

/// The name of a label, or its value.
fn label(field: &Field) -> Result<String, Fault> {
    let written = text(field)?;
    if is_label(written) {
        return Ok(written.to_owned());
    }
    Err(field.fault(FaultCode::BadName, no_label(written)))
}

fn is_label(text: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(may)
}

fn no_label(text: &str) -> String {
    format!(
        "`{}` is no label: a label and its value are 1 to {LONGEST} of a-z A-Z 0-9 . _ / -",
        shown(text)
    )
}

fn per_node(field: &Field) -> Result<u32, Fault> {
    whole(field, "number of replicas", 1..=Replicas::MOST)
}

/// A wish that every node which fits is known to disappoint.
fn can_be_met(
    field: &Field,
    name: &str,
    value: &str,
    require: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    match require.get(name) {
        Some(required) if required != value => {
            let message = format!(
                "no node is preferred for {name}: {value}, as all must have {name}: {required}"
            );
            Err(field
                .fault(FaultCode::Contradiction, message)
                .suggest(format!("remove `{name}` from one of them")))
        }
        Some(_) | None => Ok(()),
    }
}
