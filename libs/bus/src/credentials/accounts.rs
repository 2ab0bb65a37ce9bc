//! The operator, its three accounts with what they export to each other, and the users in them.

use gantry_events::{NodeId, Writer};
use nkeys::KeyPair;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jwt::{self, Subject};
use super::permissions::{name_of, permissions};

/// What nodes may reach of the control plane, each as a question with one answer. User permissions
/// narrow the `*` to the node itself.
const TO_CONTROL: [&str; 5] = [
    "evt.node.*",
    "ask.want.*",
    "ask.spec.*",
    "hb.*",
    "$JS.API.DIRECT.GET.LOG.evt.node.*",
];

/// What the control plane tells nodes unasked.
const TO_NODES: &str = "want.*";

/// What the control plane may ask nodes.
const FROM_CONTROL: &str = "ask.node.*";

/// The seed of an account's key: whoever holds it makes identities in that account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountSeed(KeyPairSeed);

type KeyPairSeed = String;

/// A node's identity cannot be minted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The text is no seed of an account.
    #[error("the account seed is none; run `gantryd init` again to write the credential file anew")]
    Seed,
    /// The text is no public key of a user.
    #[error("`{0}` is no public nkey of kind user: U and 55 characters of A-Z and 2-7")]
    PublicKey(String),
}

impl AccountSeed {
    pub(super) fn generate() -> Self {
        Self(KeyPair::new_account().seed().expect("a new key has a seed"))
    }

    pub(super) fn pair(&self) -> KeyPair {
        KeyPair::from_seed(&self.0).expect("the seed was read once when this was made")
    }

    pub(super) fn public(&self) -> String {
        self.pair().public_key()
    }
}

impl std::fmt::Debug for AccountSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountSeed(…)")
    }
}

impl TryFrom<String> for AccountSeed {
    type Error = MintError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let pair = KeyPair::from_seed(text.trim()).map_err(|_| MintError::Seed)?;
        let is_account = pair.public_key().starts_with('A');
        is_account
            .then(|| Self(text.trim().to_owned()))
            .ok_or(MintError::Seed)
    }
}

impl From<AccountSeed> for String {
    fn from(seed: AccountSeed) -> Self {
        seed.0
    }
}

/// The user JWT of a node, for exactly its own subjects. No time stands in it, so the same node and
/// key give the same answer each time.
pub fn mint_node(
    nodes: &AccountSeed,
    node: &NodeId,
    public_key: &str,
) -> Result<String, MintError> {
    if !public_key.starts_with('U') || KeyPair::from_public_key(public_key).is_err() {
        return Err(MintError::PublicKey(public_key.chars().take(80).collect()));
    }
    Ok(user(nodes, &Writer::Node(node.clone()), public_key))
}

/// The user JWT of a writer in an account.
pub(super) fn user(account: &AccountSeed, writer: &Writer, public_key: &str) -> String {
    let subject = Subject {
        name: &name_of(writer),
        key: public_key,
        issued: 0,
    };
    jwt::sign(&account.pair(), &subject, permissions(writer).claims())
}

/// The operator's JWT about itself.
pub(super) fn operator(operator: &KeyPair, subject: &Subject, system: &str) -> String {
    let claims = json!({"system_account": system, "type": "operator", "version": 2});
    jwt::sign(operator, subject, claims)
}

/// The system account: no traffic of ours.
pub(super) fn system() -> Value {
    account(json!([]), json!([]), false)
}

/// The control plane's account, which holds the log.
pub(super) fn control(nodes: &str) -> Value {
    let mut exports: Vec<Value> = TO_CONTROL
        .iter()
        .map(|subject| export(subject, "service"))
        .collect();
    exports.push(export(TO_NODES, "stream"));
    let imports = json!([import(FROM_CONTROL, "service", nodes)]);
    account(json!(exports), imports, true)
}

/// The nodes' account, which reaches what the control plane exports and no more.
pub(super) fn nodes(control: &str) -> Value {
    let mut imports: Vec<Value> = TO_CONTROL
        .iter()
        .map(|subject| import(subject, "service", control))
        .collect();
    imports.push(import(TO_NODES, "stream", control));
    account(
        json!([export(FROM_CONTROL, "service")]),
        json!(imports),
        false,
    )
}

fn export(subject: &str, kind: &str) -> Value {
    json!({"name": subject, "subject": subject, "type": kind})
}

fn import(subject: &str, kind: &str, account: &str) -> Value {
    json!({"name": subject, "subject": subject, "type": kind, "account": account})
}

fn account(exports: Value, imports: Value, jetstream: bool) -> Value {
    let storage = if jetstream { -1 } else { 0 };
    json!({
        "exports": exports,
        "imports": imports,
        "limits": {
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true,
            "conn": -1, "leaf": 0, "mem_storage": storage, "disk_storage": storage,
            "streams": storage, "consumer": storage,
        },
        "default_permissions": {"pub": {}, "sub": {}},
        "authorization": {},
        "type": "account", "version": 2,
    })
}
