//! Law 8, no surprises at run time: tasks, queues and waits live in libs/runtime, where they have names and an end
//! (the command line, which carries no service, has its one wait in `patience.rs`);
//! nothing that ships gives up or prints in passing; no file is named so that it could hold anything; no promise to
//! mend something later without an issue.

use super::Breach;
use super::doors::is_build_script;
use crate::lexer::in_word;
use crate::paths;
use crate::project::Project;
use crate::source::Source;

const TASKS: [&str; 7] = [
    "tokio::spawn",
    "task::spawn",
    "task::spawn_local",
    "thread::spawn",
    "unbounded_channel",
    "mpsc::unbounded",
    "UnboundedSender",
];
const WAITS: [&str; 2] = ["sleep", "sleep_until"];
const MACROS: [&str; 8] = [
    "panic",
    "todo",
    "unimplemented",
    "println",
    "eprintln",
    "print",
    "eprint",
    "dbg",
];
const NAMES: [&str; 10] = [
    "util", "utils", "helper", "helpers", "common", "manager", "misc", "handle", "data", "process",
];

pub(super) fn check(project: &Project) -> Vec<Breach> {
    let files = project
        .rust()
        .flat_map(|file| [tasks(file), outbursts(file), name(file), promises(file)].concat());
    files.collect()
}

fn tasks(file: &Source) -> Vec<Breach> {
    if ["libs/runtime/", "tools/", "cli/src/patience.rs"]
        .iter()
        .any(|room| file.path.starts_with(room))
    {
        return Vec::new();
    }
    let way_out =
        "use the tasks, queues and waits of libs/runtime, which have names, sizes and an end";
    let mentions = paths::mentions(&file.shipped).into_iter();
    let found = mentions
        .filter(|mention| TASKS.iter().any(|words| mention.says(words)) || is_wait(file, mention));
    found
        .map(|mention| {
            Breach::at(
                file,
                mention.at,
                format!("`{}` outside libs/runtime", mention.path),
                way_out,
            )
        })
        .collect()
}

/// A call of the function, not of a method of that name, nor its definition.
fn is_wait(file: &Source, mention: &paths::Mention) -> bool {
    let (before, after) = file.shipped.split_at(mention.at);
    let named = mention
        .path
        .rsplit("::")
        .next()
        .is_some_and(|name| WAITS.contains(&name));
    let called = after
        .strip_prefix(&mention.path)
        .is_some_and(|after| after.starts_with('('));
    named && called && !before.ends_with('.') && !before.ends_with("fn ")
}

/// Unwrapping, panicking and printing, where neither a test, a program's `main.rs`, the CLI's output nor a tool is at work,
/// nor a build script, which speaks to cargo by printing.
fn outbursts(file: &Source) -> Vec<Breach> {
    let free = ["tools/", "libs/testkit/", "cli/src/output"];
    let is_program = file.path.ends_with("/main.rs") || is_build_script(&file.path);
    if is_program || free.iter().any(|room| file.path.starts_with(room)) {
        return Vec::new();
    }
    let unwraps = [".unwrap()", ".unwrap_err()"].into_iter().flat_map(|call| {
        let way_out = "return the error, or `expect(\"the invariant that makes this safe\")`";
        let calls = file.shipped.match_indices(call);
        calls.map(move |(at, call)| {
            Breach::at(file, at, format!("`{call}` in code that ships"), way_out)
        })
    });
    let macros = MACROS.into_iter().flat_map(|name| {
        let way_out = "return an error, log an event, or write through the CLI's output";
        let calls = calls_of(&file.shipped, name);
        calls
            .into_iter()
            .map(move |at| Breach::at(file, at, format!("`{name}!` in code that ships"), way_out))
    });
    unwraps.chain(macros).collect()
}

fn calls_of(code: &str, name: &str) -> Vec<usize> {
    let call = format!("{name}!");
    let hits = code.match_indices(&call).map(|(at, _)| at);
    hits.filter(|at| *at == 0 || !in_word(code.as_bytes()[at - 1]))
        .collect()
}

fn name(file: &Source) -> Vec<Breach> {
    let words = file
        .path
        .trim_end_matches(".rs")
        .split('/')
        .filter(|word| NAMES.contains(word));
    let way_out = "name it by the noun of what it holds; a name that fits anything finds nothing";
    words
        .map(|word| Breach::of(&file.path, format!("is named `{word}`"), way_out))
        .collect()
}

fn promises(file: &Source) -> Vec<Breach> {
    let open = file
        .comments()
        .filter(|(_, comment)| promises_without_issue(comment));
    let way_out = "do it now, or open an issue and write its number: `(#12)` after the word";
    open.map(|(at, _)| {
        Breach::at(
            file,
            at,
            String::from("a promise without an issue"),
            way_out,
        )
    })
    .collect()
}

fn promises_without_issue(comment: &str) -> bool {
    let words = ["TODO", "FIXME", "XXX"];
    let text = comment.trim_start_matches(['/', '!', '*', ' ']);
    let begins = words.iter().any(|word| text.starts_with(word));
    let inside = words
        .iter()
        .any(|word| text.contains(&format!("{word}:")) || text.contains(&format!("{word}(")));
    let issue = text
        .split('#')
        .skip(1)
        .any(|after| after.starts_with(|first: char| first.is_ascii_digit()));
    (begins || inside) && !issue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Project::of(&[(path, text)])).len()
    }

    #[test]
    fn tasks_queues_and_waits_live_in_the_runtime() {
        for text in [
            "fn a() { tokio::spawn(b) }",
            "use tokio::{spawn, time};",
            "use tokio::sync::mpsc::unbounded_channel;",
            "async fn a() { time::sleep(b).await }",
            "async fn a() { tokio::time::sleep_until(b).await }",
        ] {
            assert_eq!(found("services/api/src/lib.rs", text), 1, "{text}");
            assert_eq!(found("libs/runtime/src/supervise.rs", text), 0, "{text}");
            assert_eq!(found("tests/e2e/src/lib.rs", text), 0, "{text}");
        }
        assert_eq!(
            found(
                "services/api/src/actions.rs",
                "fn sleep(a: A) { a.sleep(b) }"
            ),
            0
        );
    }

    #[test]
    fn what_ships_neither_gives_up_nor_prints() {
        for text in [
            "fn a() { b.unwrap() }",
            "fn a() { panic!(\"b\") }",
            "fn a() { todo!() }",
            "fn a() { eprintln!() }",
        ] {
            assert_eq!(found("libs/spec/src/a.rs", text), 1, "{text}");
            assert_eq!(found("cli/src/output.rs", text), 0, "{text}");
            assert_eq!(found("services/gantryd/src/main.rs", text), 0, "{text}");
            assert_eq!(found("services/gantryd/build.rs", text), 0, "{text}");
            assert_eq!(
                found(
                    "libs/spec/src/a.rs",
                    &format!("#[cfg(test)]\nmod tests {{ {text} }}")
                ),
                0,
                "{text}"
            );
        }
        assert_eq!(
            found(
                "libs/spec/src/a.rs",
                "fn a() { b.unwrap_or(c); debug_print!(); b.expect(\"d\") }"
            ),
            0
        );
    }

    #[test]
    fn names_that_fit_anything_are_refused() {
        assert_eq!(found("libs/spec/src/utils.rs", ""), 1);
        assert_eq!(found("libs/spec/tests/common/mod.rs", ""), 1);
        assert_eq!(found("libs/spec/src/processes.rs", ""), 0);
    }

    #[test]
    fn a_promise_needs_an_issue() {
        for (comment, breaches) in [
            ("// TODO later", 1),
            ("/// a FIXME: b", 1),
            ("// TODO(#12): b", 0),
            ("// no TODO without issue", 0),
        ] {
            assert_eq!(found("libs/spec/src/a.rs", comment), breaches, "{comment}");
        }
    }
}
