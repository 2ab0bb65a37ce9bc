//! Every problem code has its entry in docs/problems.md: the arms of the code enums, in kebab-case.

use crate::laws::Breach;
use crate::project::Project;
use crate::source::Source;

const PAGE: &str = "docs/problems.md";
const CODES: [&str; 2] = ["libs/rest/src/problem.rs", "libs/events/src/problem.rs"];
const WAY_OUT: &str = "write there, under `code`: what happened, why, and the way out";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let missing = [PAGE, CODES[0]]
        .into_iter()
        .filter(|path| project.file(path).is_none());
    let missing = missing.map(|path| Breach::of(path, String::from("is missing"), WAY_OUT));
    let page = project
        .file(PAGE)
        .map(|page| page.text.as_str())
        .unwrap_or_default();
    let files = project
        .rust()
        .filter(|file| CODES.contains(&file.path.as_str()));
    let codes = files.flat_map(|file| {
        codes(file)
            .into_iter()
            .map(move |(at, code)| (file, at, code))
    });
    let unsaid = codes.filter(|(_, _, code)| !page.contains(&format!("`{code}`")));
    missing
        .chain(unsaid.map(|(file, at, code)| {
            Breach::at(file, at, format!("`{code}` is not in {PAGE}"), WAY_OUT)
        }))
        .collect()
}

/// Arms without data of every enum whose name ends in `Code`.
fn codes(file: &Source) -> Vec<(usize, String)> {
    let enums = file.shipped.match_indices("enum ").map(|(at, _)| at);
    enums
        .filter_map(|at| body(&file.shipped, at))
        .flat_map(|(start, end)| arms(file, start, end))
        .collect()
}

fn body(code: &str, at: usize) -> Option<(usize, usize)> {
    let open = code[at..].find('{').map(|offset| at + offset)?;
    let close = code[open..].find('}').map(|offset| open + offset)?;
    code[at..open]
        .trim_end()
        .ends_with("Code")
        .then_some((open + 1, close))
}

fn arms(file: &Source, start: usize, end: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut renamed = None;
    let mut at = start;
    for line in file.shipped[start..end].split_inclusive('\n') {
        let arm = line.trim().trim_end_matches(',');
        if arm.starts_with("#[serde(rename = ") {
            renamed = file.text[at..].split('"').nth(1).map(str::to_owned);
        } else if !arm.is_empty() && arm.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            found.push((at, renamed.take().unwrap_or_else(|| kebab(arm))));
        }
        at += line.len();
    }
    found
}

fn kebab(arm: &str) -> String {
    let mut code = String::new();
    for letter in arm.chars() {
        if letter.is_ascii_uppercase() && !code.is_empty() {
            code.push('-');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "pub enum Code {\n    /// N: o.\n    NotYet,\n    #[serde(rename = \"gone\")]\n    WasHere,\n}\n\
        pub enum State {\n    Open,\n}\n";

    fn found(page: &str) -> Vec<String> {
        let files = [(CODES[0], CODE), (PAGE, page)];
        check(&Project::of(&files))
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn every_code_has_its_entry() {
        assert_eq!(found("## `not-yet`\n## `gone`"), [""; 0]);
        assert_eq!(found("## `not-yet`"), ["`gone` is not in docs/problems.md"]);
    }

    #[test]
    fn without_a_page_that_is_said() {
        assert_eq!(
            check(&Project::of(&[(CODES[0], "//! Codes.")]))[0]
                .to_string()
                .lines()
                .next(),
            Some("docs/problems.md: is missing")
        );
    }
}
