//! Files that are replaced whole: whoever reads, also after a power loss, finds the old or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Ends the name of a file that is being written, until it replaces the one it is meant for.
pub const DRAFT: &str = "new";

/// Replaces the file at `path`, in a folder that exists, by `bytes` with this mode. It lasts when this
/// comes back. Waits for the disk.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let draft = path.with_extension(DRAFT);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&draft)?;
    // Whatever mask this process has, and whatever was left at this name.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.json");
        for text in ["old", "newer"] {
            write_whole(&path, text.as_bytes(), 0o444).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o444);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
