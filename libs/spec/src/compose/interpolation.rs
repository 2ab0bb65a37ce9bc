//! Variables of a Compose file: `${NAME:-default}` becomes its default, `$$` a `$`. What rests on
//! the environment alone cannot be known here; the value is taken out and told.

use crate::fault::{FaultCode, Faults};
use crate::tree::{Content, Field, Node};
use crate::value::shown;

/// Resolves every value below `node`, which stands at `pointer`.
pub(super) fn resolve(node: &mut Node, pointer: &str, dropped: &mut Faults) {
    match &mut node.content {
        Content::Scalar { .. } => {}
        Content::List(items) => {
            let kept = std::mem::take(items).into_iter().enumerate();
            let kept = kept.filter_map(|(index, mut item)| {
                let pointer = format!("{pointer}/{index}");
                keep(&mut item, &pointer, dropped).then_some(item)
            });
            *items = kept.collect();
        }
        Content::Map(entries) => entries.retain_mut(|entry| {
            let pointer = entry.pointer(pointer);
            keep(&mut entry.value, &pointer, dropped)
        }),
    }
}

fn keep(node: &mut Node, pointer: &str, dropped: &mut Faults) -> bool {
    let Content::Scalar { text, .. } = &node.content else {
        resolve(node, pointer, dropped);
        return true;
    };
    if !text.contains('$') {
        return true;
    }
    let resolved = text_of(text);
    let field = Field {
        pointer: pointer.to_owned(),
        key_spot: node.spot,
        node,
    };
    let told = match &resolved {
        // Only `$$` was in it, which is no variable.
        Some(_) if !text.contains("${") => None,
        Some(plain) => Some(format!(
            "`{}` was written as `{}`, its default",
            shown(text),
            shown(plain)
        )),
        None => Some(format!(
            "`{}` was not carried over: it rests on a variable",
            shown(text)
        )),
    };
    if let Some(message) = told {
        let fault = field.fault(FaultCode::ForeignKey, message);
        dropped.push(fault.suggest("there is no interpolation: `environments` say what differs"));
    }
    let known = resolved.is_some();
    if let (Some(plain), Content::Scalar { text, .. }) = (resolved, &mut node.content) {
        *text = plain;
    }
    known
}

/// The text with every variable replaced by its default; nothing if one has none.
fn text_of(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = match after.strip_prefix('$') {
            Some(after) => {
                out.push('$');
                after
            }
            None => {
                let (variable, after) = after.strip_prefix('{')?.split_once('}')?;
                let (_, default) = variable
                    .split_once(":-")
                    .or_else(|| variable.split_once('-'))?;
                // A default that names another variable has none of its own.
                if default.contains('$') {
                    return None;
                }
                out.push_str(default);
                after
            }
        };
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_worth_its_default_or_unknown() {
        let rows = [
            ("plain", Some("plain")),
            ("shop:${TAG:-1.2}", Some("shop:1.2")),
            ("${A-x}${B:-y}", Some("xy")),
            ("${A:-}", Some("")),
            ("a$$b$${C}", Some("a$b${C}")),
            ("$HOME", None),
            ("${TAG}", None),
            ("${TAG:?say it}", None),
            ("${A:-${B}}", None),
            ("${A", None),
        ];
        for (text, known) in rows {
            assert_eq!(text_of(text).as_deref(), known, "{text}");
        }
    }
}
