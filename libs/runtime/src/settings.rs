//! Settings: defaults, then a TOML file, then `GANTRY_…` variables. An unknown key is an error.
//!
//! The only place, beside the CLI, that reads the environment.

use std::collections::BTreeMap;
use std::env;

use config::{Config, File, FileFormat, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Variables that begin with `GANTRY_` and are no settings of a role.
const NO_SETTINGS: [&str; 14] = [
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

/// Settings with the source of each.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The settings.
    pub value: T,
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
    let variables = env::vars().filter_map(|(name, value)| {
        let key = name.strip_prefix("GANTRY_")?.to_lowercase();
        (!NO_SETTINGS.contains(&key.as_str())).then_some((key, value))
    });
    load_from(env::var("GANTRY_SETTINGS").ok().as_deref(), variables)
}

/// The same from a named file and given variables (keys in lower case, without the prefix).
pub fn load_from<T: Default + Serialize + DeserializeOwned>(
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
    let defaults = serde_json::to_value(T::default()).map_err(|e| unreadable(e.to_string()))?;
    let known: Vec<String> = defaults
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys().cloned())
        .collect();
    let mut sources: BTreeMap<String, String> = known
        .iter()
        .map(|key| (key.clone(), "default".to_owned()))
        .collect();
    let text = defaults.to_string();
    let mut builder = Config::builder().add_source(File::from_str(&text, FileFormat::Json));
    for (from, key, value) in
        read_file(file)
            .map_err(unreadable)?
            .into_iter()
            .chain(variables.into_iter().map(|(key, value)| {
                (
                    format!("GANTRY_{}", key.to_uppercase()),
                    key,
                    Value::from(value),
                )
            }))
    {
        if !known.contains(&key) {
            return Err(SettingsError::Unknown {
                from,
                key,
                known: known.join(", "),
            });
        }
        builder = builder
            .set_override(&key, value)
            .map_err(|e| unreadable(e.to_string()))?;
        sources.insert(key, from);
    }
    let value = builder
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|e| unreadable(e.to_string()))?;
    Ok(Loaded { value, sources })
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
            "GANTRY_PROT sets `prot`, which is no setting of this role; it knows name, port, wild"
        );
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        assert!(load_from::<Knobs>(None, [variable("port", "many")]).is_err());
    }
}
