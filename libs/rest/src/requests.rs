//! Bodies of requests. A key that is not listed is refused.

use std::collections::BTreeMap;

use gantry_events::{MachineId, PoolName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /projects/{p}/services/{s}/scale`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// How many replicas, until the next file is applied: 0 to 1000.
    pub replicas: u32,
}

/// `POST /pools`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePool {
    /// Name of the pool.
    #[schema(value_type = String)]
    pub name: PoolName,
    /// Who makes its machines: `local`.
    pub provider: String,
    /// How many machines: 0 to 1000.
    pub size: u32,
    /// Labels of its nodes, beside `pool` and `provider`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// `POST /pools/{p}/scale`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalePool {
    /// How many machines: 0 to 1000.
    pub size: u32,
}

/// `POST /nodes/join`. The only request without a bearer token: the join token stands for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinNode {
    /// The machine that the token was made for.
    #[schema(value_type = String)]
    pub machine: MachineId,
    /// The one-time token.
    pub token: String,
    /// The node's own public key, as an nkey of kind user. The same key again gives the same answer.
    pub public_key: String,
}

impl std::fmt::Debug for JoinNode {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JoinNode({}, {})", self.machine, self.public_key)
    }
}
