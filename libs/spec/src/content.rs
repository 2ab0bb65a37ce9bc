//! Files that a service brings to its replicas: where they stand in the container, and what they
//! hold. Reading them from a disk is left to the command line, mounting them to the node-worker.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// Most bytes of one file. Source: contract, section 2.
pub const MAX_CONTENT: usize = 256 << 10;

/// Where a file stands in a container: absolute, 2 to 1000 bytes, no empty part, no `.` and `..`, no
/// control characters, and not below `/proc`, `/sys` and `/dev`, which belong to the kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// The text is no path of a file in a container.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no path for a file: {why}")]
pub struct ParseFilePathError {
    text: String,
    why: &'static str,
}

/// Longest path: engines take 4096, of which their own folders need some.
const MAX_PATH: usize = 1000;

impl FilePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fault(text: &str) -> Option<&'static str> {
    let Some(rest) = text.strip_prefix('/') else {
        return Some("it begins with /");
    };
    if text.len() > MAX_PATH {
        return Some("it has at most 1000 bytes");
    }
    if text.contains(char::is_control) {
        return Some("it holds no control characters");
    }
    if rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("its parts have names, and neither . nor .. is one");
    }
    let top = rest.split('/').next();
    matches!(top, Some("proc" | "sys" | "dev"))
        .then_some("what is below /proc, /sys and /dev belongs to the kernel")
}

impl FromStr for FilePath {
    type Err = ParseFilePathError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(ParseFilePathError {
                text: text.chars().take(80).collect(),
                why,
            }),
        }
    }
}

impl TryFrom<String> for FilePath {
    type Error = ParseFilePathError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a file holds. Written as `{content: …}` where it is text without NUL, else as `{base64: …}`;
/// equal bytes are written alike, whatever form they were read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct FileContent(Vec<u8>);

impl FileContent {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, where it is one that a file can say; else the bytes again.
    pub(crate) fn into_text(self) -> Result<String, Vec<u8>> {
        match String::from_utf8(self.0) {
            Ok(text) if !text.contains('\0') => Ok(text),
            Ok(text) => Err(text.into_bytes()),
            Err(error) => Err(error.into_bytes()),
        }
    }
}

impl From<Vec<u8>> for FileContent {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Reads base64 (RFC 4648, section 4, padded); white space may stand anywhere, as YAML breaks lines.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.split_ascii_whitespace().collect();
    BASE64.decode(packed.as_bytes()).ok()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl From<FileContent> for Form {
    fn from(file: FileContent) -> Self {
        match file.into_text() {
            Ok(text) => Self {
                content: Some(text),
                base64: None,
            },
            Err(bytes) => Self {
                content: None,
                base64: Some(BASE64.encode(&bytes)),
            },
        }
    }
}

impl TryFrom<Form> for FileContent {
    type Error = &'static str;
    fn try_from(form: Form) -> Result<Self, Self::Error> {
        match (form.content, form.base64) {
            (Some(text), None) => Ok(Self(text.into_bytes())),
            (None, Some(text)) => from_base64(&text).map(Self).ok_or("no base64"),
            _ => Err("a file has either `content` or `base64`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_plain_and_not_the_kernels() {
        for text in [
            "/a",
            "/etc/shop/features.toml",
            "/run/secrets/x y",
            "/procs/x",
        ] {
            assert!(text.parse::<FilePath>().is_ok(), "{text}");
        }
        let long = format!("/{}", "a".repeat(MAX_PATH));
        for text in [
            "",
            "/",
            "a",
            "./a",
            "/a/",
            "//a",
            "/a//b",
            "/a/./b",
            "/a/../b",
            "/..",
            "/a\nb",
            "/proc/1",
            "/sys",
            "/dev/null",
            &long,
        ] {
            assert!(text.parse::<FilePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn text_is_written_as_text_and_all_else_as_base64() {
        let rows: [(&[u8], &str); 4] = [
            (b"", r#"{"content":""}"#),
            ("a\n\u{e9}".as_bytes(), "{\"content\":\"a\\n\u{e9}\"}"),
            (b"\0", r#"{"base64":"AA=="}"#),
            (b"\xff\xfe", r#"{"base64":"//4="}"#),
        ];
        for (bytes, json) in rows {
            let file = FileContent::from(bytes.to_vec());
            assert_eq!(serde_json::to_string(&file).unwrap(), json);
            assert_eq!(serde_json::from_str::<FileContent>(json).unwrap(), file);
        }
        let wrapped = serde_json::from_str::<FileContent>(r#"{"base64":"AA\n ==\n"}"#).unwrap();
        assert_eq!(wrapped.bytes(), b"\0");
    }
}
