//! How values are spelled in canonical JSON: as the file spells them, so that the JSON is a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gantry_events::{Millis, ProjectName, ServiceName};
use serde::{Deserialize, Serialize};

use crate::model::{Health, HealthCheck, Project, Service};

/// The only schema version there is.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// Compact JSON in the order of the types' fields, with ordered maps. What YAML does not allow
/// unescaped inside quotes is escaped, so that the text is valid as both.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_string(value)
        .expect("texts, finite numbers and maps with text keys are valid JSON");
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        ) {
            write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes what is written to it");
        } else {
            out.push(c);
        }
    }
    out
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectForm {
    gantry: u32,
    project: ProjectName,
    services: BTreeMap<ServiceName, Service>,
}

impl From<Project> for ProjectForm {
    fn from(project: Project) -> Self {
        Self {
            gantry: SCHEMA_VERSION,
            project: project.name,
            services: project.services,
        }
    }
}

impl TryFrom<ProjectForm> for Project {
    type Error = String;
    fn try_from(form: ProjectForm) -> Result<Self, Self::Error> {
        if form.gantry != SCHEMA_VERSION {
            return Err(format!(
                "schema version {} is not known; this program knows {SCHEMA_VERSION}",
                form.gantry
            ));
        }
        Ok(Self {
            name: form.project,
            services: form.services,
        })
    }
}

/// A health check in the file's words; with neither `path` nor `tcp` it is `Running`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<bool>,
    #[serde(with = "span")]
    interval: Millis,
    #[serde(with = "span")]
    timeout: Millis,
    #[serde(with = "span")]
    start_within: Millis,
}

impl From<Health> for HealthForm {
    fn from(health: Health) -> Self {
        let (path, tcp) = match health.check {
            HealthCheck::Http { path } => (Some(path), None),
            HealthCheck::Tcp => (None, Some(true)),
            HealthCheck::Running => (None, None),
        };
        Self {
            path,
            tcp,
            interval: health.interval,
            timeout: health.timeout,
            start_within: health.start_within,
        }
    }
}

impl TryFrom<HealthForm> for Health {
    type Error = &'static str;
    fn try_from(form: HealthForm) -> Result<Self, Self::Error> {
        let check = match (form.path, form.tcp) {
            (Some(path), None) if path.starts_with('/') => HealthCheck::Http { path },
            (None, Some(true)) => HealthCheck::Tcp,
            (None, None) => HealthCheck::Running,
            _ => return Err("health has either a path that begins with / or `tcp: true`"),
        };
        Ok(Self {
            check,
            interval: form.interval,
            timeout: form.timeout,
            start_within: form.start_within,
        })
    }
}

mod span {
    use gantry_events::Millis;
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::units::parse_duration;

    pub(crate) fn serialize<S: Serializer>(
        span: &Millis,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(span)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Millis, D::Error> {
        parse_duration(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

pub(crate) mod size {
    use gantry_events::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::units::parse_size;

    pub(crate) fn serialize<S: Serializer>(
        size: &Option<Bytes>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        size.map(|size| size.to_string()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Bytes>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| parse_size(&text))
            .transpose()
            .map_err(de::Error::custom)
    }
}

pub(crate) mod cores {
    use gantry_events::MilliCpu;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::units::parse_cores;

    /// A number in cores: whole where it is whole, else the shortest decimal, which has three places at most.
    pub(crate) fn serialize<S: Serializer>(
        cpu: &Option<MilliCpu>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match cpu {
            Some(MilliCpu(milli)) if milli % 1000 == 0 => Some(milli / 1000).serialize(serializer),
            _ => cpu
                .map(|MilliCpu(milli)| f64::from(milli) / 1000.0)
                .serialize(serializer),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<MilliCpu>, D::Error> {
        let cores = Option::<f64>::deserialize(deserializer)?;
        cores
            .map(|cores| parse_cores(&cores.to_string()))
            .transpose()
            .map_err(de::Error::custom)
    }
}
