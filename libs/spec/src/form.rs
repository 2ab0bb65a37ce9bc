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

/// A health check in the file's words; with none of `path`, `tcp` and `exec` it is `Running`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exec: Option<Vec<String>>,
    #[serde(with = "span")]
    interval: Millis,
    #[serde(with = "span")]
    timeout: Millis,
    #[serde(with = "span")]
    start_within: Millis,
}

impl From<Health> for HealthForm {
    fn from(health: Health) -> Self {
        let (path, tcp, exec) = match health.check {
            HealthCheck::Http { path } => (Some(path), None, None),
            HealthCheck::Tcp => (None, Some(true), None),
            HealthCheck::Exec { command } => (None, None, Some(command)),
            HealthCheck::Running => (None, None, None),
        };
        Self {
            path,
            tcp,
            exec,
            interval: health.interval,
            timeout: health.timeout,
            start_within: health.start_within,
        }
    }
}

impl TryFrom<HealthForm> for Health {
    type Error = &'static str;
    fn try_from(form: HealthForm) -> Result<Self, Self::Error> {
        let check = match (form.path, form.tcp, form.exec) {
            (Some(path), None, None) if path.starts_with('/') => HealthCheck::Http { path },
            (None, Some(true), None) => HealthCheck::Tcp,
            (None, None, Some(command)) if !command.is_empty() => HealthCheck::Exec { command },
            (None, None, None) => HealthCheck::Running,
            _ => {
                return Err(
                    "health has one of a path that begins with /, `tcp: true` and a command in `exec`",
                );
            }
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

/// A rollout in the file's words; `order` is none of them, as surge and unavailable say it.
pub(crate) mod rollout {
    use gantry_events::{Millis, RolloutPolicy};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        surge: u32,
        unavailable: u32,
        #[serde(with = "super::span")]
        drain: Millis,
        #[serde(with = "super::span")]
        grace: Millis,
        #[serde(with = "super::span")]
        deadline: Millis,
    }

    pub(crate) fn serialize<S: Serializer>(
        policy: &RolloutPolicy,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let form = Form {
            surge: policy.surge,
            unavailable: policy.unavailable,
            drain: policy.drain,
            grace: policy.grace,
            deadline: policy.deadline,
        };
        form.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RolloutPolicy, D::Error> {
        let form = Form::deserialize(deserializer)?;
        Ok(RolloutPolicy {
            surge: form.surge,
            unavailable: form.unavailable,
            drain: form.drain,
            grace: form.grace,
            deadline: form.deadline,
        })
    }
}

/// Domains in the file's words: a host alone is a text.
pub(crate) mod domains {
    use gantry_events::{Domain, Domains, HostName};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form {
        Host(HostName),
        Domain(Domain),
    }

    pub(crate) fn serialize<S: Serializer>(
        domains: &Domains,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(domains.iter().map(|domain| match domain.redirect {
            None => Form::Host(domain.host.clone()),
            Some(_) => Form::Domain(domain.clone()),
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Domains, D::Error> {
        let forms = Vec::<Form>::deserialize(deserializer)?;
        let domain = |form| match form {
            Form::Host(host) => Domain {
                host,
                redirect: None,
            },
            Form::Domain(domain) => domain,
        };
        Ok(forms.into_iter().map(domain).collect())
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
