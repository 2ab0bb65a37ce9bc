//! Which crate needs which, as cargo resolves it for the platform we ship.
//!
//! Only edges of ordinary dependencies count: what tests and build scripts need never reaches a user.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

/// The platform of our binaries, as `.cargo/config.toml` has it: what other platforms would pull in is not ours.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// A package of the resolved graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name in its manifest.
    pub name: String,
    /// Its folder from the project's root; none if it is not ours.
    pub folder: Option<String>,
    /// Identities of the packages it needs to run.
    pub needs: BTreeSet<String>,
}

/// All packages by cargo's identity for them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    packages: BTreeMap<String, Package>,
}

impl Graph {
    /// Asks cargo, without the network where it can; `root` is the workspace's folder.
    ///
    /// # Errors
    /// When cargo cannot be run or answers something else than its documented form.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let tries: [&[&str]; 3] = [&["--locked", "--offline"], &["--offline"], &["--locked"]];
        let mut said = String::new();
        for flags in tries {
            let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
                .args([
                    "metadata",
                    "--format-version",
                    "1",
                    "--filter-platform",
                    PLATFORM,
                ])
                .args(flags)
                .current_dir(root)
                .output()
                .context("cargo could not be started")?;
            if output.status.success() {
                return Self::parse(&serde_json::from_slice(&output.stdout)?, root);
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        anyhow::bail!("cargo metadata failed: {}", said.trim())
    }

    fn parse(metadata: &Value, root: &Path) -> anyhow::Result<Self> {
        let mut packages = BTreeMap::new();
        for package in list(&metadata["packages"])? {
            let manifest = Path::new(
                package["manifest_path"]
                    .as_str()
                    .context("a manifest has a path")?,
            );
            let ours = package["source"]
                .is_null()
                .then(|| manifest.parent()?.strip_prefix(root).ok())
                .flatten();
            let folder = ours.map(|folder| folder.to_string_lossy().into_owned());
            let name = text(&package["name"])?;
            packages.insert(
                text(&package["id"])?,
                Package {
                    name,
                    folder,
                    needs: BTreeSet::new(),
                },
            );
        }
        for node in list(&metadata["resolve"]["nodes"])? {
            let package = packages
                .get_mut(&text(&node["id"])?)
                .context("every node is a package")?;
            for dep in list(&node["deps"])? {
                let kinds = list(&dep["dep_kinds"])?;
                if kinds.iter().any(|kind| kind["kind"].is_null()) {
                    package.needs.insert(text(&dep["pkg"])?);
                }
            }
        }
        ensure!(!packages.is_empty(), "cargo metadata names no package");
        Ok(Self { packages })
    }

    /// Our own crates by folder.
    pub fn ours(&self) -> impl Iterator<Item = (&str, &Package)> {
        self.packages
            .values()
            .filter_map(|package| Some((package.folder.as_deref()?, package)))
    }

    /// What this package needs itself.
    pub fn needs<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Package> {
        package.needs.iter().filter_map(|id| self.packages.get(id))
    }

    /// Names from `from` to the first package with one of these names, if any is reachable.
    pub fn way_to(&self, from: &Package, names: &[&str]) -> Option<Vec<String>> {
        let mut seen = BTreeSet::new();
        let mut open = vec![(from, vec![from.name.clone()])];
        while let Some((package, way)) = open.pop() {
            for next in self
                .needs(package)
                .filter(|next| seen.insert(next.name.clone()))
            {
                let way = [way.clone(), vec![next.name.clone()]].concat();
                if names.contains(&next.name.as_str()) {
                    return Some(way);
                }
                open.push((next, way));
            }
        }
        None
    }

    /// Names of all packages, ours and others'.
    pub fn names(&self) -> BTreeSet<&str> {
        self.packages
            .values()
            .map(|package| package.name.as_str())
            .collect()
    }

    /// A graph written by hand: name, folder (empty when not ours), names it needs.
    #[cfg(test)]
    pub fn of(packages: &[(&str, &str, &[&str])]) -> Self {
        let made = packages.iter().map(|(name, folder, needs)| {
            let folder = (!folder.is_empty()).then(|| (*folder).to_owned());
            let needs = needs.iter().map(|name| (*name).to_owned()).collect();
            (
                (*name).to_owned(),
                Package {
                    name: (*name).to_owned(),
                    folder,
                    needs,
                },
            )
        });
        Self {
            packages: made.collect(),
        }
    }
}

fn list(value: &Value) -> anyhow::Result<&Vec<Value>> {
    value
        .as_array()
        .context("cargo metadata lacks a list it documents")
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value
        .as_str()
        .context("cargo metadata lacks a name it documents")?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_crate_is_found_through_others() {
        let graph = Graph::of(&[
            ("a", "libs/a", &["b"]),
            ("b", "", &["c", "d"]),
            ("c", "", &["a"]),
            ("d", "", &[]),
        ]);
        let (_, a) = graph.ours().next().expect("a is ours");
        assert_eq!(
            graph.way_to(a, &["d"]),
            Some(["a", "b", "d"].map(String::from).to_vec())
        );
        assert_eq!(graph.way_to(a, &["e"]), None);
    }

    #[test]
    fn edges_of_tests_and_builds_do_not_count() {
        let metadata = serde_json::json!({
            "packages": [
                {"id": "1", "name": "a", "manifest_path": "/p/libs/a/Cargo.toml", "source": null},
                {"id": "2", "name": "b", "manifest_path": "/r/b/Cargo.toml", "source": "registry"},
                {"id": "3", "name": "c", "manifest_path": "/r/c/Cargo.toml", "source": "registry"},
            ],
            "resolve": {"nodes": [
                {"id": "1", "deps": [
                    {"pkg": "2", "dep_kinds": [{"kind": "dev"}]},
                    {"pkg": "3", "dep_kinds": [{"kind": "dev"}, {"kind": null}]},
                ]},
                {"id": "2", "deps": []}, {"id": "3", "deps": []},
            ]},
        });
        let graph = Graph::parse(&metadata, Path::new("/p")).expect("well-formed");
        let (folder, a) = graph.ours().next().expect("a is ours");
        assert_eq!(
            (
                folder,
                graph
                    .needs(a)
                    .map(|need| need.name.as_str())
                    .collect::<Vec<_>>()
            ),
            ("libs/a", vec!["c"])
        );
    }
}
