//! The help: complete, and with an example for each verb.

use crate::stage::run;

const NOBODY: &str = "http://127.0.0.1:9";

/// The verbs that stand below `words` in their help.
fn verbs(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(NOBODY, folder.path(), &[words, &["--help"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let commands = ran.out.lines().skip_while(|line| *line != "Commands:");
    let commands = commands.skip(1).take_while(|line| !line.is_empty());
    let named = commands.filter(|line| !line.starts_with("   "));
    named
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn the_help_of_each_verb_has_an_example() {
    let mut seen = 0;
    let folder = tempfile::tempdir().unwrap();
    for verb in verbs(&[]) {
        let below = verbs(&[&verb]);
        let all = if below.is_empty() {
            vec![vec![verb.as_str()]]
        } else {
            below.iter().map(|word| vec![verb.as_str(), word]).collect()
        };
        for words in all {
            let ran = run(NOBODY, folder.path(), &[&words[..], &["--help"]].concat());
            assert!(ran.out.contains("Example"), "{words:?}:\n{}", ran.out);
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} verbs");
}
