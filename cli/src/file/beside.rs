//! What a file names beside itself: read from its folder, out of which no path and no link leads.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use gantry_spec::MAX_CONTENT;

/// The folder that a project's file stands in.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of the file at this path; of one without a path, the current one.
    pub fn of(file: Option<&Path>) -> Self {
        let folder = file.and_then(Path::parent);
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        Self(folder.unwrap_or(Path::new(".")).to_owned())
    }

    /// The bytes of a file in the folder or below.
    ///
    /// # Errors
    /// A clause that says why not: there is none, it is no ordinary file, it is too large, or a link on
    /// the way leads out of the folder.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let told = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        let folder = self.0.canonicalize().map_err(told)?;
        let whole = folder.join(path).canonicalize().map_err(told)?;
        if !whole.starts_with(&folder) {
            return Err("a link leads out of the folder of the project's file".to_owned());
        }
        // Asked before it is opened: a pipe would wait for somebody to write.
        let about = whole.metadata().map_err(told)?;
        if about.is_dir() {
            return Err("it is a folder; name each file of it".to_owned());
        }
        if !about.is_file() {
            return Err("it is no ordinary file".to_owned());
        }
        let most = u64::try_from(MAX_CONTENT).unwrap_or(u64::MAX);
        if about.len() > most {
            return Err(format!(
                "it has {} bytes, and at most {MAX_CONTENT} (256 KiB) are taken; put it into the image",
                about.len()
            ));
        }
        let mut bytes = Vec::new();
        let file = File::open(&whole).map_err(told)?;
        file.take(most + 1).read_to_end(&mut bytes).map_err(told)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_ordinary_files_of_the_folder_are_read() {
        let all = tempfile::tempdir().unwrap();
        let folder = all.path().join("shop");
        std::fs::create_dir_all(folder.join("conf")).unwrap();
        std::fs::write(all.path().join("outside"), "secret").unwrap();
        std::fs::write(folder.join("conf/a.toml"), [0, 255]).unwrap();
        std::fs::write(folder.join("limit"), vec![b'x'; MAX_CONTENT]).unwrap();
        std::fs::write(folder.join("large"), vec![b'x'; MAX_CONTENT + 1]).unwrap();
        symlink("conf/a.toml", folder.join("inner")).unwrap();
        symlink("../outside", folder.join("outer")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        symlink("nowhere", folder.join("broken")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
        let here = Folder::of(Some(&folder.join("gantry.yaml")));
        for path in ["./conf/a.toml", "conf/../conf/a.toml", "inner"] {
            assert_eq!(here.read(path).as_deref(), Ok(&[0, 255][..]), "{path}");
        }
        assert_eq!(here.read("limit").unwrap().len(), MAX_CONTENT);
        let rows = [
            ("outer", "a link leads out"),
            ("up/outside", "a link leads out"),
            ("../outside", "a link leads out"),
            ("broken", "no such file"),
            ("none", "no such file"),
            ("conf", "a folder"),
            ("socket", "no ordinary file"),
            ("large", "262145 bytes"),
        ];
        for (path, why) in rows {
            let told = here.read(path).unwrap_err();
            assert!(told.contains(why), "{path}: {told}");
        }
    }

    #[test]
    fn a_file_without_a_path_stands_in_the_current_folder() {
        assert_eq!(Folder::of(None).0, Path::new("."));
        assert_eq!(Folder::of(Some(Path::new("gantry.yaml"))).0, Path::new("."));
        assert_eq!(Folder::of(Some(Path::new("a/b.yaml"))).0, Path::new("a"));
    }
}
