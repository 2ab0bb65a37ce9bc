//! Files that are whole or not there, with their owner and mode; what is right already is not touched.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use super::StartError;

/// Mode of a file that only its owner reads.
pub(super) const PRIVATE: u32 = 0o600;

/// Mode of a file that all may read.
pub(super) const PUBLIC: u32 = 0o644;

/// Mode of a folder that only its owner enters.
const FOLDER: u32 = 0o700;

/// Mode of a folder that its group enters as well.
const SHARED_FOLDER: u32 = 0o750;

/// Who owns a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
}

/// The text of a file; none when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<String>, StartError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

/// Makes sure that the folder is there and its owner's alone.
pub(super) fn own_folder(path: &Path, owner: Owner) -> Result<(), StartError> {
    folder(path, FOLDER, owner)
}

/// Makes sure that the folder is there, its owner's to write and its group's to enter.
pub(super) fn shared_folder(path: &Path, owner: Owner) -> Result<(), StartError> {
    folder(path, SHARED_FOLDER, owner)
}

fn folder(path: &Path, mode: u32, owner: Owner) -> Result<(), StartError> {
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.and_then(|()| settle(path, mode, owner))
        .map_err(|e| failed(path, e))
}

/// Makes sure that the file says this, with this mode and owner.
pub(super) fn write(path: &Path, text: &str, mode: u32, owner: Owner) -> Result<(), StartError> {
    if read(path)?.as_deref() == Some(text) {
        return settle(path, mode, owner).map_err(|e| failed(path, e));
    }
    replace(path, text, mode, owner).map_err(|e| failed(path, e))
}

/// Written beside and moved over, so that whoever reads meanwhile sees the old or the new one whole.
fn replace(path: &Path, text: &str, mode: u32, owner: Owner) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    settle(&beside, mode, owner)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn settle(path: &Path, mode: u32, owner: Owner) -> std::io::Result<()> {
    let found = fs::metadata(path)?;
    if (found.uid(), found.gid()) != (owner.user, owner.group) {
        chown(path, Some(owner.user), Some(owner.group))?;
    }
    if found.permissions().mode() & 0o7777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn failed(path: &Path, cause: std::io::Error) -> StartError {
    StartError::File {
        path: path.display().to_string(),
        cause,
    }
}
