//! `Signer` and `Verifier`: what the control plane tells nodes is signed, so that a node follows only
//! the control plane, whoever else can reach it.

use data_encoding::HEXLOWER;
use ed25519_dalek::{
    SIGNATURE_LENGTH, Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey,
};
use serde::{Deserialize, Serialize};

use crate::ParseKeyError;

/// Signs answers. Only the scheduler holds one. Written as the seed's 64 hexadecimal digits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signer(Box<SigningKey>);

/// Checks answers. Written as the public key's 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Verifier(VerifyingKey);

impl Signer {
    /// The signer of this seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(Box::new(SigningKey::from_bytes(&seed)))
    }

    /// The bytes with their signature before them, as [`Verifier::open`] takes them.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let mut signed = self.0.sign(&in_context(bytes)).to_bytes().to_vec();
        signed.extend_from_slice(bytes);
        signed
    }

    /// What checks this signer's answers.
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.verifying_key())
    }
}

impl Verifier {
    /// The bytes that were signed; none when the signature does not fit.
    pub fn open(&self, signed: &[u8]) -> Option<Vec<u8>> {
        let (signature, bytes) = signed.split_at_checked(SIGNATURE_LENGTH)?;
        let signature = Signature::from_slice(signature).ok()?;
        self.0.verify(&in_context(bytes), &signature).ok()?;
        Some(bytes.to_vec())
    }
}

/// Says what the key is used for, so that a signature can never be taken for one made for something else.
fn in_context(bytes: &[u8]) -> Vec<u8> {
    [b"gantry answer\n", bytes].concat()
}

fn bytes_of(text: &str) -> Result<[u8; 32], ParseKeyError> {
    let bytes = HEXLOWER
        .decode(text.trim().as_bytes())
        .map_err(|_| ParseKeyError)?;
    bytes.try_into().map_err(|_| ParseKeyError)
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl TryFrom<String> for Signer {
    type Error = ParseKeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        bytes_of(&text).map(Self::new)
    }
}

impl From<Signer> for String {
    fn from(signer: Signer) -> Self {
        HEXLOWER.encode(&signer.0.to_bytes())
    }
}

impl TryFrom<String> for Verifier {
    type Error = ParseKeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        VerifyingKey::from_bytes(&bytes_of(&text)?)
            .map(Self)
            .map_err(|_| ParseKeyError)
    }
}

impl From<Verifier> for String {
    fn from(verifier: Verifier) -> Self {
        HEXLOWER.encode(verifier.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_opens_and_nothing_else_does() {
        let signer = Signer::new([7; 32]);
        let signed = signer.sign(b"run web");
        let verifier = signer.verifier();
        assert_eq!(
            verifier.open(&signed).as_deref(),
            Some(b"run web".as_slice())
        );
        let mut changed = signed.clone();
        changed[70] ^= 1;
        let other = Signer::new([8; 32]).sign(b"run web");
        for wrong in [&changed[..], &other, &signed[..63], b""] {
            assert_eq!(verifier.open(wrong), None);
        }
    }

    #[test]
    fn keys_read_back_as_they_were_written() {
        let signer = Signer::new([7; 32]);
        let again = Signer::try_from(String::from(signer.clone())).unwrap();
        assert_eq!(again.verifier(), signer.verifier());
        assert_eq!(
            Verifier::try_from(String::from(signer.verifier())),
            Ok(signer.verifier())
        );
    }
}
