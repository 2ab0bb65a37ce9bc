//! Ids and names as types, parsed once at the edge and trusted after.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Digest;

/// A text that is no name of the kind it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no {what}: {shortest} to {longest} characters of a-z, 0-9 and -, a letter first, no - last{reserved}"
)]
pub struct ParseNameError {
    text: String,
    what: &'static str,
    shortest: usize,
    longest: usize,
    reserved: &'static str,
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $shortest:literal..=$longest:literal $(, not $taken:literal)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = ParseNameError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let taken: &[&str] = &[$($taken)?];
                let reserved: &str = concat!("" $(, "; `", $taken, "` is taken")?);
                if is_name(text) && ($shortest..=$longest).contains(&text.len()) && !taken.contains(&text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(ParseNameError {
                    text: text.chars().take(80).collect(),
                    what: $what,
                    shortest: $shortest,
                    longest: $longest,
                    reserved,
                })
            }
        }

        impl TryFrom<String> for $type {
            type Error = ParseNameError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name!(
    /// Name of a project: 2 to 40 characters; `cluster` is taken, as it names the scope above all projects.
    ProjectName, "project name", 2..=40, not "cluster"
);
name!(
    /// Name of a service in its project: 2 to 40 characters.
    ServiceName, "service name", 2..=40
);
name!(
    /// Name of an environment of a file: 2 to 30 characters; what it is deployed as has the project's name
    /// before it.
    EnvironmentName, "environment name", 2..=30
);
name!(
    /// Name of a pool of machines: 2 to 40 characters.
    PoolName, "pool name", 2..=40
);
name!(
    /// A node of the cluster, `n1`.
    NodeId, "node id", 1..=40
);
name!(
    /// A machine that the provisioner made or knows, `m1`.
    MachineId, "machine id", 1..=40
);
name!(
    /// A balancer, `b1`.
    BalancerId, "balancer id", 1..=40
);
name!(
    /// A replica, unique in its project: service, `-`, six base-32 characters.
    ReplicaId, "replica id", 1..=60
);

impl ReplicaId {
    /// The id of the replica that fills `slot` for `epoch`; `clash` counts up while the id is taken in
    /// the project. The same arguments give the same id.
    pub fn of(project: &ProjectName, slot: &Slot, epoch: u32, clash: u32) -> Self {
        let hash = Digest::of(
            format!(
                "{project}/{}/{}/{epoch}/{clash}",
                slot.service, slot.ordinal
            )
            .as_bytes(),
        );
        let suffix = BASE32_NOPAD.encode(&hash.as_bytes()[..4]).to_lowercase();
        Self(format!("{}-{}", slot.service, &suffix[..6]))
    }
}

/// A place of a service that one replica fills at a time: the service and a number from 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// The service.
    pub service: ServiceName,
    /// Number of the slot, from 0.
    pub ordinal: u32,
}

/// A service across projects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceKey {
    /// The project it belongs to.
    pub project: ProjectName,
    /// Its name, unique in the project.
    pub service: ServiceName,
}

/// A replica across projects: `shop/web-7f3k2q`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReplicaKey {
    /// The project it belongs to.
    pub project: ProjectName,
    /// Its id, unique in the project.
    pub replica: ReplicaId,
}

impl fmt::Display for ReplicaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.replica)
    }
}

impl FromStr for ReplicaKey {
    type Err = ParseNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (project, replica) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self {
            project: project.parse()?,
            replica: replica.parse()?,
        })
    }
}

impl TryFrom<String> for ReplicaKey {
    type Error = ParseNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ReplicaKey> for String {
    fn from(key: ReplicaKey) -> Self {
        key.to_string()
    }
}

/// Number of a release in its project, from 1; written `r1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseNumber(pub u32);

impl fmt::Display for ReleaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("r{}", self.0))
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub Uuid);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0.to_string())
            }
        }

        impl FromStr for $type {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// An operation: what a client asked for, from the command to its end.
    OperationId
);
uuid_id!(
    /// A log. A branch made by a restore has an id of its own.
    LogId
);

impl OperationId {
    /// The operation a principal names by its `Idempotency-Key`: UUIDv5, so a retry names the same one.
    pub fn of_key(principal: &str, key: &str) -> Self {
        Self(Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{principal}\n{key}").as_bytes(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_length_its_letters_and_its_ends() {
        let forty = "a".repeat(40);
        for good in ["ab", "web", "web-2", "a0", &forty] {
            assert!(good.parse::<ServiceName>().is_ok(), "{good}");
        }
        let longer = "a".repeat(41);
        for bad in [
            "", "a", "1a", "-a", "a-", "Web", "we_b", "we b", "wéb", &longer,
        ] {
            assert!(bad.parse::<ServiceName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn no_project_is_named_as_the_cluster_is() {
        let error = "cluster".parse::<ProjectName>().unwrap_err();
        assert!(error.to_string().ends_with("`cluster` is taken"), "{error}");
    }

    #[test]
    fn a_replica_id_follows_from_project_slot_epoch_and_clash() {
        let project: ProjectName = "shop".parse().unwrap();
        let slot = Slot {
            service: "web".parse().unwrap(),
            ordinal: 0,
        };
        let id = ReplicaId::of(&project, &slot, 1, 0);
        assert_eq!(id, ReplicaId::of(&project, &slot, 1, 0));
        assert_ne!(id, ReplicaId::of(&project, &slot, 2, 0));
        assert_ne!(id, ReplicaId::of(&project, &slot, 1, 1));
        assert_eq!(id.as_str().len(), "web-7f3k2q".len());
        assert!(id.as_str().parse::<ReplicaId>().is_ok());
    }
}
