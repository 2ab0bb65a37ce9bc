//! Law 11, no banned crate: what deny.toml bans, with its reason, is nowhere in the resolved graph. The list stands
//! there alone; this check holds it where cargo-deny is not installed.

use super::Breach;
use crate::project::Project;

const LIST: &str = "deny.toml";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let bans = project
        .file(LIST)
        .map(|file| bans(&file.text))
        .unwrap_or_default();
    if bans.is_empty() {
        let way_out = "list banned crates under [bans] as `{ crate = \"name\", reason = \"why\" }`, a line each";
        return vec![Breach::of(LIST, String::from("bans nothing"), way_out)];
    }
    let names = project.graph.names();
    let present = bans.into_iter().filter(|(name, _)| names.contains(name));
    let way_out = "find who brings it with `cargo tree -i NAME`, and turn that feature off";
    present
        .map(|(name, reason)| {
            Breach::of("Cargo.lock", format!("{name} is banned: {reason}"), way_out)
        })
        .collect()
}

/// Name and reason of each entry.
fn bans(text: &str) -> Vec<(&str, &str)> {
    let entries = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("{ crate"));
    entries
        .filter_map(|line| Some((quoted(line, "crate = \"")?, quoted(line, "reason = \"")?)))
        .collect()
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = line.split_once(key)?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn what_the_list_bans_is_not_in_the_graph() {
        let mut project =
            Project::of_crates(&[("a", "libs/a", &["native-tls"]), ("native-tls", "", &[])]);
        assert_eq!(check(&project)[0].what, "bans nothing");
        let list = "[bans]\ndeny = [\n  { crate = \"native-tls\", reason = \"rustls it is\" },\n]";
        project.files.push(Source::new(LIST, list));
        assert_eq!(
            check(&project)[0].what,
            "native-tls is banned: rustls it is"
        );
        project.graph = crate::graph::Graph::of(&[("a", "libs/a", &[])]);
        assert_eq!(check(&project), []);
    }
}
