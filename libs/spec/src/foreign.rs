//! What others wrote, in our words: values as Compose and its kin spell them become lines of this
//! file. Which key is whose is left to `words`.

use serde_json::Value;

use crate::tree::{Content, Node};
use crate::units::{is_number, parse_cores, parse_duration, parse_size, size_meant};

/// What of ours a foreign key stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ours {
    Env,
    Port,
    Healthcheck,
    HealthPath,
    Deploy,
    Replicas,
    Resources,
    Memory,
    Cpu,
    Command,
    Entrypoint,
    /// No value to translate: what to do, as a sentence.
    Say(&'static str),
}

/// Longest translation shown; beyond it only its form is.
const MAX_SHOWN: usize = 600;

/// What to write instead, with the very value where it can be told, else with the form.
pub(crate) fn translate(ours: Ours, value: &Node) -> String {
    let (exact, form) = match ours {
        Ours::Env => (env(value), "env: {NAME: value}"),
        Ours::Port => (port(value), "port: 8080"),
        Ours::Healthcheck => (healthcheck(value), "health: {path: /healthz}"),
        Ours::HealthPath => (
            path(value).map(|path| format!("path: {}", flow(&path))),
            "path: /healthz",
        ),
        Ours::Deploy => (deploy(value), "replicas: N"),
        Ours::Replicas => (
            number(value).map(|n| format!("replicas: {n}")),
            "replicas: N",
        ),
        Ours::Resources => (limits(value), "cpu: 0.5, memory: 512Mi"),
        Ours::Memory => (
            memory(value).map(|m| format!("resources: {{memory: {m}}}")),
            "resources: {memory: 512Mi}",
        ),
        Ours::Cpu => (
            cores(value).map(|c| format!("resources: {{cpu: {c}}}")),
            "resources: {cpu: 0.5}",
        ),
        Ours::Command => (
            words(value).map(|list| format!("command: {list}")),
            "command: [PROGRAM, ARGUMENT]",
        ),
        Ours::Entrypoint => (
            words(value).map(|list| format!("entrypoint: {list}")),
            "entrypoint: [PROGRAM, ARGUMENT]",
        ),
        Ours::Say(sentence) => return sentence.to_owned(),
    };
    let shown = exact.filter(|text| text.len() <= MAX_SHOWN);
    format!("write `{}`", shown.as_deref().unwrap_or(form))
}

/// `{A: 1}` or `[A=1]` as `env: {A: 1}`.
pub(crate) fn env(value: &Node) -> Option<String> {
    let pairs: Option<Vec<_>> = match &value.content {
        Content::Map(entries) => entries
            .iter()
            .map(|entry| Some((entry.key.as_str(), entry.value.text()?)))
            .collect(),
        Content::List(items) => items
            .iter()
            .map(|item| item.text()?.split_once('='))
            .collect(),
        Content::Scalar { .. } => None,
    };
    let lines: Vec<_> = pairs?
        .iter()
        .map(|(name, text)| format!("{}: {}", flow(name), flow(text)))
        .collect();
    (!lines.is_empty()).then(|| format!("env: {{{}}}", lines.join(", ")))
}

/// The container's side of the first port: the last number in `127.0.0.1:8080:80/tcp`.
fn port(value: &Node) -> Option<String> {
    let first = value.items().first().unwrap_or(value);
    let text = first
        .get("target")
        .or_else(|| first.get("containerPort"))
        .unwrap_or(first)
        .text()?;
    let number = text.rsplit(':').next()?.trim_end_matches("/tcp");
    is_number(number).then(|| format!("port: {number}"))
}

fn healthcheck(value: &Node) -> Option<String> {
    let mut parts = vec![format!(
        "path: {}",
        flow(&path(value.get("test").or_else(|| value.get("httpGet"))?)?)
    )];
    for (theirs, ours) in [
        ("interval", "interval"),
        ("timeout", "timeout"),
        ("start_period", "start_within"),
    ] {
        let text = value
            .get(theirs)
            .and_then(Node::text)
            .filter(|text| parse_duration(text).is_ok());
        parts.extend(text.map(|text| format!("{ours}: {text}")));
    }
    Some(format!("health: {{{}}}", parts.join(", ")))
}

/// The path of the URL that a test asks for, or the path itself.
fn path(value: &Node) -> Option<String> {
    let texts = value
        .items()
        .iter()
        .chain([value])
        .chain(value.get("path"))
        .filter_map(Node::text);
    texts.flat_map(str::split_whitespace).find_map(|word| {
        if word.starts_with('/') && !word.starts_with("/bin") && !word.starts_with("/usr") {
            return Some(word.to_owned());
        }
        let (_, rest) = word.split_once("://")?;
        Some(
            rest.find('/')
                .map_or_else(|| "/".to_owned(), |at| rest[at..].to_owned()),
        )
    })
}

fn deploy(value: &Node) -> Option<String> {
    let replicas = value
        .get("replicas")
        .and_then(number)
        .map(|n| format!("replicas: {n}"));
    let bounds = value
        .get("resources")
        .and_then(|all| all.get("limits").or_else(|| all.get("reservations")));
    let resources = bounds
        .and_then(limits)
        .map(|limits| format!("resources: {{{limits}}}"));
    let parts: Vec<_> = replicas.into_iter().chain(resources).collect();
    (!parts.is_empty()).then(|| parts.join("` and `"))
}

fn limits(value: &Node) -> Option<String> {
    let cpu = value
        .get("cpus")
        .or_else(|| value.get("cpu"))
        .and_then(cores)
        .map(|c| format!("cpu: {c}"));
    let memory = value
        .get("memory")
        .and_then(memory)
        .map(|m| format!("memory: {m}"));
    let parts: Vec<_> = cpu.into_iter().chain(memory).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn number(value: &Node) -> Option<&str> {
    value.text().filter(|text| is_number(text))
}

/// Sizes of Compose count in 1024, whatever the letter's case, with or without a `b`.
fn memory(value: &Node) -> Option<String> {
    let text = value.text()?;
    if text.ends_with('i') {
        return parse_size(text).ok().map(|size| size.to_string());
    }
    let short = text.to_lowercase();
    let short = short.strip_suffix('b').unwrap_or(&short);
    size_meant(short).filter(|_| short.ends_with(['k', 'm', 'g']))
}

fn cores(value: &Node) -> Option<String> {
    let text = value.text()?;
    let milli = text
        .strip_suffix('m')
        .filter(|n| is_number(n))
        .and_then(|n| n.parse::<u32>().ok());
    let cores = milli.map(|milli| gantry_events::MilliCpu(milli).to_string());
    cores.or_else(|| parse_cores(text).ok().map(|cpu| cpu.to_string()))
}

/// A command as a list: a list as it is, a line cut at its spaces, or given to a shell where it needs one.
pub(crate) fn words(value: &Node) -> Option<String> {
    if let Content::List(items) = &value.content {
        let items: Option<Vec<_>> = items.iter().map(|item| item.text().map(flow)).collect();
        return items.map(|items| format!("[{}]", items.join(", ")));
    }
    let line = value.text()?;
    if line.contains(['"', '\'', '$', '|', '&', ';', '<', '>', '*', '`', '\\', '(']) {
        return Some(format!("[sh, -c, {}]", flow(line)));
    }
    Some(format!(
        "[{}]",
        line.split_whitespace()
            .map(flow)
            .collect::<Vec<_>>()
            .join(", ")
    ))
}

/// A text as it can stand inside `{}` and `[]`: bare where that is safe, else quoted.
pub(crate) fn flow(text: &str) -> String {
    let bare =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '+' | '=');
    let null = matches!(text.to_lowercase().as_str(), "" | "null");
    if !null && text.chars().all(bare) && text != "-" && !text.starts_with(['.', '=']) {
        return text.to_owned();
    }
    Value::from(text).to_string()
}
