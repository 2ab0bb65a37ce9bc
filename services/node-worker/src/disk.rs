//! `Disk`: what a node must not forget: its key, its identity, the set it follows, what it has reported.
//! Each file is replaced whole and lasts through a power loss.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gantry_events::{Digest, ReplicaKey, WantedSet};
use gantry_node_worker_core::NodeState;
use gantry_runtime::{DRAFT, Keep, Snapshot, write_whole};
use gantry_spec::ContainerSpec;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files::Files;

/// A file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}; give this machine its data folder back, or make the machine anew")]
pub struct DiskError {
    path: String,
    cause: io::Error,
}

/// The data folder of one node. Clones are the same folder.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: PathBuf,
}

const SET: &str = "wanted.json";
const ENDED: &str = "ended.json";
const SNAPSHOT: &str = "reported.json";
const SPECS: &str = "specs";

const FILES: &str = "files";

/// Readable by the owner alone.
const PRIVATE: u32 = 0o600;

impl Disk {
    /// Opens a data folder, and makes it where there is none.
    pub fn open(folder: &Path) -> Result<Self, DiskError> {
        let disk = Self {
            folder: folder.to_owned(),
        };
        fs::create_dir_all(folder.join(SPECS)).map_err(|cause| disk.wrong(SPECS, cause))?;
        Ok(disk)
    }

    /// The text of a file; none where there is none.
    pub fn text(&self, name: &str) -> Result<Option<String>, DiskError> {
        match fs::read_to_string(self.folder.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(self.wrong(name, cause)),
        }
    }

    /// Replaces a file, readable by the owner alone.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.replace(name, bytes)
            .map_err(|cause| self.wrong(name, cause))
    }

    /// A file of JSON; none where there is none.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, DiskError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| self.wrong(name, e.into()))
    }

    /// Replaces a file of JSON.
    pub fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), DiskError> {
        let bytes = serde_json::to_vec_pretty(value).map_err(|e| self.wrong(name, e.into()))?;
        self.write(name, &bytes)
    }

    /// The set that was followed last.
    pub fn set(&self) -> Result<Option<WantedSet>, DiskError> {
        self.read(SET)
    }

    /// The files that replicas bring along.
    pub fn files(&self) -> Files {
        Files::at(&self.folder.join(FILES))
    }

    /// Remembers the set to be followed, and drops specs and files of what it does not name.
    pub fn save_set(&self, set: &WantedSet) -> Result<(), DiskError> {
        self.save(SET, set)?;
        self.files().sweep(set);
        let named: Vec<String> = set
            .replicas
            .values()
            .map(|wanted| file_name(wanted.spec))
            .collect();
        let files =
            fs::read_dir(self.folder.join(SPECS)).map_err(|cause| self.wrong(SPECS, cause))?;
        for path in files.flatten().map(|file| file.path()) {
            let is_named = named.iter().any(|name| path.ends_with(name));
            // Another task may be writing a draft just now.
            let is_draft = path.extension().is_some_and(|end| end == DRAFT);
            if !is_named && !is_draft {
                // One that stays is of no harm; it goes with the next set.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// Replicas of the followed set that ended for good, as saved last.
    pub fn ended(&self) -> Result<BTreeSet<ReplicaKey>, DiskError> {
        Ok(self.read(ENDED)?.unwrap_or_default())
    }

    /// Remembers which replicas of the followed set ended for good.
    pub fn save_ended(&self, ended: &BTreeSet<ReplicaKey>) -> Result<(), DiskError> {
        self.save(ENDED, ended)
    }

    /// A spec, if it is here and whole.
    pub fn spec(&self, digest: Digest) -> Option<ContainerSpec> {
        let bytes = fs::read(self.folder.join(SPECS).join(file_name(digest))).ok()?;
        (Digest::of(&bytes) == digest)
            .then(|| serde_json::from_slice(&bytes).ok())
            .flatten()
    }

    /// Remembers the bytes of a spec.
    pub fn save_spec(&self, digest: Digest, bytes: &[u8]) -> Result<(), DiskError> {
        self.write(&format!("{SPECS}/{}", file_name(digest)), bytes)
    }

    /// What was reported, as of the last commit seen.
    pub fn snapshot(&self) -> Result<Option<Snapshot<NodeState>>, DiskError> {
        self.read(SNAPSHOT)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        write_whole(&self.folder.join(name), bytes, PRIVATE)
    }

    fn wrong(&self, name: &str, cause: io::Error) -> DiskError {
        DiskError {
            path: self.folder.join(name).display().to_string(),
            cause,
        }
    }
}

fn file_name(digest: Digest) -> String {
    digest.to_string().replace(':', "-")
}

impl Keep<NodeState> for Disk {
    fn keep(&mut self, snapshot: &Snapshot<NodeState>) -> io::Result<()> {
        let bytes = serde_json::to_vec(snapshot)?;
        self.replace(SNAPSHOT, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use gantry_events::Seq;

    use super::*;

    #[test]
    fn what_was_saved_is_read_back_and_what_was_not_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        assert!(disk.set().unwrap().is_none());
        disk.save("number.json", &7).unwrap();
        assert_eq!(disk.read("number.json").unwrap(), Some(7));
    }

    #[test]
    fn a_spec_that_is_not_whole_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let digest = Digest::of(b"whole");
        disk.save_spec(digest, b"hal").unwrap();
        assert!(disk.spec(digest).is_none());
    }

    #[test]
    fn a_new_set_drops_specs_it_does_not_name_but_not_one_that_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let (old, coming) = (Digest::of(b"old"), Digest::of(b"coming"));
        disk.save_spec(old, b"old").unwrap();
        let specs = folder.path().join(SPECS);
        let draft = specs.join(file_name(coming)).with_extension(DRAFT);
        fs::write(&draft, b"com").unwrap();
        let set = WantedSet {
            log: "00000000-0000-4000-8000-00000000000a".parse().unwrap(),
            seq: Seq(1),
            node: "n1".parse().unwrap(),
            replicas: BTreeMap::new(),
        };
        disk.save_set(&set).unwrap();
        assert!(draft.exists());
        assert!(!specs.join(file_name(old)).exists());
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        disk.write(SET, b"{").unwrap();
        assert!(disk.set().unwrap_err().to_string().contains("wanted.json"));
    }
}
