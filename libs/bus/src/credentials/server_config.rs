//! The server's configuration, as data: its format takes JSON as it is.

use serde_json::json;

use super::Secrets;

/// Largest message the server takes. Only the net: commits close at 512 KiB.
const MAX_PAYLOAD: u64 = 8 * 1024 * 1024;

/// Where the server listens and keeps things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPlaces {
    /// Address for clients: `0.0.0.0:4222`.
    pub listen: String,
    /// Address of its monitor: `0.0.0.0:8222`.
    pub monitor: String,
    /// Folder for streams and account JWTs.
    pub store: String,
}

/// The text of the server's configuration file. It holds public keys and JWTs only, no secret.
pub fn server_config(secrets: &Secrets, places: &ServerPlaces) -> String {
    let jwts = secrets.server_jwts();
    let config = json!({
        "server_name": secrets.cluster,
        "listen": places.listen,
        "http": places.monitor,
        "max_payload": MAX_PAYLOAD,
        "operator": jwts.operator,
        "system_account": jwts.system_account,
        // Full, so that a revocation pushed at run time outlives a restart.
        "resolver": {"type": "full", "dir": format!("{}/jwt", places.store), "allow_delete": false},
        "resolver_preload": jwts.accounts,
        "jetstream": {
            "store_dir": places.store,
            // Without it acknowledged writes are lost when the power goes.
            "sync_interval": "always",
        },
    });
    format!("{config:#}\n")
}
