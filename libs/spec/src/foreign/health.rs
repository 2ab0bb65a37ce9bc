//! Probes as others spell them, and the times that go with them.

use gantry_events::Millis;

use super::{flow, line, list, words};
use crate::tree::{Content, Node};
use crate::units::{is_number, parse_duration};

/// Whether a service serves at the port that a URL names.
type Serves<'a> = &'a dyn Fn(&str) -> bool;

pub(crate) fn healthcheck(value: &Node, serves: Serves<'_>) -> Option<String> {
    let asked = match (value.get("test"), value.get("httpGet"), value.get("exec")) {
        (Some(asked), ..) => test(asked, serves)?,
        (None, Some(asked), _) => path(asked)?,
        (None, None, Some(asked)) => {
            format!("exec: {}", words(asked.get("command").unwrap_or(asked))?)
        }
        (None, None, None) => return None,
    };
    let mut parts = vec![asked];
    for (theirs, ours) in [
        ("interval", "interval"),
        ("timeout", "timeout"),
        ("start_period", "start_within"),
        ("periodSeconds", "interval"),
        ("timeoutSeconds", "timeout"),
        ("initialDelaySeconds", "start_within"),
    ] {
        let span = value.get(theirs).and_then(span);
        parts.extend(span.map(|span| format!("{ours}: {span}")));
    }
    Some(format!("health: {{{}}}", parts.join(", ")))
}

/// A test of Compose: the path of the URL that it asks the service's port for, else the program that it runs.
pub(super) fn test(value: &Node, serves: Serves<'_>) -> Option<String> {
    let of_service = |word: &str| port_of_url(word).is_some_and(serves);
    let mut urls = texts(value).filter(|word| of_service(word));
    if let Some(path) = urls.find_map(path_of_url) {
        return Some(format!("path: {}", flow(&path)));
    }
    let Content::List(items) = &value.content else {
        return value.text().map(|text| format!("exec: {}", line(text)));
    };
    let items: Option<Vec<_>> = items.iter().map(Node::text).collect();
    let items = items?;
    match items.split_first()? {
        (&"NONE", _) => None,
        (&"CMD-SHELL", [command]) => Some(format!("exec: [sh, -c, {}]", flow(command))),
        (&"CMD", words) => Some(format!("exec: {}", list(words.iter().copied()))),
        _ => Some(format!("exec: {}", list(items.iter().copied()))),
    }
}

/// The path of a URL, or the path itself.
pub(super) fn path(value: &Node) -> Option<String> {
    let plain = texts(value).find(|word| word.starts_with('/'));
    let path = plain
        .map(str::to_owned)
        .or_else(|| texts(value).find_map(path_of_url))?;
    Some(format!("path: {}", flow(&path)))
}

/// The words of a text, of the items of a list, or of the `path` of a mapping.
fn texts(value: &Node) -> impl Iterator<Item = &str> {
    let nodes = value.items().iter().chain([value]).chain(value.get("path"));
    nodes.filter_map(Node::text).flat_map(str::split_whitespace)
}

fn path_of_url(word: &str) -> Option<String> {
    let (_, rest) = word.split_once("://")?;
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    Some(path.trim_end_matches(['"', '\'', ')', ';']).to_owned())
}

/// The port that is asked: the one that is written, else that of the scheme.
fn port_of_url(word: &str) -> Option<&str> {
    let (scheme, rest) = word.split_once("://")?;
    let host = rest.split(['/', '?', '"', '\'', ')', ';']).next()?;
    let written = host.rsplit_once(':').map(|(_, port)| port);
    Some(written.unwrap_or(match scheme.ends_with("https") {
        true => "443",
        false => "80",
    }))
}

/// A time as `10s`: one of ours, several in one as in `1m30s`, or seconds without a unit.
pub(crate) fn span(value: &Node) -> Option<String> {
    let text = value.text()?;
    if is_number(text) {
        return Some(format!("{text}s"));
    }
    let mut sum = Millis(0);
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |at| digits + at);
        sum = sum + parse_duration(&rest[..unit]).ok()?;
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| sum.to_string())
}
