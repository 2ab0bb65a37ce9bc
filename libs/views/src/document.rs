//! `Document`: a document of any kind; `View`: what all kinds have; `Documents`: a handful of them
//! while entries are folded.

use std::collections::BTreeMap;

use gantry_events::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    BalancerDoc, DocKey, MachineDoc, NodeDoc, OperationDoc, PoolDoc, ProjectDoc, ReleaseDoc,
    ReplicaDoc, ServiceDoc,
};

/// What the documents of every kind have.
pub trait View: Clone + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {
    /// The kind it is about.
    const KIND: Kind;

    /// Its name.
    fn key(&self) -> DocKey;

    /// Whether its entity has ended. Lists leave it out unless all are asked for.
    fn is_final(&self) -> bool;

    /// A text by which lists of its kind are sorted.
    fn order(&self) -> String {
        self.key().natural_order()
    }

    /// The same as one of many kinds.
    fn wrap(self) -> Document;

    /// The document as this kind, if it is of it.
    fn of(document: &Document) -> Option<&Self>;

    /// The document as this kind, to be changed.
    fn of_mut(document: &mut Document) -> Option<&mut Self>;
}

/// What is stored as a document cannot be read as one of its kind.
#[derive(Debug, thiserror::Error)]
#[error("the stored {} cannot be read: {cause}", kind.as_str())]
pub struct UnreadableDocument {
    kind: Kind,
    cause: String,
}

macro_rules! documents {
    ($($kind:ident($type:ident): $is_final:expr $(, order $order:expr)?;)*) => {
        /// A document of any kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each arm is documented at its type")]
        pub enum Document {
            $($kind($type),)*
        }

        impl Document {
            /// Reads a document of this kind; of kinds without documents there is none.
            pub fn from_json(kind: Kind, json: &str) -> Result<Self, UnreadableDocument> {
                let unreadable = |cause: String| UnreadableDocument { kind, cause };
                match kind {
                    $(Kind::$kind => serde_json::from_str(json)
                        .map(Self::$kind)
                        .map_err(|e| unreadable(e.to_string())),)*
                    Kind::Log | Kind::Rollout => Err(unreadable("there are none of this kind".to_owned())),
                }
            }

            /// The document as it is stored and as it travels.
            pub fn to_json(&self) -> String {
                let json = match self { $(Self::$kind(doc) => serde_json::to_string(doc),)* };
                json.expect("a document has text keys and no value that JSON lacks")
            }

            /// The same as a value.
            pub fn to_value(&self) -> serde_json::Value {
                let value = match self { $(Self::$kind(doc) => serde_json::to_value(doc),)* };
                value.expect("a document has text keys and no value that JSON lacks")
            }

            /// Its name.
            pub fn key(&self) -> DocKey {
                match self { $(Self::$kind(doc) => doc.key(),)* }
            }

            /// Whether its entity has ended.
            pub fn is_final(&self) -> bool {
                match self { $(Self::$kind(doc) => doc.is_final(),)* }
            }

            /// A text by which lists of its kind are sorted.
            pub fn order(&self) -> String {
                match self { $(Self::$kind(doc) => doc.order(),)* }
            }
        }

        $(impl View for $type {
            const KIND: Kind = Kind::$kind;

            fn key(&self) -> DocKey {
                self.doc_key()
            }

            fn is_final(&self) -> bool {
                let is_final: fn(&Self) -> bool = $is_final;
                is_final(self)
            }

            $(fn order(&self) -> String {
                let order: fn(&Self) -> String = $order;
                order(self)
            })?

            fn wrap(self) -> Document {
                Document::$kind(self)
            }

            fn of(document: &Document) -> Option<&Self> {
                if let Document::$kind(doc) = document { Some(doc) } else { None }
            }

            fn of_mut(document: &mut Document) -> Option<&mut Self> {
                if let Document::$kind(doc) = document { Some(doc) } else { None }
            }
        })*
    };
}

documents! {
    Operation(OperationDoc): |doc| doc.end_seq.is_some(), order |doc| format!("{:0>20}", doc.seq.0);
    Project(ProjectDoc): |doc| doc.state.is_final();
    Release(ReleaseDoc): |_| false;
    Service(ServiceDoc): |doc| doc.state.is_final();
    Replica(ReplicaDoc): |doc| doc.state.is_final();
    Node(NodeDoc): |doc| doc.state.is_final();
    Pool(PoolDoc): |doc| doc.state.is_final();
    Machine(MachineDoc): |doc| doc.state.is_final();
    Balancer(BalancerDoc): |_| false;
}

impl Document {
    /// How it is, in a sentence: its state, since when, and what it waits for until when.
    pub fn says(&self) -> String {
        let value = self.to_value();
        let text = |field: &str| value.get(field).and_then(serde_json::Value::as_str);
        let key = self.key();
        let state = text("state").unwrap_or_default().replace('_', " ");
        let mut says = format!("{} {} is {state}", key.kind.as_str(), key.id);
        let parts = [
            ("since", "since"),
            ("waiting_for", "waiting for"),
            ("until", "until"),
        ];
        for (field, word) in parts {
            if let Some(said) = text(field) {
                says.push_str(&format!(", {word} {said}"));
            }
        }
        says
    }
}

/// The documents that some entries touch, as far as they exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents(BTreeMap<DocKey, Document>);

impl Documents {
    /// Puts a document in its place.
    pub fn put(&mut self, document: Document) {
        self.0.insert(document.key(), document);
    }

    /// The document of that name, if there is one.
    pub fn get(&self, key: &DocKey) -> Option<&Document> {
        self.0.get(key)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&DocKey, &Document)> {
        self.0.iter()
    }

    /// The document of that name, as its kind.
    pub fn find<T: View>(&self, key: &DocKey) -> Option<&T> {
        self.0.get(key).and_then(T::of)
    }

    pub(crate) fn change<T: View>(&mut self, key: &DocKey) -> Option<&mut T> {
        self.0.get_mut(key).and_then(T::of_mut)
    }

    pub(crate) fn write(&mut self, view: impl View) {
        self.put(view.wrap());
    }
}
