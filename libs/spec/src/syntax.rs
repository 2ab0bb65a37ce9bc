//! What the YAML parser says where it can read no further, as a fault with a way out.

use granit_parser::{ErrorKind, Marker, ScanError};

use crate::fault::{Fault, FaultCode};
use crate::parse::MAX_DEPTH;
use crate::tree::Spot;

/// The fault that ended the reading of `text`, below `pointer`.
pub(crate) fn fault(error: &ScanError, text: &str, pointer: &str) -> Fault {
    let at = *error.marker();
    let syntax = |message: String| Fault::new(spot(at), pointer, FaultCode::Syntax, message);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            Fault::new(spot(at), pointer, FaultCode::TooDeep, message)
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            let at = tab_at(at, text).unwrap_or_else(|| spot(at));
            Fault::new(at, pointer, FaultCode::Syntax, "a tab indents this line")
                .suggest("indent with spaces")
        }
        ErrorKind::DirectiveDisallowed => {
            syntax("YAML directives are not used".to_owned()).suggest("remove the line")
        }
        ErrorKind::MappingValueNotAllowed => syntax("a second `: ` stands in one value".to_owned())
            .suggest("quote the value, or mend the indentation"),
        kind => syntax(format!("neither YAML nor JSON: {kind}")),
    }
}

/// The tab itself: it indents the line that the parser stopped in, or one below, having ended the
/// value that begins here.
fn tab_at(at: Marker, text: &str) -> Option<Spot> {
    let at = at.byte_offset()?;
    let line_start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let from = if text[line_start..at].trim().is_empty() {
        line_start
    } else {
        at
    };
    let tab = from + text.get(from..)?.find('\t')?;
    let before = &text[..tab];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Some(Spot {
        line: count(before.matches('\n').count()).saturating_add(1),
        column: count(before[line_start..].chars().count()).saturating_add(1),
    })
}

/// A place as the parser counts it: columns from 0.
pub(crate) fn spot(at: Marker) -> Spot {
    Spot {
        line: count(at.line()),
        column: count(at.col()).saturating_add(1),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
