//! The stream as it must be: made once by the first start, compared ever after. And the bucket that
//! leases live in.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use gantry_events::{Bytes, Seq};

use crate::{JetStreamLog, LogError};

/// Name of the stream.
pub(crate) const LOG: &str = "LOG";

/// Name of the stream behind the bucket of leases.
pub(crate) const LEASES: &str = "KV_LEASES";

/// Time after which a lease that was not renewed is free.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// How full the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamUse {
    /// Sequence of the last message.
    pub tail: Seq,
    /// What its messages take.
    pub bytes: Bytes,
    /// What they may take.
    pub limit: Bytes,
}

/// The stream is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// There is none.
    #[error(
        "there is no stream {0}; `gantryd init` makes it on a new server, a backup restores it on an old one"
    )]
    Absent(&'static str),
    /// It is set up otherwise.
    #[error("the stream {stream} is not as it must be: {}; set it back before anything is started", .differences.join("; "))]
    Differs {
        /// Its name.
        stream: &'static str,
        /// What is found, and what must be.
        differences: Vec<String>,
    },
    /// The server has no room for it.
    #[error(
        "the log's server has no room for a log of {0}; free space on its disk (it gives out three quarters of what is free), or make the log smaller with log_limit (GANTRY_LOG_LIMIT, in bytes)"
    )]
    NoRoom(Bytes),
    /// The server did not answer, or said no.
    #[error("the server did not {doing}: {cause}")]
    Server {
        /// What was asked.
        doing: &'static str,
        /// What it said.
        cause: String,
    },
}

impl StreamError {
    pub(crate) fn into_log_error(self, doing: &'static str) -> LogError {
        match self {
            Self::Server { cause, .. } => LogError::Unreachable { doing, cause },
            Self::Absent(_) | Self::Differs { .. } | Self::NoRoom(_) => LogError::Refused {
                doing,
                cause: self.to_string(),
            },
        }
    }
}

impl JetStreamLog {
    /// Compares the stream with what it must be, and says how full it is.
    pub async fn check_stream(&self) -> Result<StreamUse, StreamError> {
        let info = self.state().await?;
        let differences = differences(&log_config(info.config.max_bytes), &info.config);
        if !differences.is_empty() {
            return Err(StreamError::Differs {
                stream: LOG,
                differences,
            });
        }
        Ok(StreamUse {
            tail: Seq(info.state.last_sequence),
            bytes: Bytes(info.state.bytes),
            limit: Bytes(u64::try_from(info.config.max_bytes).unwrap_or(u64::MAX)),
        })
    }

    /// Makes the stream, with room for this much, and the bucket of leases. Finds both as they must be
    /// when they are there already. Only the first start's identity may.
    pub async fn create_streams(&self, limit: Bytes) -> Result<(), StreamError> {
        self.create(LOG, log_config(i64::try_from(limit.0).unwrap_or(i64::MAX)))
            .await?;
        self.create(LEASES, leases_config()).await
    }

    pub(crate) async fn state(&self) -> Result<Info, StreamError> {
        let failed = |cause: String| StreamError::Server {
            doing: "describe the stream",
            cause,
        };
        let asked = self.bus.unless_replaced(self.context.get_stream(LOG)).await;
        match asked.ok_or_else(|| failed("the connection was lost meanwhile".to_owned()))? {
            Ok(stream) => Ok(stream.cached_info().clone()),
            Err(error) => Err(match error.kind() {
                GetStreamErrorKind::JetStream(said)
                    if said.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    StreamError::Absent(LOG)
                }
                _ => failed(error.to_string()),
            }),
        }
    }

    async fn create(&self, name: &'static str, config: Config) -> Result<(), StreamError> {
        let refused = |code: Option<ErrorCode>, cause: String| match code {
            Some(ErrorCode::STORAGE_RESOURCES_EXCEEDED) => {
                StreamError::NoRoom(Bytes(u64::try_from(config.max_bytes).unwrap_or(u64::MAX)))
            }
            _ => StreamError::Server {
                doing: "make the stream",
                cause,
            },
        };
        let found = match self.context.create_stream(config.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) => match code_of(error.kind()) {
                Some(ErrorCode::STREAM_NAME_EXIST) => self
                    .context
                    .get_stream(name)
                    .await
                    .map_err(|e| refused(None, e.to_string()))?,
                code => return Err(refused(code, error.to_string())),
            },
        };
        let found = &found.cached_info().config;
        let differences = differences(&config, found);
        if !differences.is_empty() {
            return Err(StreamError::Differs {
                stream: name,
                differences,
            });
        }
        // All that is left to differ is its size. It grows with the disk, and what was given stays given.
        if found.max_bytes >= config.max_bytes {
            return Ok(());
        }
        let grown = self.context.update_stream(&config).await;
        grown
            .map(|_| ())
            .map_err(|e| refused(code_of(e.kind()), e.to_string()))
    }
}

fn code_of(kind: CreateStreamErrorKind) -> Option<ErrorCode> {
    match kind {
        CreateStreamErrorKind::JetStream(said) => Some(said.error_code()),
        _ => None,
    }
}

/// Every setting that the log's promises rest on stands here, even where it is the server's default.
fn log_config(max_bytes: i64) -> Config {
    Config {
        name: LOG.to_owned(),
        subjects: vec!["cmd.>".to_owned(), "evt.>".to_owned()],
        max_bytes,
        storage: StorageType::File,
        deny_delete: true,
        deny_purge: true,
        ..kept(-1)
    }
}

/// In files, not in memory: a server that forgets leases when it restarts would give one away that
/// its holder still believes to hold.
fn leases_config() -> Config {
    Config {
        name: LEASES.to_owned(),
        subjects: vec!["$KV.LEASES.>".to_owned()],
        max_age: LEASE,
        max_messages_per_subject: 1,
        max_bytes: 1024 * 1024,
        storage: StorageType::File,
        deny_delete: true,
        ..kept(1)
    }
}

fn kept(per_subject: i64) -> Config {
    Config {
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_messages: -1,
        max_messages_per_subject: per_subject,
        max_age: Duration::ZERO,
        max_message_size: -1,
        allow_direct: true,
        num_replicas: 1,
        ..Config::default()
    }
}

/// What `found` says that it must not, setting by setting. Its size may be any, but there must be one.
fn differences(must: &Config, found: &Config) -> Vec<String> {
    let mut all = Vec::new();
    let mut compare = |what: &str, must: String, found: String| {
        if must != found {
            all.push(format!("{what} is {found}, not {must}"));
        }
    };
    let sorted = |subjects: &[String]| {
        let mut subjects = subjects.to_vec();
        subjects.sort();
        subjects.join(" ")
    };
    compare("subjects", sorted(&must.subjects), sorted(&found.subjects));
    compare(
        "storage",
        format!("{:?}", must.storage),
        format!("{:?}", found.storage),
    );
    compare(
        "retention",
        format!("{:?}", must.retention),
        format!("{:?}", found.retention),
    );
    compare(
        "discard",
        format!("{:?}", must.discard),
        format!("{:?}", found.discard),
    );
    compare(
        "max_age",
        format!("{:?}", must.max_age),
        format!("{:?}", found.max_age),
    );
    compare(
        "max_msgs",
        must.max_messages.to_string(),
        found.max_messages.to_string(),
    );
    compare(
        "max_msgs_per_subject",
        must.max_messages_per_subject.to_string(),
        found.max_messages_per_subject.to_string(),
    );
    compare(
        "max_msg_size",
        must.max_message_size.to_string(),
        found.max_message_size.to_string(),
    );
    compare(
        "deny_delete",
        must.deny_delete.to_string(),
        found.deny_delete.to_string(),
    );
    compare(
        "deny_purge",
        must.deny_purge.to_string(),
        found.deny_purge.to_string(),
    );
    compare(
        "allow_rollup_hdrs",
        must.allow_rollup.to_string(),
        found.allow_rollup.to_string(),
    );
    compare(
        "allow_direct",
        must.allow_direct.to_string(),
        found.allow_direct.to_string(),
    );
    compare(
        "allow_msg_ttl",
        must.allow_message_ttl.to_string(),
        found.allow_message_ttl.to_string(),
    );
    compare("no_ack", must.no_ack.to_string(), found.no_ack.to_string());
    compare("sealed", must.sealed.to_string(), found.sealed.to_string());
    compare(
        "a limit in bytes",
        true.to_string(),
        (found.max_bytes > 0).to_string(),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_may_forget_is_named_setting_by_setting() {
        let must = log_config(1000);
        assert_eq!(differences(&must, &log_config(5000)), [""; 0]);
        let found = Config {
            deny_purge: false,
            max_age: Duration::from_secs(60),
            max_bytes: -1,
            ..must.clone()
        };
        assert_eq!(
            differences(&must, &found),
            [
                "max_age is 60s, not 0ns",
                "deny_purge is false, not true",
                "a limit in bytes is false, not true"
            ]
        );
    }
}
