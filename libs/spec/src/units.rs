//! Durations, sizes and shares of processors as the file writes them, read from text. Ranges are
//! left to the keys that take them.

use gantry_events::{Bytes, MilliCpu, Millis};

/// The text is no quantity of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseUnitError {
    /// What is wrong, with the text and the form it should have.
    pub message: String,
    /// What to write instead, where that is clear.
    pub suggestion: Option<String>,
}

/// A duration as in the file: a whole number and `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// Anything else: no unit, another unit, a fraction, several units, more than 2^64 milliseconds.
pub fn parse_duration(text: &str) -> Result<Millis, ParseUnitError> {
    let factor = |unit: &str| match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    amount(text, factor).map(Millis).ok_or_else(|| {
        let message = format!("`{text}` is no duration: a whole number and ms, s, m, h or d");
        ParseUnitError {
            message,
            suggestion: is_number(text).then(|| format!("write `{text}s` for seconds")),
        }
    })
}

/// A size as in the file: a whole number and `Ki`, `Mi`, `Gi` (of 1024) or `K`, `M`, `G` (of 1000).
///
/// # Errors
/// Anything else: no unit, another unit, a fraction, more than 2^64 bytes.
pub fn parse_size(text: &str) -> Result<Bytes, ParseUnitError> {
    let factor = |unit: &str| match unit {
        "Ki" => Some(1 << 10),
        "Mi" => Some(1 << 20),
        "Gi" => Some(1 << 30),
        "K" => Some(1000),
        "M" => Some(1_000_000),
        "G" => Some(1_000_000_000),
        _ => None,
    };
    amount(text, factor).map(Bytes).ok_or_else(|| {
        let message = format!("`{text}` is no size: a whole number and Ki, Mi, Gi or K, M, G");
        ParseUnitError {
            message,
            suggestion: size_meant(text).map(|meant| format!("write `{meant}`")),
        }
    })
}

/// Processor time in cores: `2`, `0.5`, to a thousandth.
pub(crate) fn parse_cores(text: &str) -> Result<MilliCpu, ParseUnitError> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let cores = (is_number(whole) && is_number(part) && part.len() <= 3).then(|| {
        let thousandths = format!("{part:0<3}").parse::<u32>().ok()?;
        whole
            .parse::<u32>()
            .ok()?
            .checked_mul(1000)?
            .checked_add(thousandths)
    });
    cores.flatten().map(MilliCpu).ok_or_else(|| {
        let message =
            format!("`{text}` is no number of cores: a number such as 2 or 0.5, to a thousandth");
        let milli = text
            .strip_suffix('m')
            .filter(|n| is_number(n))
            .and_then(|n| n.parse().ok());
        ParseUnitError {
            message,
            suggestion: milli.map(|milli| format!("write `{}`", MilliCpu(milli))),
        }
    })
}

/// Decimal digits alone.
pub(crate) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The size that other programs mean by this spelling: `512m`, `512MB`, `512MiB`, `1.5Gi`.
pub(crate) fn size_meant(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let ours = match unit {
        "k" | "KiB" => "Ki",
        "m" | "mb" | "MiB" | "" => "Mi",
        "g" | "gb" | "GiB" => "Gi",
        "kB" | "KB" => "K",
        "MB" => "M",
        "GB" => "G",
        _ => return None,
    };
    is_number(number).then(|| format!("{number}{ours}"))
}

fn amount(text: &str, factor: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    number.parse::<u64>().ok()?.checked_mul(factor(unit)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_whole_number_and_a_unit() {
        let rows = [
            ("500ms", 500),
            ("10s", 10_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("7d", 604_800_000),
        ];
        for (text, millis) in rows {
            assert_eq!(parse_duration(text), Ok(Millis(millis)), "{text}");
        }
        for text in [
            "",
            "5",
            "s",
            "1.5s",
            "1m30s",
            "-5s",
            " 5s",
            "5 s",
            "5S",
            "5w",
            "99999999999999999999s",
            "٣s",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(
            parse_duration("5").unwrap_err().suggestion.unwrap(),
            "write `5s` for seconds"
        );
    }

    #[test]
    fn a_size_needs_a_whole_number_and_a_unit() {
        let rows = [
            ("512Mi", 512 << 20),
            ("20Gi", 20 << 30),
            ("1Ki", 1024),
            ("3K", 3000),
            ("2M", 2_000_000),
        ];
        for (text, bytes) in rows {
            assert_eq!(parse_size(text), Ok(Bytes(bytes)), "{text}");
        }
        let meant = [
            ("512m", Some("512Mi")),
            ("2GB", Some("2G")),
            ("64MiB", Some("64Mi")),
            ("1.5Gi", None),
            ("x", None),
        ];
        for (text, ours) in meant {
            let suggestion = parse_size(text).unwrap_err().suggestion;
            assert_eq!(
                suggestion,
                ours.map(|ours| format!("write `{ours}`")),
                "{text}"
            );
        }
    }

    #[test]
    fn cores_are_read_to_a_thousandth() {
        for (text, milli) in [
            ("1", 1000),
            ("0.5", 500),
            ("0.125", 125),
            ("2.0", 2000),
            ("64", 64_000),
        ] {
            assert_eq!(parse_cores(text), Ok(MilliCpu(milli)), "{text}");
        }
        for text in [
            "", ".5", "1.", "0.0001", "1e3", "-1", "+1", "0x1", "500m", "4294968", "1_0",
        ] {
            assert!(parse_cores(text).is_err(), "{text}");
        }
        assert_eq!(
            parse_cores("500m").unwrap_err().suggestion.unwrap(),
            "write `0.5`"
        );
    }
}
