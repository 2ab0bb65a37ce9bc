//! The tree of a YAML or JSON text: nodes that know where they stand. What they mean is left to
//! `read`.

use std::rc::Rc;

use crate::fault::{Fault, FaultCode};

/// A place in the text: line and column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub line: u32,
    pub column: u32,
}

impl Spot {
    /// Where every text begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub spot: Spot,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Text as written, quotes and escapes undone; whether `010` is a number is for the key to say.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key and its value; keys of a map are distinct.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub spot: Spot,
    pub value: Node,
    /// The pointer of the environment that put it here, if one did.
    pub graft: Option<Rc<str>>,
}

impl Entry {
    /// JSON Pointer to where it stands in the text, by that of the mapping it is read in.
    pub(crate) fn pointer(&self, within: &str) -> String {
        let pointer = below(within, &self.key);
        match &self.graft {
            Some(environment) => format!("{environment}{pointer}"),
            None => pointer,
        }
    }
}

impl Node {
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            Content::Scalar { .. } | Content::List(_) => &[],
        }
    }

    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            Content::Scalar { .. } | Content::Map(_) => &[],
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    pub(crate) fn entries_mut(&mut self) -> &mut [Entry] {
        match &mut self.content {
            Content::Map(entries) => entries,
            Content::Scalar { .. } | Content::List(_) => &mut [],
        }
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } if !self.is_null() => Some(text),
            Content::Scalar { .. } | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Nothing written, or one of YAML 1.2's spellings of null, without quotes.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, quoted: false }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

/// A node and the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Field<'t> {
    /// JSON Pointer from the root.
    pub pointer: String,
    /// Where its key stands; for items of lists, where they do.
    pub key_spot: Spot,
    pub node: &'t Node,
}

impl<'t> Field<'t> {
    pub(crate) fn root(node: &'t Node) -> Self {
        Self {
            pointer: String::new(),
            key_spot: Spot::START,
            node,
        }
    }

    pub(crate) fn entry(&self, entry: &'t Entry) -> Self {
        Self {
            pointer: entry.pointer(&self.pointer),
            key_spot: entry.spot,
            node: &entry.value,
        }
    }

    pub(crate) fn item(&self, index: usize, node: &'t Node) -> Self {
        Self {
            pointer: below(&self.pointer, &index.to_string()),
            key_spot: node.spot,
            node,
        }
    }

    /// A fault of the value.
    pub(crate) fn fault(&self, code: FaultCode, message: impl Into<String>) -> Fault {
        Fault::new(self.node.spot, &self.pointer, code, message)
    }

    /// A fault of the key, or of what its value lacks.
    pub(crate) fn key_fault(&self, code: FaultCode, message: impl Into<String>) -> Fault {
        Fault::new(self.key_spot, &self.pointer, code, message)
    }
}

/// The JSON Pointer of a key below `pointer`.
pub(crate) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}
