//! `FirstStart`: from empty folders to a log that has begun. Idempotent: run again it finds its work
//! done, and killed anywhere the next run finishes it, because everything follows from the secrets,
//! which are kept whole or not at all.
//!
//! Leaves to others: where the folders are and whose they are (`services/gantryd`).

mod error;
mod files;
mod folders;

use std::path::Path;
use std::time::Duration;

use gantry_events::{Bytes, Commit, Event, Fact, LogBegun, LogSubject, Seq, Time, Writer};

use crate::credentials::{Secrets, ServerPlaces, server_config};
use crate::{
    Append, AppendOutcome, JetStreamLog, Log, LogError, Marker, NatsBus, Stored, StreamError,
};

pub use error::StartError;
pub use files::Owner;
pub use folders::{Folder, Folders, RoleFolder};

const SECRETS: &str = "secrets.toml";
const SERVER_CONFIG: &str = "nats.conf";
const OPERATOR_ENV: &str = "env";

/// Wait between two tries while the server comes up.
const BETWEEN: Duration = Duration::from_millis(200);

/// The first start of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstStart {
    /// The cluster.
    pub cluster: String,
    /// Where roles and init reach the server.
    pub nats_url: String,
    /// Where the operator reaches the api.
    pub api_url: String,
    /// Port on which the operator reaches the HTTP ingress.
    pub http_port: u16,
    /// Port on which the operator reaches the registry.
    pub registry_port: u16,
    /// What the server is told.
    pub server: ServerPlaces,
    /// Room for the log.
    pub log_limit: Bytes,
    /// Time the server may take to come up.
    pub deadline: Duration,
    /// Where to write.
    pub folders: Folders,
}

impl FirstStart {
    /// Does what is still to be done. `now` is the time of the log's first fact.
    pub async fn run(&self, now: Time) -> Result<(), StartError> {
        let secrets = self.secrets(now)?;
        self.write_files(&secrets)?;
        tracing::info!(log = %secrets.log, "keys, configuration and credentials are written; waiting for the log's server");
        let credential = secrets
            .credential(&Writer::Init)
            .expect("an identity is rolled for the first start");
        let log = NatsBus::connect(&self.nats_url, &credential).await?.log();
        self.begin(&log, &secrets).await?;
        tracing::info!(log = %secrets.log, "the log has begun");
        Ok(())
    }

    fn secrets(&self, now: Time) -> Result<Secrets, StartError> {
        let folder = &self.folders.secrets;
        let path = folder.path.join(SECRETS);
        let Some(text) = files::read(&path)? else {
            let config = self.folders.server.path.join(SERVER_CONFIG);
            if files::read(&config)?.is_some() {
                return Err(StartError::SecretsLost {
                    config: named(&config),
                    secrets: named(&path),
                });
            }
            return self.roll(&path, now);
        };
        let secrets: Secrets = toml::from_str(&text).map_err(|e| StartError::Secrets {
            path: named(&path),
            cause: e.message().to_owned(),
        })?;
        if secrets.cluster != self.cluster {
            return Err(StartError::OtherCluster {
                found: secrets.cluster,
                asked: self.cluster.clone(),
            });
        }
        Ok(secrets)
    }

    fn roll(&self, path: &Path, now: Time) -> Result<Secrets, StartError> {
        let roles = self.folders.roles.iter().map(|role| role.writer.clone());
        let writers: Vec<Writer> = std::iter::once(Writer::Init).chain(roles).collect();
        let secrets = Secrets::roll(&self.cluster, &writers, now);
        let text = toml::to_string(&secrets).expect("keys and names can always be written as TOML");
        let folder = &self.folders.secrets;
        files::own_folder(&folder.path, folder.owner)?;
        files::write(path, &text, files::PRIVATE, folder.owner)?;
        Ok(secrets)
    }

    fn write_files(&self, secrets: &Secrets) -> Result<(), StartError> {
        for role in &self.folders.roles {
            let file =
                secrets
                    .role_file(role.role, &role.writer)
                    .ok_or_else(|| StartError::Secrets {
                        path: named(&self.folders.secrets.path),
                        cause: format!("it holds no key for {}", role.role),
                    })?;
            files::own_folder(&role.folder.path, role.folder.owner)?;
            for (name, text) in file.files() {
                files::write(
                    &role.folder.path.join(name),
                    &text,
                    files::PRIVATE,
                    role.folder.owner,
                )?;
            }
        }
        for folder in &self.folders.given {
            files::own_folder(&folder.path, folder.owner)?;
        }
        for folder in &self.folders.shared {
            files::shared_folder(&folder.path, folder.owner)?;
        }
        self.write_operator(secrets)?;
        // Last: the server starts on it, and finds everything else done.
        let server = &self.folders.server;
        files::own_folder(&server.path, server.owner)?;
        let config = server_config(secrets, &self.server);
        files::write(
            &server.path.join(SERVER_CONFIG),
            &config,
            files::PUBLIC,
            server.owner,
        )
    }

    fn write_operator(&self, secrets: &Secrets) -> Result<(), StartError> {
        let operator = &self.folders.operator;
        files::own_folder(&operator.path, operator.owner)?;
        let env = format!(
            "export GANTRY_URL={}\nexport GANTRY_TOKEN={}\nexport GANTRY_HTTP_PORT={}\nexport GANTRY_REGISTRY_PORT={}\n",
            self.api_url, secrets.token, self.http_port, self.registry_port
        );
        files::write(
            &operator.path.join(OPERATOR_ENV),
            &env,
            files::PRIVATE,
            operator.owner,
        )
    }

    /// Makes streams and first fact, trying until the deadline: the server may be coming up.
    async fn begin(&self, log: &JetStreamLog, secrets: &Secrets) -> Result<(), StartError> {
        let mut last = "it could not be reached".to_owned();
        let begun = tokio::time::timeout(self.deadline, async {
            let mut pace = tokio::time::interval(BETWEEN);
            loop {
                pace.tick().await;
                match self.try_begin(log, secrets).await? {
                    Some(why) => last = why,
                    None => return Ok(()),
                }
            }
        });
        let Ok(ended) = begun.await else {
            return Err(StartError::NotReady {
                url: self.nats_url.clone(),
                deadline: self.deadline,
                last,
            });
        };
        ended
    }

    /// None once the log has begun; else why not yet.
    async fn try_begin(
        &self,
        log: &JetStreamLog,
        secrets: &Secrets,
    ) -> Result<Option<String>, StartError> {
        match log.create_streams(self.log_limit).await {
            Ok(()) => {}
            Err(StreamError::Server { cause, .. }) => return Ok(Some(cause)),
            Err(error) => return Err(error.into()),
        }
        let begun = first_fact(secrets);
        match log.last_on(&begun.subject).await {
            Ok(Some(found)) => return self.compare(&begun, &found).map(|()| None),
            Ok(None) => {}
            Err(LogError::Unreachable { cause, .. } | LogError::Refused { cause, .. }) => {
                return Ok(Some(cause));
            }
        }
        Ok(match log.append(&begun).await {
            AppendOutcome::Stored(_) => None,
            AppendOutcome::WrongLast => Some("another first start is at work".to_owned()),
            AppendOutcome::Unavailable(why) | AppendOutcome::Unknown(why) => Some(why),
        })
    }

    fn compare(&self, begun: &Append, found: &Stored) -> Result<(), StartError> {
        let other = |what: &str| StartError::OtherLog {
            url: self.nats_url.clone(),
            what: what.to_owned(),
        };
        if found.payload != begun.payload {
            return Err(other("its first fact says otherwise"));
        }
        if found.mark.as_deref() != Some(begun.mark.as_str()) {
            return Err(other("its first fact has another mark"));
        }
        Ok(())
    }
}

/// The same secrets give the same bytes, so that a second try is the first one again.
fn first_fact(secrets: &Secrets) -> Append {
    let begun = LogBegun {
        log: secrets.log,
        cluster: secrets.cluster.clone(),
    };
    let commit = Commit {
        actor: Writer::Init.actor(),
        operation: None,
        answers: None,
        cause: None,
        as_of: Seq(0),
        core: "init/1".to_owned(),
        time: secrets.made,
        traceparent: None,
        prev: None,
        evidence: Vec::new(),
        events: vec![Event {
            fact: Fact::from(begun),
        }],
    };
    let payload = serde_json::to_vec(&commit).expect("a commit can always be written as JSON");
    let subject = LogSubject::Facts(Writer::Init);
    let marker = Marker::Control(secrets.control_key.clone());
    let mark = marker.mark(secrets.log, &subject.to_string(), &payload);
    Append {
        subject,
        payload,
        mark,
        expects: Seq(0),
    }
}

fn named(path: &Path) -> String {
    path.display().to_string()
}
