//! One service of a Compose file as lines of ours.

mod ports;

use std::collections::BTreeMap;

use gantry_events::ServiceName;

use super::drop_key;
use crate::fault::{FaultCode, Faults};
use crate::foreign::{self, Ours, flow};
use crate::tree::{Entry, Field, Node};
use crate::value::shown;
use crate::words;

/// The lines of a service, without their margin.
pub(super) type Converted = Vec<String>;

/// Keys of a `healthcheck` that are read.
const OF_HEALTH: [&str; 5] = ["test", "interval", "timeout", "start_period", "disable"];

/// Converts what it can; the rest is remembered.
pub(super) fn service(
    field: &Field,
    name: &ServiceName,
    configs: &BTreeMap<&str, &str>,
    dropped: &mut Faults,
) -> Converted {
    let mut service = Service {
        field,
        lines: Vec::new(),
        rollout: Vec::new(),
        dropped,
    };
    service.image(name);
    // What a probe asks depends on the port.
    let (ports, rest): (Vec<_>, Vec<_>) = field
        .node
        .entries()
        .iter()
        .partition(|entry| matches!(entry.key.as_str(), "ports" | "expose"));
    for entry in ports.into_iter().chain(rest) {
        service.key(entry, configs);
    }
    service.finish()
}

struct Service<'a, 't> {
    field: &'a Field<'t>,
    lines: Converted,
    /// What several of their keys say about one of ours.
    rollout: Vec<String>,
    dropped: &'a mut Faults,
}

impl<'t> Service<'_, 't> {
    /// A service needs an image; one that is built has to be pushed first.
    fn image(&mut self, name: &ServiceName) {
        match self.field.node.get("image").and_then(Node::text) {
            Some(image) => self.lines.push(format!("image: {}", flow_value(image))),
            None => self.lines.push(format!(
                "image: localhost:5000/{name}:1   # push it with `gantry image push {name}:1`"
            )),
        }
    }

    fn key(&mut self, entry: &'t Entry, configs: &BTreeMap<&str, &str>) {
        let value = &entry.value;
        match entry.key.as_str() {
            "image" => {}
            "command" | "entrypoint" => {
                let words = foreign::command(&entry.value);
                self.line(entry, words.map(|words| format!("{}: {words}", entry.key)));
            }
            "environment" => self.env(entry),
            "ports" | "expose" => self.ports(entry),
            "healthcheck" => self.health(entry),
            "stop_grace_period" => match foreign::exact(Ours::Span("grace"), value) {
                Some(grace) => self.rollout.push(grace),
                None => self.drop(entry),
            },
            "scale" => self.exact(entry, Ours::Replicas),
            "mem_limit" => self.part_of_resources(entry, Ours::Memory),
            "cpus" => self.part_of_resources(entry, Ours::Cpu),
            "deploy" => self.deploy(entry),
            "configs" => self.files(entry, configs),
            key if key.starts_with("x-") => {}
            _ => self.drop(entry),
        }
    }

    /// A key whose value is one line of ours, unless that line stands already.
    fn exact(&mut self, entry: &'t Entry, ours: Ours) {
        self.line(entry, foreign::exact(ours, &entry.value));
    }

    fn line(&mut self, entry: &'t Entry, line: Option<String>) {
        match line {
            Some(line) if !self.says(&line) => self.lines.push(line),
            _ => self.drop(entry),
        }
    }

    /// Two keys of theirs are parts of one of ours.
    fn part_of_resources(&mut self, entry: &'t Entry, ours: Ours) {
        let inner = |line: &str| {
            let inner = line.strip_prefix("resources: {")?.strip_suffix('}')?;
            Some(inner.to_owned())
        };
        let part = foreign::exact(ours, &entry.value)
            .as_deref()
            .and_then(inner);
        let Some(part) = part else {
            return self.drop(entry);
        };
        let there = self.lines.iter().position(|line| inner(line).is_some());
        match there.and_then(|at| Some((at, inner(&self.lines[at])?))) {
            Some((at, other)) if !other.contains(part.split(':').next().unwrap_or_default()) => {
                self.lines[at] = format!("resources: {{{other}, {part}}}");
            }
            Some(_) => self.drop(entry),
            None => self.lines.push(format!("resources: {{{part}}}")),
        }
    }

    fn says(&self, line: &str) -> bool {
        let key = line.split(':').next().unwrap_or_default();
        let same = |line: &String| line.split(':').next() == Some(key);
        self.lines.iter().any(same)
    }

    fn env(&mut self, entry: &'t Entry) {
        let field = self.field.entry(entry);
        let mut lines = Vec::new();
        for entry in entry.value.entries() {
            match entry.value.text() {
                Some(text) => lines.push(pair(&entry.key, text)),
                None => self.unset(&field.entry(entry), &entry.key),
            }
        }
        for (index, item) in entry.value.items().iter().enumerate() {
            match item.text().map(|text| (text, text.split_once('='))) {
                Some((_, Some((name, value)))) => lines.push(pair(name, value)),
                Some((name, None)) => self.unset(&field.item(index, item), name),
                None => self.unset(&field.item(index, item), "environment"),
            }
        }
        if !lines.is_empty() {
            self.lines.push("env:".to_owned());
            self.lines.extend(lines);
        }
    }

    /// A variable that Compose takes from the shell.
    fn unset(&mut self, field: &Field, name: &str) {
        let message = format!(
            "`{}` was not carried over: it has no value here",
            shown(name)
        );
        let fault = field.key_fault(FaultCode::ForeignKey, message);
        self.dropped.push(fault.suggest("write its value in `env`"));
    }

    fn health(&mut self, entry: &'t Entry) {
        let value = &entry.value;
        if value.get("disable").and_then(Node::text) == Some("true") {
            return;
        }
        let own = self
            .lines
            .iter()
            .find_map(|line| line.strip_prefix("port: "));
        let health = foreign::healthcheck(value, &|port| own == Some(port));
        self.line(entry, health);
        let field = self.field.entry(entry);
        let rest = value.entries().iter();
        for entry in rest.filter(|entry| !OF_HEALTH.contains(&entry.key.as_str())) {
            drop_key(&field.entry(entry), entry, &words::HEALTH, self.dropped);
        }
    }

    fn deploy(&mut self, entry: &'t Entry) {
        let field = self.field.entry(entry);
        for part in entry.value.entries() {
            let ours = match part.key.as_str() {
                "replicas" => foreign::exact(Ours::Replicas, &part.value),
                "resources" => {
                    let bounds = part.value.get("limits");
                    let bounds = bounds.or_else(|| part.value.get("reservations"));
                    let limits = bounds.and_then(|bounds| foreign::exact(Ours::Resources, bounds));
                    limits.map(|limits| format!("resources: {{{limits}}}"))
                }
                "placement" => foreign::exact(Ours::Place, &part.value),
                "update_config" => {
                    self.rollout.extend(foreign::rollout(&part.value));
                    self.below(
                        &field.entry(part),
                        &words::ROLLOUT,
                        &["parallelism", "order"],
                    );
                    continue;
                }
                _ => None,
            };
            match ours {
                Some(line) if !self.says(&line) => self.lines.push(line),
                _ => drop_key(&field.entry(part), part, &words::SERVICE, self.dropped),
            }
        }
    }

    /// Remembers what of a mapping is not read.
    fn below(&mut self, field: &Field, words: &words::Words, read: &[&str]) {
        let rest = field.node.entries().iter();
        for entry in rest.filter(|entry| !read.contains(&entry.key.as_str())) {
            drop_key(&field.entry(entry), entry, words, self.dropped);
        }
    }

    /// Configs with a file beside the Compose file.
    fn files(&mut self, entry: &'t Entry, configs: &BTreeMap<&str, &str>) {
        let field = self.field.entry(entry);
        let mut lines = Vec::new();
        for (index, item) in entry.value.items().iter().enumerate() {
            let name = item.get("source").unwrap_or(item).text();
            let file = name.and_then(|name| Some((name, *configs.get(name)?)));
            let Some((name, file)) = file else {
                let message = "this config was not carried over: no file is named for it";
                let fault = field
                    .item(index, item)
                    .fault(FaultCode::ForeignKey, message);
                let way_out = "write `files: {/PATH: {from: ./FILE}}` or `{content: TEXT}`";
                self.dropped.push(fault.suggest(way_out));
                continue;
            };
            let target = item.get("target").and_then(Node::text);
            let target = target.map_or_else(|| format!("/{name}"), str::to_owned);
            lines.push(format!(
                "  {}: {{from: {}}}",
                flow(&target),
                flow_value(file)
            ));
        }
        if !lines.is_empty() {
            self.lines.push("files:".to_owned());
            self.lines.extend(lines);
        }
    }

    fn drop(&mut self, entry: &Entry) {
        drop_key(
            &self.field.entry(entry),
            entry,
            &words::SERVICE,
            self.dropped,
        );
    }

    fn finish(mut self) -> Converted {
        if !self.rollout.is_empty() {
            let rollout = self.rollout.join(", ");
            self.lines.push(format!("rollout: {{{rollout}}}"));
        }
        self.lines
    }
}

fn pair(name: &str, value: &str) -> String {
    format!("  {}: {}", flow(name), flow_value(value))
}

/// A value of a line: colons may stand bare there unless a space follows.
fn flow_value(text: &str) -> String {
    let bare =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | ':' | '@');
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    match first && !text.ends_with(':') && text.chars().all(bare) {
        true if !text.eq_ignore_ascii_case("null") => text.to_owned(),
        _ => flow(text),
    }
}
