//! The project as it stands in the work tree: its text files and its crates. Laws and measures read nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::graph::Graph;
use crate::source::Source;

/// Files and crates, read once.
#[derive(Debug, Default)]
pub struct Project {
    /// Every text file that git tracks or would track, by path.
    pub files: Vec<Source>,
    /// The crates, ours and others'.
    pub graph: Graph,
}

impl Project {
    /// Reads the work tree that this is called in. The place it was built in says nothing: two clones may share
    /// one folder of build output.
    ///
    /// # Errors
    /// Outside a work tree, when git or cargo cannot be run, or a file vanishes between listing and reading in another way than deletion.
    pub fn read() -> anyhow::Result<Self> {
        let root = top()?;
        let files = listed(&root)?
            .iter()
            .filter_map(|path| load(&root, path))
            .collect();
        Ok(Self::new(files, Graph::read(&root)?))
    }

    fn new(mut files: Vec<Source>, graph: Graph) -> Self {
        let tests: Vec<String> = files.iter().flat_map(Source::test_modules).collect();
        for file in files.iter_mut().filter(|file| tests.contains(&file.path)) {
            file.becomes_a_test();
        }
        Self { files, graph }
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &Source> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<&Source> {
        self.files.iter().find(|file| file.path == path)
    }

    /// A project written by hand, for the tests of laws.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self::new(
            files
                .iter()
                .map(|(path, text)| Source::new(path, text))
                .collect(),
            Graph::default(),
        )
    }

    /// A project of crates alone, for the tests of laws.
    #[cfg(test)]
    pub fn of_crates(packages: &[(&str, &str, &[&str])]) -> Self {
        Self {
            graph: Graph::of(packages),
            ..Self::default()
        }
    }
}

fn top() -> anyhow::Result<PathBuf> {
    let git = Command::new("git")
        .args(["rev-parse", "--show-toplevel"])
        .output()
        .context("running git")?;
    ensure!(
        git.status.success(),
        "this is no git work tree; call it inside a clone of the project"
    );
    Ok(PathBuf::from(String::from_utf8(git.stdout)?.trim_end()))
}

fn listed(root: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("git could not be started")?;
    ensure!(
        output.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let mut paths: Vec<String> = String::from_utf8(output.stdout)?
        .split_terminator('\0')
        .map(String::from)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// None for what is not text, and for what is listed and deleted.
fn load(root: &Path, path: &str) -> Option<Source> {
    let full: PathBuf = root.join(path);
    let text = full
        .is_file()
        .then(|| std::fs::read_to_string(full).ok())??;
    Some(Source::new(path, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_declared_for_tests_is_a_test_in_its_own_file() {
        let project = Project::of(&[
            ("a/src/lib.rs", "#[cfg(test)]\nmod twin;"),
            ("a/src/twin.rs", "fn a() {}"),
        ]);
        assert_eq!(
            project
                .file("a/src/twin.rs")
                .map(|file| file.shipped.as_str()),
            Some("")
        );
    }
}
