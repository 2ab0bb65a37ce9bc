//! `Files`: what the file of a service brings to its replicas, on this machine's disk. A container has
//! each mounted read-only, so they are there whenever its process is started again. They go with the
//! first set that does not name the replica; what still runs then keeps what it has open.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use gantry_events::{ReplicaKey, WantedSet};
use gantry_runtime::write_whole;
use gantry_spec::{ContainerSpec, FilePath};

/// Only the node-worker and the engine go in; inside a container the files stand alone.
const FOLDER: u32 = 0o700;

/// A service may run as any user.
const FILE: u32 = 0o444;

/// The folder of all replicas' files. Clones are the same folder.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

/// One file, on this machine and in its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// Where it lies.
    pub from: PathBuf,
    /// Where the container finds it.
    pub at: FilePath,
}

impl Files {
    /// Files below this folder, which is made when there are some.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Writes what a replica brings. Done twice is done once.
    pub fn put(&self, replica: &ReplicaKey, spec: &ContainerSpec) -> io::Result<Vec<Mounted>> {
        if spec.files.is_empty() {
            return Ok(Vec::new());
        }
        let folder = self.folder.join(name(replica));
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER)
            .create(&folder)?;
        let files = (0..).zip(&spec.files);
        files
            .map(|(number, (path, content))| {
                let from = folder.join(format!("{number}"));
                write_whole(&from, content.bytes(), FILE)?;
                let at = path.clone();
                Ok(Mounted { from, at })
            })
            .collect()
    }

    /// Removes the files of replicas that a set does not name. What cannot be removed goes with a later
    /// set.
    pub fn sweep(&self, set: &WantedSet) {
        let named: BTreeSet<OsString> = set.replicas.keys().map(name).collect();
        let folders = fs::read_dir(&self.folder).into_iter().flatten();
        for folder in folders.flatten() {
            if !named.contains(&folder.file_name()) {
                let _ = fs::remove_dir_all(folder.path());
            }
        }
    }
}

fn name(replica: &ReplicaKey) -> OsString {
    format!("{}.{}", replica.project, replica.replica).into()
}
