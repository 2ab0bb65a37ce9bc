//! The key `env`: names that the system leaves free, values byte for byte.

use std::collections::BTreeMap;

use crate::fault::{Fault, FaultCode, Faults};
use crate::foreign;
use crate::model::{EnvName, HttpPort};
use crate::table::mapping;
use crate::tree::Field;
use crate::value::{shown, text};

/// Variables that every container gets from the system.
const RESERVED: [&str; 5] = [
    "GANTRY_PROJECT",
    "GANTRY_SERVICE",
    "GANTRY_REPLICA",
    "GANTRY_RELEASE",
    "GANTRY_NODE",
];

pub(super) fn env(
    field: &Field,
    port: Option<HttpPort>,
    faults: &mut Faults,
) -> BTreeMap<EnvName, String> {
    let entries = mapping(field, "env").map_err(|fault| match foreign::env(field.node) {
        Some(ours) => fault.suggest(format!("write `{}`", shown(&ours))),
        None => fault,
    });
    let mut env = BTreeMap::new();
    for entry in faults.keep(entries).unwrap_or_default() {
        let field = field.entry(entry);
        let name = faults.keep(env_name(&field, &entry.key));
        let value = faults.keep(env_value(&field, &entry.key, port));
        env.extend(name.zip(value));
    }
    env
}

fn env_name(field: &Field, key: &str) -> Result<EnvName, Fault> {
    if RESERVED.contains(&key) {
        let message = format!("`{key}` is set by the system in every container");
        return Err(field
            .key_fault(FaultCode::ReservedName, message)
            .suggest("remove it"));
    }
    key.parse()
        .map_err(|error| field.key_fault(FaultCode::BadName, format!("{error}")))
}

/// Byte for byte as written: `1.10`, `0x1F` and `no` are these texts.
fn env_value(field: &Field, name: &str, port: Option<HttpPort>) -> Result<String, Fault> {
    if field.node.get("secret").is_some() {
        let fault = field.fault(
            FaultCode::NotSupportedYet,
            "a secret as a value is not supported yet",
        );
        return Err(fault.suggest("write the value itself for now"));
    }
    let value = text(field)?;
    match port {
        Some(port) if name == "PORT" && value != port.to_string() => {
            let message =
                format!("PORT is {port} in every container of this service, as its port is");
            Err(field
                .fault(FaultCode::ReservedName, message)
                .suggest("remove it, or make `port` the same"))
        }
        Some(_) | None => Ok(value.to_owned()),
    }
}
