//! Settings: defaults, then a TOML file, then `GANTRY_…` variables. An unknown key is an error.
//!
//! The only place, beside the CLI, that reads the environment.

use std::collections::BTreeMap;
use std::env;
use std::net::SocketAddr;

use config::{Config, File, FileFormat, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Map;

/// Variables that begin with `GANTRY_` and are no settings, but for a role that has a key of that name.
const NO_SETTINGS: [&str; 15] = [
    "cluster",
    "settings",
    "url",
    "token",
    "home",
    "profile",
    "cache",
    "uid",
    "gid",
    "api_port",
    "http_port",
    "https_port",
    "nats_port",
    "registry_port",
    "nats_server",
];

/// Settings that every role has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// Which log lines are written: `info`, or `warn,gantry_bus=debug`.
    pub log_filter: String,
    /// OTLP endpoint (HTTP) for traces; none are sent without.
    pub otlp_endpoint: Option<String>,
    /// Where `/healthz`, `/readyz` and `/metrics` are answered.
    pub health_address: SocketAddr,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            log_filter: "info".to_owned(),
            otlp_endpoint: None,
            health_address: SocketAddr::from(([0, 0, 0, 0], 9000)),
        }
    }
}

/// Settings with the source of each.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The role's own settings.
    pub value: T,
    /// Those that every role has.
    pub common: Common,
    /// Where each came from: `default`, the file's path, or the variable's name.
    pub sources: BTreeMap<String, String>,
}

/// Settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key that is no setting of this role.
    #[error("{from} sets `{key}`, which is no setting of this role; it knows {known}")]
    Unknown {
        /// The file or variable.
        from: String,
        /// The key.
        key: String,
        /// All keys there are.
        known: String,
    },
    /// The file cannot be read, or a value is not of its type.
    #[error("settings cannot be read ({sources}): {cause}")]
    Unreadable {
        /// The sources that were read.
        sources: String,
        /// What is wrong.
        cause: String,
    },
}

/// Reads the settings of a role from the file that `GANTRY_SETTINGS` names, if any, and from
/// `GANTRY_<KEY>` variables, over the type's defaults.
pub fn load<T: Default + Serialize + DeserializeOwned>() -> Result<Loaded<T>, SettingsError> {
    load_from(env::var("GANTRY_SETTINGS").ok().as_deref(), variables())
}

/// The same, passing over keys that are no settings of this role: for processes that carry several.
pub fn load_leniently<T: Default + Serialize + DeserializeOwned>()
-> Result<Loaded<T>, SettingsError> {
    let file = env::var("GANTRY_SETTINGS").ok();
    load_with(Unknown::PassOver, file.as_deref(), variables())
}

/// The same from a named file and given variables (keys in lower case, without the prefix).
pub fn load_from<T: Default + Serialize + DeserializeOwned>(
    file: Option<&str>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<T>, SettingsError> {
    load_with(Unknown::Refuse, file, variables)
}

/// What is done with a key that is no setting of the role.
#[derive(Clone, Copy, PartialEq)]
enum Unknown {
    Refuse,
    PassOver,
}

fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars()
        .filter_map(|(name, value)| Some((name.strip_prefix("GANTRY_")?.to_lowercase(), value)))
}

fn load_with<T: Default + Serialize + DeserializeOwned>(
    unknown: Unknown,
    file: Option<&str>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<T>, SettingsError> {
    let unreadable = |cause: String| SettingsError::Unreadable {
        sources: file.map_or_else(
            || "GANTRY_ variables".to_owned(),
            |f| format!("{f} and GANTRY_ variables"),
        ),
        cause,
    };
    let own = fields(&T::default()).map_err(unreadable)?;
    let common = fields(&Common::default()).map_err(unreadable)?;
    let keys = || own.keys().chain(common.keys()).cloned();
    let mut sources: BTreeMap<String, String> =
        keys().map(|key| (key, "default".to_owned())).collect();
    let variables = variables.into_iter().map(|(key, value)| {
        (
            format!("GANTRY_{}", key.to_uppercase()),
            key,
            Value::from(value),
        )
    });
    let mut set = Vec::new();
    for (from, key, value) in read_file(file)
        .map_err(unreadable)?
        .into_iter()
        .chain(variables)
    {
        let elsewhere = unknown == Unknown::PassOver || NO_SETTINGS.contains(&key.as_str());
        if !sources.contains_key(&key) && elsewhere {
            continue;
        }
        if !sources.contains_key(&key) {
            return Err(SettingsError::Unknown {
                from,
                key,
                known: keys().collect::<Vec<_>>().join(", "),
            });
        }
        set.push((key.clone(), value));
        sources.insert(key, from);
    }
    Ok(Loaded {
        value: merge(own, &set).map_err(unreadable)?,
        common: merge(common, &set).map_err(unreadable)?,
        sources,
    })
}

type Fields = Map<String, serde_json::Value>;

/// Lays what was set over the defaults of one struct, later over earlier, its own keys alone.
fn merge<T: DeserializeOwned>(defaults: Fields, set: &[(String, Value)]) -> Result<T, String> {
    let keys: Vec<String> = defaults.keys().cloned().collect();
    let text = serde_json::Value::Object(defaults).to_string();
    let mut builder = Config::builder().add_source(File::from_str(&text, FileFormat::Json));
    for (key, value) in set.iter().filter(|(key, _)| keys.contains(key)) {
        builder = builder
            .set_override(key, value.clone())
            .map_err(|e| e.to_string())?;
    }
    builder
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|e| e.to_string())
}

fn fields(settings: &impl Serialize) -> Result<Fields, String> {
    match serde_json::to_value(settings).map_err(|e| e.to_string())? {
        serde_json::Value::Object(fields) => Ok(fields),
        other => Err(format!(
            "settings are a struct of named fields, not {other}"
        )),
    }
}

fn read_file(path: Option<&str>) -> Result<Vec<(String, String, Value)>, String> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let file = Config::builder()
        .add_source(File::new(path, FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize::<BTreeMap<String, Value>>)
        .map_err(|e| e.to_string())?;
    Ok(file
        .into_iter()
        .map(|(key, value)| (path.to_owned(), key, value))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Knobs {
        port: u16,
        name: String,
        wild: bool,
    }

    impl Default for Knobs {
        fn default() -> Self {
            Self {
                port: 7070,
                name: "gantry".to_owned(),
                wild: false,
            }
        }
    }

    fn variable(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn a_variable_beats_the_file_and_the_file_beats_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gantry.toml");
        std::fs::write(&path, "port = 1\nname = \"file\"\n").unwrap();
        let variables = [variable("port", "2"), variable("wild", "true")];
        let loaded: Loaded<Knobs> = load_from(path.to_str(), variables).unwrap();
        assert_eq!(
            loaded.value,
            Knobs {
                port: 2,
                name: "file".to_owned(),
                wild: true
            }
        );
        assert_eq!(loaded.sources["port"], "GANTRY_PORT");
        assert_eq!(loaded.sources["name"], path.to_str().unwrap());
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_known_ones() {
        let error = load_from::<Knobs>(None, [variable("prot", "2")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "GANTRY_PROT sets `prot`, which is no setting of this role; it knows name, port, wild, health_address, log_filter, otlp_endpoint"
        );
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        assert!(load_from::<Knobs>(None, [variable("port", "many")]).is_err());
    }
}
