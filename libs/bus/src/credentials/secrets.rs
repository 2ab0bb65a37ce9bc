//! `Secrets`: everything that is rolled at the first start. One value, so that it is kept whole or not
//! at all; everything else that the first start writes follows from it.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use gantry_events::{Digest, LogId, Time, Writer};
use nkeys::KeyPair;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::jwt::Subject;
use super::permissions::name_of;
use super::{AccountSeed, BusCredential, RoleFile, accounts};
use crate::{ControlKey, JoinKey, Signer};

/// The keys of one cluster. Whoever holds them is the cluster.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// When they were made.
    pub made: Time,
    /// The cluster.
    pub cluster: String,
    /// Id of its log.
    pub log: LogId,
    /// Marks what the control plane writes.
    pub control_key: ControlKey,
    /// The operator's token for the REST interface.
    pub token: String,
    answer_key: Signer,
    join_key: JoinKey,
    operator: String,
    system: AccountSeed,
    control: AccountSeed,
    nodes: AccountSeed,
    users: BTreeMap<String, String>,
}

/// The JWTs that the server is configured with.
pub(super) struct ServerJwts {
    pub(super) operator: String,
    pub(super) system_account: String,
    /// Account JWTs by public key.
    pub(super) accounts: BTreeMap<String, String>,
}

impl Secrets {
    /// Rolls the keys of a new cluster, with an identity for each of these writers.
    pub fn roll(cluster: &str, writers: &[Writer], now: Time) -> Self {
        let seed = || KeyPair::new_user().seed().expect("a new key has a seed");
        Self {
            made: now,
            cluster: cluster.to_owned(),
            log: LogId(Uuid::now_v7()),
            control_key: ControlKey::new(rand::random()),
            token: format!(
                "gantry_{}",
                BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>())
            ),
            answer_key: Signer::new(rand::random()),
            join_key: JoinKey::new(rand::random()),
            operator: KeyPair::new_operator()
                .seed()
                .expect("a new key has a seed"),
            system: AccountSeed::generate(),
            control: AccountSeed::generate(),
            nodes: AccountSeed::generate(),
            users: writers
                .iter()
                .map(|writer| (name_of(writer), seed()))
                .collect(),
        }
    }

    /// The bus credential of a writer of the control plane. None when no identity was rolled for it.
    pub fn credential(&self, writer: &Writer) -> Option<BusCredential> {
        let seed = self.users.get(&name_of(writer))?;
        let public = KeyPair::from_seed(seed).ok()?.public_key();
        BusCredential::new(&accounts::user(&self.control, writer, &public), seed)
    }

    /// What a role keeps in its credential folder: what all have, and what only this one may hold.
    pub fn role_file(&self, role: &str, writer: &Writer) -> Option<RoleFile> {
        let (api, scheduler) = (*writer == Writer::Api, *writer == Writer::Scheduler);
        let joins = api || *writer == Writer::Provisioner;
        Some(RoleFile {
            role: role.to_owned(),
            cluster: self.cluster.clone(),
            log: self.log,
            control_key: self.control_key.clone(),
            answer_public: self.answer_key.verifier(),
            answer_key: scheduler.then(|| self.answer_key.clone()),
            join_key: joins.then(|| self.join_key.clone()),
            nodes_account_seed: api.then(|| self.nodes.clone()),
            token_hash: api.then(|| Digest::of(self.token.as_bytes())),
            bus: self.credential(writer)?,
        })
    }

    /// Seed of the account that nodes live in; the api mints their identities with it.
    pub fn nodes_account(&self) -> &AccountSeed {
        &self.nodes
    }

    pub(super) fn server_jwts(&self) -> ServerJwts {
        let operator =
            KeyPair::from_seed(&self.operator).expect("the operator's seed was written by us");
        let (system, control, nodes) = (
            self.system.public(),
            self.control.public(),
            self.nodes.public(),
        );
        let issued = self.made.unix_millis() / 1000;
        let account = |name: &str, key: &str, claims| {
            let subject = Subject { name, key, issued };
            (
                key.to_owned(),
                super::jwt::sign(&operator, &subject, claims),
            )
        };
        ServerJwts {
            operator: accounts::operator(
                &operator,
                &Subject {
                    name: &self.cluster,
                    key: &operator.public_key(),
                    issued,
                },
                &system,
            ),
            accounts: BTreeMap::from([
                account("SYS", &system, accounts::system()),
                account("CONTROL", &control, accounts::control(&nodes)),
                account("NODES", &nodes, accounts::nodes(&control)),
            ]),
            system_account: system,
        }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets(of {}, log {})", self.cluster, self.log)
    }
}
