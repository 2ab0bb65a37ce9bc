//! Joining: a machine makes its own key and shows the api its one-time token, once. From then on it is
//! the node that its files say.

use gantry_bus::{BusCredential, Marker, NodeKey, Verifier};
use gantry_decider::Backoff;
use gantry_events::{LogId, Millis, NodeId};
use gantry_rest::{Client, JoinAnswer, JoinNode};
use gantry_runtime::Process;
use serde::{Deserialize, Serialize};

use crate::disk::{Disk, DiskError};
use crate::settings::Settings;

/// The key's secret half. Written before the api is asked, so that a crash loses no admission.
const KEY: &str = "node.nk";
/// The bus credential, in the form that NATS tools know.
const CREDENTIAL: &str = "bus.creds";
/// Everything else the api said.
const IDENTITY: &str = "identity.json";

/// Waits between tries to join.
const TRIES: Backoff = Backoff {
    first: Millis(200),
    most: Millis::from_secs(10),
};

/// It cannot join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// A file of its identity cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file of its identity is of no use.
    #[error("{0} in the data folder is of no use; make the machine anew")]
    File(&'static str),
    /// It was not told who it is.
    #[error("{0} is not set, and without it this machine cannot join")]
    Untold(&'static str),
    /// The address of the api is none.
    #[error("{0}")]
    Api(String),
    /// The api let another node join than this was made for.
    #[error("the api says that this is node {said}, and its settings that it is {told}")]
    Another {
        /// What the api said.
        said: NodeId,
        /// What the settings say.
        told: NodeId,
    },
    /// The process was told to stop first.
    #[error("told to stop before it had joined")]
    Stopping,
}

/// Who this node is.
#[derive(Debug)]
pub struct Identity {
    /// The node.
    pub node: NodeId,
    /// Name of the cluster.
    pub cluster: String,
    /// The log it reports to.
    pub log: LogId,
    /// Checks what the control plane says.
    pub verifier: Verifier,
    /// How it shows itself to the bus.
    pub credential: BusCredential,
    /// Its key.
    pub key: NodeKey,
}

impl Identity {
    /// What it marks its messages with.
    pub fn marker(&self) -> Marker {
        self.key.marker()
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    node: NodeId,
    cluster: String,
    log: LogId,
    answer_public: String,
}

/// The identity on disk, or a new one from the api, which is asked until it says something final.
pub async fn join(
    process: &Process,
    settings: &Settings,
    disk: &Disk,
) -> Result<Identity, JoinError> {
    let key = key(disk)?;
    if let Some(written) = disk.read::<Written>(IDENTITY)? {
        let text = disk.text(CREDENTIAL)?.ok_or(JoinError::File(CREDENTIAL))?;
        let credential = BusCredential::parse(text).ok_or(JoinError::File(CREDENTIAL))?;
        return identity(written, credential, key);
    }
    let answer = ask(process, settings, &key).await?;
    if let Some(told) = settings.node.as_ref().filter(|told| **told != answer.node) {
        return Err(JoinError::Another {
            said: answer.node,
            told: told.clone(),
        });
    }
    let credential = key
        .credential(&answer.jwt)
        .ok_or_else(|| JoinError::Api("its answer holds no bus identity".to_owned()))?;
    let JoinAnswer {
        node,
        cluster,
        log,
        answer_public,
        ..
    } = answer;
    let written = Written {
        node,
        cluster,
        log,
        answer_public,
    };
    disk.write(CREDENTIAL, credential.text().as_bytes())?;
    // Last: with it the other files are known to be whole.
    disk.save(IDENTITY, &written)?;
    identity(written, credential, key)
}

fn key(disk: &Disk) -> Result<NodeKey, JoinError> {
    if let Some(seed) = disk.text(KEY)? {
        return NodeKey::from_seed(&seed).ok_or(JoinError::File(KEY));
    }
    let key = NodeKey::generate();
    disk.write(KEY, key.seed().as_bytes())?;
    Ok(key)
}

fn identity(
    written: Written,
    credential: BusCredential,
    key: NodeKey,
) -> Result<Identity, JoinError> {
    let Written {
        node,
        cluster,
        log,
        answer_public,
    } = written;
    let verifier = Verifier::try_from(answer_public).map_err(|_| JoinError::File(IDENTITY))?;
    Ok(Identity {
        node,
        cluster,
        log,
        verifier,
        credential,
        key,
    })
}

/// Refusals are tried again as well: the api may not have folded yet that this machine was asked for.
async fn ask(
    process: &Process,
    settings: &Settings,
    key: &NodeKey,
) -> Result<JoinAnswer, JoinError> {
    let joined = process.health.condition("join");
    let request = JoinNode {
        machine: settings
            .machine
            .clone()
            .ok_or(JoinError::Untold("machine"))?,
        token: settings
            .join_token
            .clone()
            .ok_or(JoinError::Untold("join_token"))?,
        public_key: key.public_key(),
    };
    let api = Client::new(&settings.api_url, None).map_err(|e| JoinError::Api(e.to_string()))?;
    for failures in 1.. {
        match api.join(&request).await {
            Ok(answer) => {
                tracing::info!(node = %answer.node, attempt = settings.attempt, "joined");
                joined.met();
                return Ok(answer);
            }
            Err(error) => {
                tracing::warn!(%error, failures, "the api does not let this machine join; trying again");
                joined.unmet(&error.to_string());
            }
        }
        tokio::select! {
            () = process.stopping().cancelled_owned() => return Err(JoinError::Stopping),
            () = process.sleep(TRIES.after(failures)) => {}
        }
    }
    Err(JoinError::Stopping)
}
