//! Marks: proof of who wrote a message. The control plane shares a key; each node signs with its own.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use gantry_events::LogId;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The key that the control plane's services share. It never leaves them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ControlKey([u8; 32]);

/// The text is no key of 32 bytes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key reads as 64 hexadecimal digits")]
pub struct ParseKeyError;

impl TryFrom<String> for ControlKey {
    type Error = ParseKeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_hex(&text)
    }
}

impl From<ControlKey> for String {
    fn from(key: ControlKey) -> Self {
        key.to_hex()
    }
}

impl std::fmt::Debug for ControlKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ControlKey(…)")
    }
}

impl ControlKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a key as it stands in credential files.
    pub fn from_hex(text: &str) -> Result<Self, ParseKeyError> {
        let bytes = HEXLOWER
            .decode(text.trim().as_bytes())
            .map_err(|_| ParseKeyError)?;
        bytes.try_into().map(Self).map_err(|_| ParseKeyError)
    }

    /// The key as it stands in credential files.
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    fn mac(&self, log: LogId, subject: &str, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&signed_bytes(log, subject, payload));
        mac
    }

    /// Whether this mark was made with this key over these bytes. Compared in constant time.
    pub fn fits(&self, log: LogId, subject: &str, payload: &[u8], mark: &str) -> bool {
        let Some(mark) = mark
            .strip_prefix("hs256:")
            .and_then(|m| BASE64URL_NOPAD.decode(m.as_bytes()).ok())
        else {
            return false;
        };
        self.mac(log, subject, payload).verify_slice(&mark).is_ok()
    }
}

/// What a writer marks its messages with.
#[derive(Clone)]
pub enum Marker {
    /// The control plane's shared key.
    Control(ControlKey),
    /// A node's own key.
    Node(Box<SigningKey>),
}

impl std::fmt::Debug for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marker(…)")
    }
}

impl Marker {
    /// The mark over log, subject and payload.
    pub fn mark(&self, log: LogId, subject: &str, payload: &[u8]) -> String {
        match self {
            Self::Control(key) => {
                let mac = key.mac(log, subject, payload).finalize().into_bytes();
                format!("hs256:{}", BASE64URL_NOPAD.encode(&mac))
            }
            Self::Node(key) => {
                let signature = key.sign(&signed_bytes(log, subject, payload));
                format!("ed25519:{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
            }
        }
    }
}

/// Whether this mark was made by the node with this key over these bytes.
pub(crate) fn signature_fits(
    key: &VerifyingKey,
    log: LogId,
    subject: &str,
    payload: &[u8],
    mark: &str,
) -> bool {
    mark.strip_prefix("ed25519:")
        .and_then(|m| BASE64URL_NOPAD.decode(m.as_bytes()).ok())
        .and_then(|m| Signature::from_slice(&m).ok())
        .is_some_and(|signature| {
            key.verify(&signed_bytes(log, subject, payload), &signature)
                .is_ok()
        })
}

/// A node's public key as it stands in `node.admitted`: an nkey of kind user.
pub(crate) fn verifying_key(nkey: &str) -> Option<VerifyingKey> {
    let (_, raw) = nkeys::from_public_key(nkey).ok()?;
    VerifyingKey::from_bytes(&raw).ok()
}

/// Log, subject and payload with their lengths told apart, so that no two triples read the same.
fn signed_bytes(log: LogId, subject: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 8 + subject.len() + payload.len());
    bytes.extend_from_slice(log.0.as_bytes());
    bytes.extend_from_slice(&(subject.len() as u64).to_be_bytes());
    bytes.extend_from_slice(subject.as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}
