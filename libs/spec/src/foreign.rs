//! What others wrote, in our words: values as Compose and its kin spell them become lines of this
//! file. Which key is whose is left to `words`.

mod deploy;
mod health;
mod shell_words;

use crate::form as spelling;
use crate::tree::{Content, Node};
use crate::units::is_number;

pub(crate) use deploy::{constraints, rollout};
pub(crate) use health::{healthcheck, span};

/// What of ours a foreign key stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ours {
    Env,
    Port,
    Domains,
    Healthcheck,
    HealthTest,
    HealthPath,
    Exec,
    Deploy,
    Rollout,
    Grace,
    Place,
    Require,
    Replicas,
    Resources,
    Memory,
    Cpu,
    Command,
    Entrypoint,
    Environment,
    /// A whole number under the key of ours that is named.
    Count(&'static str),
    /// A duration under the key of ours that is named.
    Span(&'static str),
    /// No value to translate: what to do, as a sentence.
    Say(&'static str),
}

/// Longest translation shown; beyond it only its form is.
const MAX_SHOWN: usize = 600;

/// What to write instead, with the very value where it can be told, else with the form.
pub(crate) fn translate(ours: Ours, value: &Node) -> String {
    if let Ours::Say(sentence) = ours {
        return sentence.to_owned();
    }
    let shown = exact(ours, value).filter(|text| text.len() <= MAX_SHOWN);
    format!("write `{}`", shown.unwrap_or_else(|| form(ours)))
}

/// The value in our words: one line of this file, or several with "` and `" between.
pub(crate) fn exact(ours: Ours, value: &Node) -> Option<String> {
    let keyed = |key: &str, value: Option<String>| value.map(|value| format!("{key}: {value}"));
    let within =
        |key: &str, value: Option<String>| value.map(|value| format!("{key}: {{{value}}}"));
    match ours {
        Ours::Env => env(value),
        Ours::Port => port(value),
        Ours::Domains => domains(value),
        Ours::Healthcheck => health::healthcheck(value, &|_| true),
        Ours::HealthTest => health::test(value, &|_| true),
        Ours::HealthPath => health::path(value),
        Ours::Exec => keyed("exec", words(value.get("command").unwrap_or(value))),
        Ours::Deploy => deploy::deploy(value),
        Ours::Rollout => within("rollout", rollout(value)),
        Ours::Grace => within("rollout", keyed("grace", span(value))),
        Ours::Place => within("place", deploy::place(value)),
        Ours::Require => within("require", constraints(value)),
        Ours::Replicas => keyed("replicas", number(value).map(str::to_owned)),
        Ours::Resources => deploy::limits(value),
        Ours::Memory => within("resources", keyed("memory", deploy::memory(value))),
        Ours::Cpu => within("resources", keyed("cpu", deploy::cores(value))),
        Ours::Command => keyed("command", words(value)),
        Ours::Entrypoint => keyed("entrypoint", words(value)),
        Ours::Count(key) => keyed(key, number(value).map(str::to_owned)),
        Ours::Span(key) => keyed(key, span(value)),
        Ours::Environment | Ours::Say(_) => None,
    }
}

/// How our words look, where the value cannot be told in them.
fn form(ours: Ours) -> String {
    let form = match ours {
        Ours::Env => "env: {NAME: value}",
        Ours::Port => "port: 8080",
        Ours::Domains => "domains: [shop.example.com]",
        Ours::Healthcheck => "health: {path: /healthz}",
        Ours::HealthTest | Ours::HealthPath => "path: /healthz",
        Ours::Exec => "exec: [PROGRAM, ARGUMENT]",
        Ours::Deploy | Ours::Replicas => "replicas: N",
        Ours::Rollout => "rollout: {surge: 1, unavailable: 0}",
        Ours::Grace => "rollout: {grace: 10s}",
        Ours::Place => "place: {require: {LABEL: VALUE}}",
        Ours::Require => "require: {LABEL: VALUE}",
        Ours::Resources => "cpu: 0.5, memory: 512Mi",
        Ours::Memory => "resources: {memory: 512Mi}",
        Ours::Cpu => "resources: {cpu: 0.5}",
        Ours::Command => "command: [PROGRAM, ARGUMENT]",
        Ours::Entrypoint => "entrypoint: [PROGRAM, ARGUMENT]",
        Ours::Environment => "environments: {NAME: {services: {…}}}",
        Ours::Count(key) => return format!("{key}: N"),
        Ours::Span(key) => return format!("{key}: 10s"),
        Ours::Say(sentence) => sentence,
    };
    form.to_owned()
}

/// `{A: 1}` or `[A=1]` as `env: {A: 1}`.
pub(crate) fn env(value: &Node) -> Option<String> {
    let lines: Vec<_> = pairs(value)?
        .iter()
        .map(|(name, text)| format!("{}: {}", flow(name), flow(text)))
        .collect();
    (!lines.is_empty()).then(|| format!("env: {{{}}}", lines.join(", ")))
}

/// Names and values of a mapping, or of a list of `NAME=VALUE`; nothing if one has no value.
pub(crate) fn pairs(value: &Node) -> Option<Vec<(&str, &str)>> {
    match &value.content {
        Content::Map(entries) => entries
            .iter()
            .map(|entry| Some((entry.key.as_str(), entry.value.text()?)))
            .collect(),
        Content::List(items) => items
            .iter()
            .map(|item| item.text()?.split_once('='))
            .collect(),
        Content::Scalar { .. } => None,
    }
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

/// Hosts of a list, or a single one.
pub(crate) fn domains(value: &Node) -> Option<String> {
    let one = [value];
    let items: Vec<&Node> = match &value.content {
        Content::List(items) => items.iter().collect(),
        Content::Scalar { .. } => one.to_vec(),
        Content::Map(_) => return None,
    };
    let hosts: Option<Vec<_>> = items.iter().map(|item| host_in(item.text()?)).collect();
    hosts
        .filter(|hosts| !hosts.is_empty())
        .map(|hosts| format!("domains: [{}]", hosts.join(", ")))
}

/// The host in a URL, or in a host with a port.
pub(crate) fn host_in(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next()?;
    let host: gantry_events::HostName = host.parse().ok()?;
    Some(host.as_str().to_owned())
}

fn number(value: &Node) -> Option<&str> {
    value.text().filter(|text| is_number(text))
}

/// A command as a list: a list as it is, a line cut at its spaces, or given to a shell where it needs one.
pub(crate) fn words(value: &Node) -> Option<String> {
    if let Content::List(items) = &value.content {
        let items: Option<Vec<_>> = items.iter().map(Node::text).collect();
        return items.map(|items| list(items.into_iter()));
    }
    value.text().map(line)
}

/// A command as Compose runs it: a line is cut into words, and no shell sees it.
pub(crate) fn command(value: &Node) -> Option<String> {
    match value.text() {
        Some(text) => shell_words::split(text).map(|words| list(words.iter().map(String::as_str))),
        None => words(value),
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.map(flow).collect();
    format!("[{}]", words.join(", "))
}

/// The words of a line.
fn line(line: &str) -> String {
    if line.contains(['"', '\'', '$', '|', '&', ';', '<', '>', '*', '`', '\\', '(']) {
        return format!("[sh, -c, {}]", flow(line));
    }
    list(line.split_whitespace())
}

/// A text as it can stand inside `{}` and `[]`: bare where that is safe, else quoted.
pub(crate) fn flow(text: &str) -> String {
    let bare =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '+' | '=');
    let null = matches!(text.to_lowercase().as_str(), "" | "null");
    if !null && text.chars().all(bare) && text != "-" && !text.starts_with(['.', '=']) {
        return text.to_owned();
    }
    spelling::json(&text)
}
