//! The key `files`: where each stands in the container, and what it holds.

use std::collections::BTreeMap;

use crate::content::{FileContent, FilePath, MAX_CONTENT, from_base64};
use crate::fault::{Fault, FaultCode, Faults};
use crate::table::{Table, mapping};
use crate::tree::{Content, Field};
use crate::value::text;
use crate::words;

pub(super) fn files(field: &Field, faults: &mut Faults) -> BTreeMap<FilePath, FileContent> {
    let mapped = mapping(field, "files")
        .map_err(|fault| fault.suggest("write `files: {/PATH/IN/CONTAINER: {from: ./FILE}}`"));
    let mut files = BTreeMap::new();
    let mut fields = BTreeMap::new();
    for entry in faults.keep(mapped).unwrap_or_default() {
        let field = field.entry(entry);
        let path = entry.key.parse::<FilePath>();
        let path = faults
            .keep(path.map_err(|error| field.key_fault(FaultCode::BadPath, error.to_string())));
        let content = content(&field, faults);
        if let Some(path) = path {
            fields.insert(path.clone(), field);
            files.extend(content.map(|content| (path, content)));
        }
    }
    for (path, field) in &fields {
        faults.keep(below_no_file(path, field, &fields));
    }
    files
}

fn content(field: &Field, faults: &mut Faults) -> Option<FileContent> {
    if !matches!(field.node.content, Content::Map(_)) {
        faults.push(unsaid(field));
        return None;
    }
    let table = Table::open(field, &words::CONTENT, faults)?;
    let said = words::CONTENT.known.iter().filter(|key| table.has(key));
    match said.count() {
        0 if field.node.entries().is_empty() => {
            let message = "a file of a service needs `from`, `content` or `base64`";
            faults.push(field.key_fault(FaultCode::MissingKey, message));
        }
        0 | 1 => {}
        _ => {
            let message = "what a file holds is said once, by `from`, `content` or `base64`";
            faults.push(field.fault(FaultCode::Contradiction, message));
        }
    }
    if let Some(field) = table.get("from") {
        faults.push(elsewhere(field));
        return None;
    }
    let bytes = match table.get("base64") {
        Some(_) => table.read("base64", faults, base64)?,
        None => table.read("content", faults, plain)?,
    };
    Some(FileContent::from(bytes))
}

/// Not a mapping: the text itself, or the name of a file?
fn unsaid(field: &Field) -> Fault {
    let message = format!(
        "a file of a service is a mapping, not {}: it holds a `content`, or comes `from` another file",
        field.node.kind()
    );
    let fault = field.fault(FaultCode::WrongType, message);
    fault.suggest("write `{from: ./FILE}` or `{content: TEXT}`")
}

/// What stands beside the file cannot be seen from here: the command line puts it in.
fn elsewhere(field: &Field) -> Fault {
    let fault = field.fault(
        FaultCode::NotInlined,
        "`from` names a file beside this one, whose content was not sent along",
    );
    fault.suggest("deploy with `gantry deploy`, which sends it, or write `content: TEXT`")
}

fn plain(field: &Field) -> Result<Vec<u8>, Fault> {
    within_size(field, text(field)?.as_bytes().to_vec())
}

fn base64(field: &Field) -> Result<Vec<u8>, Fault> {
    let bytes = from_base64(text(field)?).ok_or_else(|| {
        let message = "no base64: A-Z a-z 0-9 + / in groups of four, the last filled up with =";
        let fault = field.fault(FaultCode::BadValue, message);
        fault.suggest("write text as `content: TEXT`")
    })?;
    within_size(field, bytes)
}

pub(crate) fn within_size(field: &Field, bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if bytes.len() <= MAX_CONTENT {
        return Ok(bytes);
    }
    let message = format!(
        "the file has {} bytes; at most {MAX_CONTENT} (256 KiB) are taken",
        bytes.len()
    );
    let fault = field.fault(FaultCode::TooLarge, message);
    Err(fault.suggest("put it into the image"))
}

/// A path cannot be a file and the folder of another one.
fn below_no_file(
    path: &FilePath,
    field: &Field,
    all: &BTreeMap<FilePath, Field>,
) -> Result<(), Fault> {
    let ends = path.as_str().match_indices('/').map(|(at, _)| at).skip(1);
    let folders = ends.map(|at| &path.as_str()[..at]);
    let above = folders
        .filter_map(|folder| folder.parse::<FilePath>().ok())
        .find(|folder| all.contains_key(folder));
    let Some(above) = above else {
        return Ok(());
    };
    let message = format!("`{above}` is a file here, so nothing stands below it");
    Err(field
        .key_fault(FaultCode::Contradiction, message)
        .suggest("give one of them another path"))
}
