//! Times that the failure tests measured on the real system, judged against their figures. The tests
//! themselves fail only at three times the figure, as a test machine is busier than a real one.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::entry::Entry;

/// One line of the file.
#[derive(Debug, Deserialize)]
struct Measured {
    name: String,
    seconds: f64,
    figure: f64,
}

/// Runs the failure tests by this command of the shell, and judges the times they write.
pub async fn measure(tests: &str) -> anyhow::Result<Vec<Entry>> {
    let times = tempfile::NamedTempFile::new()?;
    let ended = tokio::process::Command::new("sh")
        .args(["-c", tests])
        .env("GANTRY_FAILURE_TIMES", times.path())
        .status()
        .await
        .with_context(|| format!("`{tests}` cannot be run"))?;
    ensure!(
        ended.success(),
        "`{tests}` ended with {ended}; look at the lines above"
    );
    read(times.path())
}

/// Reads a file of one JSON object a line: `{"name","seconds","figure"}`. The worst of a name counts.
fn read(file: &Path) -> anyhow::Result<Vec<Entry>> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read; run the failure tests", file.display()))?;
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let measured: Measured = serde_json::from_str(line)
            .with_context(|| format!("{} holds a line that is none: {line}", file.display()))?;
        let name = format!("failure.{}", measured.name);
        let entry = Entry::plain(&name, measured.seconds, "s", Some(measured.figure));
        match entries.iter_mut().find(|known| known.name == name) {
            Some(known) if known.value < entry.value => *known = entry,
            Some(_) => {}
            None => entries.push(entry),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_worst_time_of_a_name_is_judged() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (name, seconds) in [("kill", 1.0), ("hang", 4.0), ("kill", 3.0), ("kill", 0.5)] {
            writeln!(
                file,
                r#"{{"name":"{name}","seconds":{seconds},"figure":2}}"#
            )
            .unwrap();
        }
        let judged: Vec<_> = read(file.path())
            .unwrap()
            .into_iter()
            .map(|entry| (entry.name.clone(), entry.value, entry.missed_by().is_some()))
            .collect();
        assert_eq!(
            judged,
            [
                ("failure.kill".to_owned(), 3.0, true),
                ("failure.hang".to_owned(), 4.0, true)
            ]
        );
    }
}
