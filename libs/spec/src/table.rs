//! A mapping of the file, its keys judged at once: known ones are handed out by name, all others
//! become faults. What the values mean is left to `read`.

use std::collections::BTreeMap;

use crate::fault::{Fault, FaultCode, Faults};
use crate::foreign;
use crate::tree::{Content, Entry, Field, below};
use crate::value::shown;
use crate::words::{Verdict, Words};

pub(crate) struct Table<'t> {
    field: Field<'t>,
    words: &'static Words,
    known: BTreeMap<&'t str, Field<'t>>,
}

impl<'t> Table<'t> {
    /// Judges every key of the mapping; nothing if the field is none.
    pub(crate) fn open(
        field: &Field<'t>,
        words: &'static Words,
        faults: &mut Faults,
    ) -> Option<Self> {
        let entries = faults.keep(mapping(field, words.what))?;
        let mut known = BTreeMap::new();
        for entry in entries {
            let below = field.entry(entry);
            match words.judge(&entry.key) {
                Verdict::Known => {
                    known.insert(entry.key.as_str(), below);
                }
                other => faults.push(refusal(&below, entry, words, other)),
            }
        }
        Some(Self {
            field: field.clone(),
            words,
            known,
        })
    }

    /// Whether the key stands in the file, well or badly valued.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.known.contains_key(key)
    }

    /// The field of a key that may be absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Field<'t>> {
        self.known.get(key)
    }

    /// The field of a key that must be there.
    pub(crate) fn require(&self, key: &str, faults: &mut Faults) -> Option<&Field<'t>> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} needs the key `{key}`", self.words.what);
            let pointer = below(&self.field.pointer, key);
            faults.push(Fault::new(
                self.field.key_spot,
                &pointer,
                FaultCode::MissingKey,
                message,
            ));
        }
        found
    }

    /// The value of a key that may be absent and tells its own faults.
    pub(crate) fn part<T: Default>(
        &self,
        key: &str,
        faults: &mut Faults,
        read: fn(&Field, &mut Faults) -> T,
    ) -> T {
        self.get(key)
            .map(|field| read(field, faults))
            .unwrap_or_default()
    }

    /// The value of a key that may be absent; a fault leaves it absent, being remembered.
    pub(crate) fn read<T>(
        &self,
        key: &str,
        faults: &mut Faults,
        read: fn(&Field) -> Result<T, Fault>,
    ) -> Option<T> {
        self.get(key).and_then(|field| faults.keep(read(field)))
    }
}

/// The entries of a mapping.
pub(crate) fn mapping<'t>(field: &Field<'t>, what: &str) -> Result<&'t [Entry], Fault> {
    match &field.node.content {
        Content::Map(entries) => Ok(entries),
        Content::Scalar { .. } if field.node.is_null() => Err(field.key_fault(
            FaultCode::NoValue,
            format!("{what} is empty; it is a mapping of keys to values"),
        )),
        Content::Scalar { .. } | Content::List(_) => {
            let message = format!(
                "{what} is a mapping of keys to values, not {}",
                field.node.kind()
            );
            Err(field.fault(FaultCode::WrongType, message))
        }
    }
}

/// What is wrong with a key that is not known, and what to write instead.
pub(crate) fn refusal(field: &Field, entry: &Entry, words: &Words, verdict: Verdict) -> Fault {
    let key = shown(&entry.key);
    match verdict {
        Verdict::NotYet(instead) => field
            .key_fault(
                FaultCode::NotSupportedYet,
                format!("`{key}` is not supported yet"),
            )
            .suggest(instead),
        Verdict::Foreign(ours) => {
            let message = format!("`{key}` is not a word of this file");
            let suggestion = foreign::translate(ours, &entry.value);
            field
                .key_fault(FaultCode::ForeignKey, message)
                .suggest(suggestion)
        }
        Verdict::Known | Verdict::Unknown => {
            let fault = field.key_fault(
                FaultCode::UnknownKey,
                format!("`{key}` is no key of {}", words.what),
            );
            fault.suggest(words.nearest(&entry.key))
        }
    }
}
