//! `Files`: the files in which the engine keeps what one container wrote. The newest has the path, older
//! ones the same with `.1`, `.2` …; rotation gives each the next name and drops the last.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gantry_events::{Digest, OutputPlace};

/// Files that are looked for: more than any container of ours has.
const MOST: u32 = 10;

/// Most bytes of a first line that are read to name a file. An entry has 16 KiB of text at most.
const FIRST_LINE: u64 = 256 << 10;

/// The files of one container, oldest first; those without a line are left out.
#[derive(Debug)]
pub struct Files(Vec<OneFile>);

/// One file, held open: it stays the same one whatever it is named by now.
#[derive(Debug)]
pub struct OneFile {
    /// Names it, by its first line: that has a time down to the nanosecond.
    pub name: u32,
    /// Its first line.
    pub first: Vec<u8>,
    /// Bytes in it when it was opened.
    pub len: u64,
    file: File,
}

impl Files {
    /// Opens all there are. Newest first: one that is rotated meanwhile is met twice rather than never.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut found: Vec<OneFile> = Vec::new();
        if path.as_os_str().is_empty() {
            // A container that was never started has none.
            return Ok(Self(found));
        }
        for age in 0..MOST {
            let file = match File::open(aged(path, age)) {
                Ok(file) => file,
                // Just rotated: the next one has been made already, or will be.
                Err(error) if error.kind() == ErrorKind::NotFound && age == 0 => continue,
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            };
            let is_new = |file: &OneFile| found.iter().all(|known| known.name != file.name);
            found.extend(OneFile::of(file)?.filter(is_new));
        }
        found.reverse();
        Ok(Self(found))
    }

    /// What changes when something is written: the newest file and its length.
    pub fn extent(path: &Path) -> Option<(u64, u64)> {
        let found = fs::metadata(path).ok()?;
        Some((found.ino(), found.len()))
    }

    /// The files, oldest first.
    pub fn all(&mut self) -> &mut [OneFile] {
        &mut self.0
    }

    /// Which file a place is in.
    pub fn index(&self, place: OutputPlace) -> Option<usize> {
        self.0
            .iter()
            .position(|file| file.name == place.file && place.end <= file.len)
    }
}

fn aged(path: &Path, age: u32) -> PathBuf {
    if age == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    name.into()
}

impl OneFile {
    fn of(file: File) -> io::Result<Option<Self>> {
        let len = file.metadata()?.len();
        let mut first = Vec::new();
        BufReader::new((&file).take(FIRST_LINE)).read_until(b'\n', &mut first)?;
        if first.pop() != Some(b'\n') {
            return Ok(None);
        }
        let [a, b, c, d, ..] = *Digest::of(&first).as_bytes();
        Ok(Some(Self {
            name: u32::from_be_bytes([a, b, c, d]),
            first,
            len,
            file,
        }))
    }

    /// Its bytes from here on, up to what it held when it was opened.
    pub fn from(&mut self, start: u64) -> io::Result<BufReader<io::Take<&File>>> {
        self.file.seek(SeekFrom::Start(start))?;
        let left = self.len.saturating_sub(start);
        Ok(BufReader::new((&self.file).take(left)))
    }
}
