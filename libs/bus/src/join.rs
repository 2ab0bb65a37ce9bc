//! Join tokens: derived from a key that provisioner and api share, so that a crash loses none.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use gantry_events::MachineId;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ParseKeyError;

/// The key that join tokens are derived from. Written as 64 hexadecimal digits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JoinKey([u8; 32]);

impl JoinKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// The token with which a machine's node may join, for one attempt at making that machine. The same
/// arguments give the same token.
pub fn join_token(key: &JoinKey, machine: &MachineId, attempt: u32) -> String {
    let mac = derivation(key, machine, attempt);
    BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
}

/// Whether this is the token of that machine and attempt. Compared in constant time.
pub fn join_token_fits(key: &JoinKey, machine: &MachineId, attempt: u32, token: &str) -> bool {
    BASE64URL_NOPAD.decode(token.as_bytes()).is_ok_and(|token| {
        derivation(key, machine, attempt)
            .verify_slice(&token)
            .is_ok()
    })
}

fn derivation(key: &JoinKey, machine: &MachineId, attempt: u32) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    mac.update(format!("gantry join\n{machine}\n{attempt}").as_bytes());
    mac
}

impl std::fmt::Debug for JoinKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinKey(…)")
    }
}

impl TryFrom<String> for JoinKey {
    type Error = ParseKeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = HEXLOWER
            .decode(text.trim().as_bytes())
            .map_err(|_| ParseKeyError)?;
        bytes.try_into().map(Self).map_err(|_| ParseKeyError)
    }
}

impl From<JoinKey> for String {
    fn from(key: JoinKey) -> Self {
        HEXLOWER.encode(&key.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_machine_and_one_attempt() {
        let (key, m1): (_, MachineId) = (JoinKey::new([1; 32]), "m1".parse().unwrap());
        let token = join_token(&key, &m1, 1);
        assert_eq!(token, join_token(&key, &m1, 1));
        assert!(join_token_fits(&key, &m1, 1, &token));
        for (key, machine, attempt) in [
            (&key, "m1", 2),
            (&key, "m2", 1),
            (&JoinKey::new([2; 32]), "m1", 1),
        ] {
            assert!(!join_token_fits(
                key,
                &machine.parse().unwrap(),
                attempt,
                &token
            ));
        }
        assert!(!join_token_fits(&key, &m1, 1, ""));
    }
}
