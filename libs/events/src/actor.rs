//! `Actor`: who caused something.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{NodeId, WriterKind};

/// Who caused a command or a commit: `user:mia`, `token:ci`, `service:scheduler`, `node:n1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// A person, by name.
    User(String),
    /// A bearer token, by name.
    Token(String),
    /// One of the control plane's services.
    Service(WriterKind),
    /// A node.
    Node(NodeId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user:{name}"),
            Self::Token(name) => write!(f, "token:{name}"),
            Self::Service(kind) => write!(f, "service:{}", kind.as_str()),
            Self::Node(node) => write!(f, "node:{node}"),
        }
    }
}

impl FromStr for Actor {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!("`{text}` is no actor; it reads user:, token:, service: or node: and a name")
        };
        let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "user" => Ok(Self::User(name.to_owned())),
            "token" => Ok(Self::Token(name.to_owned())),
            "service" => WriterKind::from_name(name)
                .map(Self::Service)
                .ok_or_else(wrong),
            "node" => name.parse().map(Self::Node).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}
