//! Law 6, nothing waits unseen: a core's matches name every arm, so that a new state or event makes the compiler list
//! what it touches. Numbers, strings and other people's enums cannot be listed; such an arm says so: `// foreign: why`.

use super::Breach;
use super::pure::is_core;
use crate::lexer::in_word;
use crate::project::Project;
use crate::source::Source;

const MARK: &str = "// foreign:";

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let cores = project.rust().filter(|file| {
        file.path
            .split_once("/src/")
            .is_some_and(|(folder, _)| is_core(folder))
    });
    cores.flat_map(open_arms).collect()
}

fn open_arms(file: &Source) -> Vec<Breach> {
    let arms = file.shipped.match_indices("=>").map(|(at, _)| at);
    let open = arms.filter(|at| takes_all(&file.shipped[..*at]) && !is_marked(file, *at));
    let way_out = "name every arm; if the type is not ours to list, say `// foreign: why` on the line or above it";
    open.map(|at| {
        Breach::at(
            file,
            at,
            String::from("an arm that takes whatever comes"),
            way_out,
        )
    })
    .collect()
}

/// Whether the arm's pattern, which ends `before`, matches all that is left: wildcards only, or a plain name. Formatted
/// code begins each arm on a line of its own, so the line is enough.
fn takes_all(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let pattern = line.split(" if ").next().unwrap_or_default().trim();
    let wild =
        pattern.contains(['_', '.']) && pattern.bytes().all(|byte| b"_(), |.".contains(&byte));
    wild || is_binding(pattern)
}

fn is_binding(pattern: &str) -> bool {
    let lower = pattern
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    lower && pattern.bytes().all(in_word) && !matches!(pattern, "true" | "false")
}

fn is_marked(file: &Source, at: usize) -> bool {
    let line = file.line(at);
    let here = file
        .text
        .lines()
        .skip(line.saturating_sub(2))
        .take(line.min(2));
    here.into_iter().any(|text| {
        text.split_once(MARK)
            .is_some_and(|(_, why)| !why.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(arms: &str) -> Vec<usize> {
        let text = format!("fn a(b: B) {{\n    match b {{\n{arms}\n    }}\n}}\n");
        let breaches = check(&Project::of(&[("services/api/core/src/state.rs", &text)]));
        breaches
            .into_iter()
            .filter_map(|breach| breach.line)
            .collect()
    }

    #[test]
    fn an_arm_that_takes_the_rest_is_found_in_every_spelling() {
        for arm in [
            "_ => 1,",
            "_ if late => 1,",
            "(_, _) => 1,",
            "(_, _) if late => 1,",
            "_ | _ => 1,",
            "(..) => 1,",
            "other => 1,",
        ] {
            assert_eq!(lines(arm), [3], "{arm}");
        }
    }

    #[test]
    fn an_arm_that_names_what_it_takes_is_fine() {
        for arm in [
            "A(_) => 1,",
            "A | B => 1,",
            "(A, _) => 1,",
            "true => 1,",
            "A { b: _, c } => 1,",
            "Some(x) if x > 1 => 1,",
            "_ => 1, // foreign: a number",
            "// foreign: chars\n_ => 1,",
            "(\n    A,\n    _,\n) => 1,",
        ] {
            assert_eq!(lines(arm), [0; 0], "{arm}");
        }
    }

    #[test]
    fn the_mark_needs_a_reason_and_shells_need_no_mark() {
        assert_eq!(lines("_ => 1, // foreign:"), [3]);
        assert_eq!(
            check(&Project::of(&[(
                "services/api/src/a.rs",
                "fn a() { match b {\n_ => 1 } }"
            )])),
            []
        );
    }
}
