//! Single values: a located scalar to a text, a number, a quantity, within its range. Which key
//! takes which is left to `read`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::fault::{Fault, FaultCode};
use crate::tree::{Content, Field};
use crate::units::{ParseUnitError, is_number};

/// A text as written. Null is none: other readers would see no value there.
pub(crate) fn text<'t>(field: &Field<'t>) -> Result<&'t str, Fault> {
    match &field.node.content {
        Content::Scalar { text, .. } if field.node.is_null() => Err(no_value(field, text)),
        Content::Scalar { text, .. } if text.contains('\0') => Err(field.fault(
            FaultCode::BadValue,
            "a text holds no NUL character: the system ends texts there",
        )),
        Content::Scalar { text, .. } => Ok(text),
        Content::List(_) | Content::Map(_) => Err(field.fault(
            FaultCode::WrongType,
            format!("a single value is wanted, not {}", field.node.kind()),
        )),
    }
}

fn no_value(field: &Field, written: &str) -> Fault {
    let fault = match written {
        "" => field.key_fault(FaultCode::NoValue, "no value is written here"),
        null => field.fault(
            FaultCode::NoValue,
            format!("`{null}` is no value: YAML reads it as null"),
        ),
    };
    fault.suggest(format!(
        "write `\"{written}\"` if that very text is meant, else remove the key"
    ))
}

/// The text of a number, which stands without quotes.
fn bare<'t>(field: &Field<'t>) -> Result<&'t str, Fault> {
    let text = text(field)?;
    match field.node.content {
        Content::Scalar { quoted: true, .. } => {
            let message = format!(
                "a number is wanted, and the text \"{}\" stands here",
                shown(text)
            );
            Err(field
                .fault(FaultCode::WrongType, message)
                .suggest("remove the quotes"))
        }
        Content::Scalar { .. } | Content::List(_) | Content::Map(_) => Ok(text),
    }
}

/// A whole number in decimal digits. `010` is refused: some readers take it for 8.
pub(crate) fn whole(field: &Field, what: &str, range: RangeInclusive<u32>) -> Result<u32, Fault> {
    let text = bare(field)?;
    let (least, most) = (range.start(), range.end());
    if !is_number(text) || (text.len() > 1 && text.starts_with('0')) {
        let message = format!(
            "`{}` is no {what}: a whole number from {least} to {most}",
            shown(text)
        );
        let digits = text.trim_start_matches('0');
        let fault = field.fault(FaultCode::BadValue, message);
        return Err(if is_number(digits) {
            fault.suggest(format!("write `{digits}` if the decimal number is meant"))
        } else {
            fault
        });
    }
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        field.fault(
            FaultCode::OutOfRange,
            format!("{what} {} is out of range: {least} to {most}", shown(text)),
        )
    })
}

/// A quantity with its unit, in its range.
pub(crate) fn quantity<T: PartialOrd + Display>(
    field: &Field,
    parse: fn(&str) -> Result<T, ParseUnitError>,
    range: RangeInclusive<T>,
) -> Result<T, Fault> {
    in_range(field, text(field)?, parse, range)
}

/// A decimal number in its range.
pub(crate) fn decimal<T: PartialOrd + Display>(
    field: &Field,
    parse: fn(&str) -> Result<T, ParseUnitError>,
    range: RangeInclusive<T>,
) -> Result<T, Fault> {
    in_range(field, bare(field)?, parse, range)
}

fn in_range<T: PartialOrd + Display>(
    field: &Field,
    text: &str,
    parse: fn(&str) -> Result<T, ParseUnitError>,
    range: RangeInclusive<T>,
) -> Result<T, Fault> {
    let value = parse(text).map_err(|error| Fault {
        suggestion: error.suggestion,
        ..field.fault(
            FaultCode::BadValue,
            format!(
                "{}, from {} to {}",
                error.message,
                range.start(),
                range.end()
            ),
        )
    })?;
    if range.contains(&value) {
        return Ok(value);
    }
    let message = format!(
        "{} is out of range: {} to {}",
        shown(text),
        range.start(),
        range.end()
    );
    Err(field.fault(FaultCode::OutOfRange, message))
}

/// A text that parses as `T`; its own error says what is wrong.
pub(crate) fn parsed<T: FromStr<Err: Display>>(field: &Field, code: FaultCode) -> Result<T, Fault> {
    text(field)?
        .parse()
        .map_err(|error: T::Err| field.fault(code, error.to_string()))
}

/// Values may be as long as the file; what is shown of them is not.
pub(crate) fn shown(text: &str) -> String {
    if text.chars().count() <= 60 {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(60).collect::<String>())
    }
}
