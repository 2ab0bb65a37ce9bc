//! Law 4, one writer a subject: one table says who may write which type, and no type is missing from it. That commits
//! and permissions keep to the table is tested where they are made, in libs/events, libs/bus and the cores.

use super::Breach;
use super::forever::{WireType, wire_types};
use crate::project::Project;

const OWNERS: &str = "libs/events/src/owners.rs";
/// Commands have one writer, the api; their file lists them.
const COMMANDS: &str = "libs/events/src/command";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    if project.file(OWNERS).is_none() {
        let way_out = "write the one table of writers and their types there";
        return vec![Breach::of(OWNERS, String::from("is missing"), way_out)];
    }
    let (owned, named): (Vec<_>, Vec<_>) = wire_types(project)
        .into_iter()
        .partition(|wire| wire.file.path == OWNERS);
    let facts: Vec<_> = named
        .into_iter()
        .filter(|wire| !wire.file.path.starts_with(COMMANDS))
        .collect();
    let homeless = unknown(
        &facts,
        &owned,
        "may be written by nobody",
        "give it a writer in owners.rs",
    );
    let made_up = unknown(
        &owned,
        &facts,
        "is no fact",
        "take it out of owners.rs, or add the fact it means",
    );
    [homeless, made_up].concat()
}

fn unknown(
    these: &[WireType<'_>],
    those: &[WireType<'_>],
    what: &str,
    way_out: &'static str,
) -> Vec<Breach> {
    let alone = these
        .iter()
        .filter(|this| !those.iter().any(|that| that.name == this.name));
    alone
        .map(|wire| Breach::at(wire.file, wire.at, format!("{} {what}", wire.name), way_out))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Project::of(files))
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn facts_and_owner_table_name_the_same_types() {
        let facts = (
            "libs/events/src/fact.rs",
            "[\"pool.made.v1\", \"node.joined.v1\"]",
        );
        let commands = ("libs/events/src/command.rs", "[\"pool.make.v1\"]");
        assert_eq!(found(&[facts]), ["is missing"]);
        assert_eq!(
            found(&[
                facts,
                commands,
                (OWNERS, "[\"pool.made.v1\", \"node.joined.v1\"]")
            ]),
            [""; 0]
        );
        assert_eq!(
            found(&[
                facts,
                commands,
                (OWNERS, "[\"pool.made.v1\", \"pool.lost.v1\"]")
            ]),
            [
                "node.joined.v1 may be written by nobody",
                "pool.lost.v1 is no fact",
            ]
        );
    }
}
