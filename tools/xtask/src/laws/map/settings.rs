//! Every setting stands in gantry.example.toml: the fields of the settings structs against the keys of the example,
//! set or commented out.

use std::collections::BTreeSet;

use crate::laws::Breach;
use crate::lexer::in_word;
use crate::project::Project;
use crate::source::Source;

const PAGE: &str = "gantry.example.toml";
const WAY_OUT: &str = "write `# key = default` there, with what it means and its unit";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let Some(page) = project.file(PAGE) else {
        return vec![Breach::of(PAGE, String::from("is missing"), WAY_OUT)];
    };
    let keys = keys(&page.text);
    let structs = project.rust().filter(|file| is_settings(&file.path));
    let fields = structs.flat_map(|file| {
        fields(file)
            .into_iter()
            .map(move |(at, name)| (file, at, name))
    });
    let unsaid = fields.filter(|(_, _, name)| !keys.contains(name.as_str()));
    unsaid
        .map(|(file, at, name)| Breach::at(file, at, format!("`{name}` is not in {PAGE}"), WAY_OUT))
        .collect()
}

fn is_settings(path: &str) -> bool {
    let service =
        path.starts_with("services/") && path.ends_with("/settings.rs") && path.contains("/src/");
    service || path == "libs/runtime/src/settings.rs"
}

/// Keys and the names of tables, whether they are set or stand behind a `#`.
fn keys(text: &str) -> BTreeSet<&str> {
    text.lines()
        .flat_map(words_of)
        .filter(|word| !word.is_empty() && word.bytes().all(is_key))
        .collect()
}

fn words_of(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim().trim_start_matches('#').trim();
    let table = line
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .map(|name| name.trim_start_matches('['));
    let key = line.split_once('=').map(|(key, _)| key.trim());
    table.or(key).unwrap_or_default().split('.').map(str::trim)
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Fields of the structs that are read from settings, under the name that serde gives them.
fn fields(file: &Source) -> Vec<(usize, String)> {
    let derives = file.shipped.match_indices("#[derive(").map(|(at, _)| at);
    let read = derives.filter(|at| {
        file.shipped[*at..]
            .split(']')
            .next()
            .is_some_and(|list| list.contains("Deserialize"))
    });
    read.filter_map(|at| body(&file.shipped, at))
        .flat_map(|(start, end)| fields_in(file, start, end))
        .collect()
}

/// Where the fields of the struct derived at `at` stand; none for enums and structs without named fields.
fn body(code: &str, at: usize) -> Option<(usize, usize)> {
    let item = code[at..].find("struct ").map(|offset| at + offset)?;
    let ends = code[at..].find(['{', ';']).map(|offset| at + offset)?;
    let named = item < ends && code.as_bytes()[ends] == b'{';
    let close = code[ends..].find('}').map(|offset| ends + offset)?;
    named.then_some((ends + 1, close))
}

fn fields_in(file: &Source, start: usize, end: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut attributes = String::new();
    let mut at = start;
    for line in file.shipped[start..end].split_inclusive('\n') {
        let code = line.trim();
        match field(code) {
            Some(name) => {
                found.extend(named(name, &std::mem::take(&mut attributes)).map(|name| (at, name)))
            }
            None => attributes.push_str(&file.text[at..at + line.len()]),
        }
        at += line.len();
    }
    found
}

fn field(code: &str) -> Option<&str> {
    let code = code
        .strip_prefix("pub(crate) ")
        .or(code.strip_prefix("pub "))
        .unwrap_or(code);
    let (name, _) = code.split_once(": ")?;
    (!name.is_empty() && name.bytes().all(in_word)).then_some(name)
}

/// The key of a field with these attributes; none if it is no key itself.
fn named(field: &str, attributes: &str) -> Option<String> {
    let serde: String = attributes
        .lines()
        .filter(|line| line.trim().starts_with("#[serde("))
        .collect();
    if serde.contains("flatten") || serde.contains("skip)") || serde.contains("skip_deserializing")
    {
        return None;
    }
    let renamed = serde
        .split_once("rename = \"")
        .and_then(|(_, rest)| rest.split('"').next());
    Some(renamed.unwrap_or(field).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRUCT: &str = "/// S: x.\n#[derive(Clone, Deserialize)]\n#[serde(deny_unknown_fields)]\npub struct S {\n    \
        /// Doc: y.\n    pub bus_url: String,\n    #[serde(rename = \"size\")]\n    pub length: Map<A, B>,\n    \
        #[serde(flatten)]\n    pub rest: R,\n    pub api: Api,\n}\n#[derive(Debug)]\nstruct T {\n    other: u8,\n}\n";

    fn found(page: &str) -> Vec<String> {
        let files = [
            (PAGE, page),
            ("services/api/src/settings.rs", STRUCT),
            ("libs/spec/src/settings.rs", STRUCT),
        ];
        check(&Project::of(&files))
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn every_setting_stands_in_the_example() {
        assert_eq!(
            found("bus_url = \"nats://…\"\n\n# [api]\n# size = 3  # entries\n"),
            [""; 0]
        );
        assert_eq!(
            found("# The api = good.\napi.size = 3\n"),
            [format!("`bus_url` is not in {PAGE}")]
        );
    }

    #[test]
    fn without_an_example_that_is_said() {
        assert_eq!(check(&Project::default())[0].what, "is missing");
    }
}
