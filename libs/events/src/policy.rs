//! What a file says about a service beyond its container: how it is changed, where its replicas may
//! run, under which hosts it answers. Facts carry it, so that no reader needs the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Millis;

/// How a service goes from one version to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutPolicy {
    /// Slots that may hold a new replica beside the old one at once.
    pub surge: u32,
    /// Slots that may be without a ready replica at once. Not both are 0.
    pub unavailable: u32,
    /// How long requests in flight may go on once a balancer has taken their replica out.
    pub drain: Millis,
    /// Time between SIGTERM and SIGKILL.
    pub grace: Millis,
    /// Time in which the next slot must be done; each that is begins it anew.
    pub deadline: Millis,
}

impl Default for RolloutPolicy {
    fn default() -> Self {
        Self {
            surge: 1,
            unavailable: 0,
            drain: Millis::from_secs(30),
            grace: Millis::from_secs(10),
            deadline: Millis::from_secs(300),
        }
    }
}

/// Where the replicas of a service may run, and where rather. Labels are those of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlacePolicy {
    /// Labels a node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub require: BTreeMap<String, String>,
    /// Labels by which a node comes before others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prefer: BTreeMap<String, String>,
    /// Label over whose values replicas are spread before they are over nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<String>,
    /// Most replicas of the service on one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_node: Option<u32>,
}

/// A host name that a service answers under, or that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Domain {
    /// The host.
    pub host: HostName,
    /// The host that requests are sent on to, instead of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<HostName>,
}

/// The domains of a service, in the order of their hosts.
pub type Domains = BTreeSet<Domain>;

/// Name of a host: lower case, 1 to 253 characters, two labels at least, each 1 to 63 of
/// `a-z 0-9 -` with no `-` at either end (RFC 1123, section 2.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

/// The text names no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no host name: labels of a-z, 0-9 and - with dots between, two at least, as in shop.example.com"
)]
pub struct ParseHostNameError(String);

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = ParseHostNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = text.to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        // Four numbers are an address, which no certificate and no DNS record stands for.
        let is_address = host.parse::<std::net::Ipv4Addr>().is_ok();
        if host.len() <= 253 && host.contains('.') && !is_address && host.split('.').all(is_label) {
            return Ok(Self(host));
        }
        Err(ParseHostNameError(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for HostName {
    type Error = ParseHostNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HostName> for String {
    fn from(host: HostName) -> Self {
        host.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_taken_in_lower_case_and_anything_else_is_refused() {
        let good = [
            "shop.example.com",
            "Shop.Example.com",
            "a.b",
            "xn--bcher-kva.example",
        ];
        for text in good {
            let host: HostName = text.parse().unwrap();
            assert_eq!(host.as_str(), text.to_ascii_lowercase());
        }
        let long = format!("{}.com", "a".repeat(64));
        for text in [
            "", "shop", "-a.com", "a-.com", "a..com", ".com", "a.com.", "10.0.0.1", "a_b.com",
            "*.a.com", &long,
        ] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }
}
