//! `NodeKey`: the key a node makes for itself. It proves who the node is to the bus and marks what it
//! writes.

use ed25519_dalek::SigningKey;
use nkeys::KeyPair;

use crate::{BusCredential, Marker};

/// A node's own key. Its secret half never leaves the node.
#[derive(Clone)]
pub struct NodeKey(KeyPair);

impl NodeKey {
    /// A fresh key.
    pub fn generate() -> Self {
        Self(KeyPair::new_user())
    }

    /// The key of a seed as [`NodeKey::seed`] gave it; none when the text is no such seed.
    pub fn from_seed(seed: &str) -> Option<Self> {
        let pair = KeyPair::from_seed(seed.trim()).ok()?;
        pair.public_key().starts_with('U').then_some(Self(pair))
    }

    /// The secret half, to be kept where only the node can read it.
    pub fn seed(&self) -> String {
        self.0
            .seed()
            .expect("a key made here or read from its seed has a seed")
    }

    /// The public half, as it stands in `node.admitted`.
    pub fn public_key(&self) -> String {
        self.0.public_key()
    }

    /// What the node marks its messages with.
    pub fn marker(&self) -> Marker {
        let (_, seed) =
            nkeys::decode_seed(&self.seed()).expect("a seed reads back as it was written");
        Marker::Node(Box::new(SigningKey::from_bytes(&seed)))
    }

    /// The bus credential made of this key and the JWT that the api minted for it. None when the text
    /// is no user JWT.
    pub fn credential(&self, jwt: &str) -> Option<BusCredential> {
        BusCredential::new(jwt, &self.seed())
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeKey({})", self.public_key())
    }
}
