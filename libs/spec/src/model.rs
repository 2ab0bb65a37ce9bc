//! The project as it is after reading: every default written in, every value in its range.
//! Reading files is left to `parse`, the JSON spelling of single values to `form`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use gantry_events::{
    Bytes, Domains, MilliCpu, Millis, PlacePolicy, ProjectName, RolloutPolicy, ServiceName,
};
use serde::{Deserialize, Serialize};

use crate::content::{FileContent, FilePath};
use crate::form::{self, HealthForm, ProjectForm};
use crate::image::ImageRef;

/// A whole project: what one file says. Written and read as JSON it is a file again, with every
/// default in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProjectForm", into = "ProjectForm")]
pub struct Project {
    /// Name of the project.
    pub name: ProjectName,
    /// Its services; none is legal.
    pub services: BTreeMap<ServiceName, Service>,
}

/// One service: what each of its replicas runs. Keys without a value are left out of the JSON, so
/// that a key added to the language changes the text of no service that does not use it; what every service has is written out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The image to run.
    pub image: ImageRef,
    /// Replaces the image's CMD; empty keeps it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Replaces the image's ENTRYPOINT; empty keeps it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The HTTP port; without one the service is a worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<HttpPort>,
    /// How many replicas; default 1.
    #[serde(default)]
    pub replicas: Replicas,
    /// Hosts it answers under beside `SERVICE.PROJECT.localhost`, one entry a host; only with a port.
    #[serde(
        default,
        skip_serializing_if = "Domains::is_empty",
        with = "form::domains"
    )]
    pub domains: Domains,
    /// How a replica is seen to be ready.
    pub health: Health,
    /// How it goes from one version to the next.
    #[serde(default, with = "form::rollout")]
    pub rollout: RolloutPolicy,
    /// What a replica reserves and may use at most.
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
    /// Where its replicas may run, and where rather.
    #[serde(default, skip_serializing_if = "is_anywhere")]
    pub place: PlacePolicy,
    /// Environment, byte for byte.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<EnvName, String>,
    /// Files that each replica finds at these paths, read-only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<FilePath, FileContent>,
}

fn is_anywhere(place: &PlacePolicy) -> bool {
    *place == PlacePolicy::default()
}

impl Project {
    /// The project as JSON that is itself a valid file, YAML too: the same project gives the same text.
    pub fn canonical(&self) -> String {
        form::json(self)
    }
}

/// A number outside the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} is out of range: {least} to {most}")]
pub struct OutOfRange {
    given: u64,
    least: u64,
    most: u64,
}

/// The port a replica serves HTTP on: 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct HttpPort(u16);

impl HttpPort {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for HttpPort {
    type Error = OutOfRange;
    fn try_from(number: u16) -> Result<Self, Self::Error> {
        let error = OutOfRange {
            given: u64::from(number),
            least: 1,
            most: u64::from(u16::MAX),
        };
        (number > 0).then_some(Self(number)).ok_or(error)
    }
}

impl From<HttpPort> for u16 {
    fn from(port: HttpPort) -> Self {
        port.0
    }
}

impl fmt::Display for HttpPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many replicas a service has: 0 to 1000, 1 unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Replicas(u32);

impl Replicas {
    /// Most replicas of one service. The number is ours: what one node set is tried with.
    pub const MOST: u32 = 1000;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for Replicas {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<u32> for Replicas {
    type Error = OutOfRange;
    fn try_from(number: u32) -> Result<Self, Self::Error> {
        let error = OutOfRange {
            given: u64::from(number),
            least: 0,
            most: u64::from(Self::MOST),
        };
        (number <= Self::MOST).then_some(Self(number)).ok_or(error)
    }
}

impl From<Replicas> for u32 {
    fn from(replicas: Replicas) -> Self {
        replicas.0
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a replica is seen to be ready, and how often that is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "HealthForm", into = "HealthForm")]
pub struct Health {
    /// What is asked.
    pub check: HealthCheck,
    /// Time between two probes: 100 ms to 1 h, 5 s unless said.
    pub interval: Millis,
    /// Time a probe may take: 100 ms to 1 min, 2 s unless said.
    pub timeout: Millis,
    /// Time from start to the first good probe: 1 s to 1 h, 60 s unless said.
    pub start_within: Millis,
}

impl Health {
    /// Time between two probes unless the file says another.
    pub const INTERVAL: Millis = Millis::from_secs(5);
    /// Time a probe may take unless the file says another.
    pub const TIMEOUT: Millis = Millis::from_secs(2);
    /// Time to the first good probe unless the file says another.
    pub const START_WITHIN: Millis = Millis::from_secs(60);

    /// This check, with the stated defaults.
    pub fn of(check: HealthCheck) -> Self {
        Self {
            check,
            interval: Self::INTERVAL,
            timeout: Self::TIMEOUT,
            start_within: Self::START_WITHIN,
        }
    }
}

/// What a probe asks of a replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthCheck {
    /// A GET of `path` on the port answers 200 to 399.
    Http {
        /// Path and query, beginning with `/`.
        path: String,
    },
    /// The port takes a connection: the default where there is a port.
    Tcp,
    /// A program, run inside the container without a shell, ends with 0.
    Exec {
        /// The program and its arguments; at least one.
        command: Vec<String>,
    },
    /// The container runs: the default where there is none.
    Running,
}

impl HealthCheck {
    /// The check where the file names none.
    pub fn default_for(port: Option<HttpPort>) -> Self {
        port.map_or(Self::Running, |_| Self::Tcp)
    }
}

/// What a replica reserves on its node, which is also the most it gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Processor time: 0.001 to 1024 cores; written in cores.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "form::cores")]
    pub cpu: Option<MilliCpu>,
    /// Memory: 6 Mi, the least an engine takes, to 16384 Gi.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "form::size")]
    pub memory: Option<Bytes>,
}

impl Resources {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Name of an environment variable: 1 to 256 bytes, no `=`, no white space, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvName(String);

/// The text names no environment variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no environment variable: 1 to 256 bytes without =, white space and control characters"
)]
pub struct ParseEnvNameError(String);

impl EnvName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EnvName {
    type Err = ParseEnvNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = (1..=256).contains(&text.len())
            && !text.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control());
        good.then(|| Self(text.to_owned()))
            .ok_or_else(|| ParseEnvNameError(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for EnvName {
    type Error = ParseEnvNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EnvName> for String {
    fn from(name: EnvName) -> Self {
        name.0
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
