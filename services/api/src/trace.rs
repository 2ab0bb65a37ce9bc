//! `Trace`: by which a request is found again in logs, problems and the log (W3C `traceparent`).

use axum::http::HeaderMap;
use uuid::Uuid;

/// The trace a request belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// The client's own header, where it sent a valid one.
    pub(crate) parent: Option<String>,
}

impl Trace {
    /// The client's trace, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let parent = headers.get("traceparent").and_then(|v| v.to_str().ok());
        match parent.and_then(|parent| Some((parent, trace_id(parent)?))) {
            Some((parent, id)) => Self {
                id: id.to_owned(),
                parent: Some(parent.to_owned()),
            },
            None => Self {
                id: Uuid::new_v4().simple().to_string(),
                parent: None,
            },
        }
    }
}

/// The trace id of a `traceparent` of version 00; none if it is malformed or all zeros.
fn trace_id(parent: &str) -> Option<&str> {
    let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = parent.split('-').collect();
    let [version, trace, span, flags] = parts.as_slice() else {
        return None;
    };
    let formed = (version.len(), trace.len(), span.len(), flags.len()) == (2, 32, 16, 2)
        && parts.iter().all(|part| hex(part));
    let named = trace.bytes().any(|b| b != b'0') && span.bytes().any(|b| b != b'0');
    (formed && named && *version == "00").then_some(*trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_traceparent_is_nobodys_trace() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace_id(good), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for bad in [
            "",
            "00-4bf9-00f0-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}
