//! JWTs as the NATS server reads them (version 2 of its claims): signed with an nkey, named by the
//! digest of their claims.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use nkeys::KeyPair;
use serde_json::{Value, json};
use sha2::{Digest, Sha512_256};

/// What a JWT says besides what its kind says.
pub(super) struct Subject<'a> {
    /// Name, for people and logs.
    pub(super) name: &'a str,
    /// Public key of whom it is about.
    pub(super) key: &'a str,
    /// Seconds since 1970 at which it was issued. The same claims at the same time are the same JWT.
    pub(super) issued: i64,
}

/// The signed JWT over these claims of the server's own (`nats`).
pub(super) fn sign(issuer: &KeyPair, subject: &Subject, nats: Value) -> String {
    let mut claims = json!({
        "iat": subject.issued,
        "iss": issuer.public_key(),
        "name": subject.name,
        "sub": subject.key,
        "nats": nats,
    });
    let id = BASE32_NOPAD.encode(&Sha512_256::digest(claims.to_string()));
    claims["jti"] = Value::from(id);
    let header = json!({"typ": "JWT", "alg": "ed25519-nkey"}).to_string();
    let signed = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = issuer
        .sign(signed.as_bytes())
        .expect("issuers are read from seeds, so they can sign");
    format!("{signed}.{}", encode(&signature))
}

fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
