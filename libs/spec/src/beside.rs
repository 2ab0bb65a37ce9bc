//! `files.from`: what stands beside the file, put into it before it is read. The reading itself is
//! done by whoever holds the disk, and handed in.

use data_encoding::BASE64;

use crate::content::FileContent;
use crate::fault::{Fault, FaultCode, Faults};
use crate::read::within_size;
use crate::tree::{Content, Entry, Field, Node};
use crate::value::{shown, text};

/// Reads what stands beside the file: the path as it is written, to its bytes or to why there are none.
/// Paths are relative and lead nowhere above the file's folder; that no link does either is for the
/// reader to see to.
pub type ReadBeside<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Puts in every file that a service takes from beside; without a reader each is taken for empty.
pub(crate) fn put_in(file: &mut Node, read: Option<ReadBeside>, faults: &mut Faults) {
    let Some(services) = at(file, "services", "") else {
        return;
    };
    for service in services.node.entries_mut() {
        let pointer = service.pointer(&services.pointer);
        let Some(files) = at(&mut service.value, "files", &pointer) else {
            continue;
        };
        for entry in files.node.entries_mut() {
            let pointer = entry.pointer(&files.pointer);
            contents(&mut entry.value, &pointer, read, faults);
        }
    }
}

struct At<'n> {
    node: &'n mut Node,
    pointer: String,
}

/// The value of a key, if the mapping has it.
fn at<'n>(node: &'n mut Node, key: &str, pointer: &str) -> Option<At<'n>> {
    let entry = node
        .entries_mut()
        .iter_mut()
        .find(|entry| entry.key == key)?;
    let pointer = entry.pointer(pointer);
    let node = &mut entry.value;
    Some(At { node, pointer })
}

/// Turns `from` into what it names. What could not be read is taken for empty: its fault is told.
fn contents(file: &mut Node, pointer: &str, read: Option<ReadBeside>, faults: &mut Faults) {
    for entry in file
        .entries_mut()
        .iter_mut()
        .filter(|entry| entry.key == "from")
    {
        let field = Field {
            pointer: entry.pointer(pointer),
            key_spot: entry.spot,
            node: &entry.value,
        };
        let bytes = faults.keep(bytes(&field, read));
        *entry = said(entry, bytes.unwrap_or_default());
    }
}

fn bytes(field: &Field, read: Option<ReadBeside>) -> Result<Vec<u8>, Fault> {
    let path = text(field)?;
    if let Some(why) = leads_away(path) {
        let message = format!("`{}` is no path beside this file: {why}", shown(path));
        let fault = field.fault(FaultCode::BadPath, message);
        return Err(
            fault.suggest("write `from: ./FILE`, a file in the folder of this one or below")
        );
    }
    let Some(read) = read else {
        return Ok(Vec::new());
    };
    let bytes = read(path).map_err(|why| {
        let message = format!("`{}` cannot be read: {why}", shown(path));
        field.fault(FaultCode::Unreadable, message)
    })?;
    within_size(field, bytes)
}

/// Why a path is none that stays in the folder, if it is so.
fn leads_away(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with('/') {
        return Some("it begins with /");
    }
    let mut depth = 0_u32;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return Some("it leads out of the folder"),
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    (depth == 0).then_some("it names no file")
}

/// The entry that says these bytes, where `from` stood.
fn said(from: &Entry, bytes: Vec<u8>) -> Entry {
    let (key, text) = match FileContent::from(bytes).into_text() {
        Ok(text) => ("content", text),
        Err(bytes) => ("base64", BASE64.encode(&bytes)),
    };
    Entry {
        key: key.to_owned(),
        value: Node {
            spot: from.value.spot,
            content: Content::Scalar { text, quoted: true },
        },
        ..from.clone()
    }
}
