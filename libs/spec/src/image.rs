//! `ImageRef`: the name of a container image, checked against the grammar of registries. Resolving
//! it to a digest is left to the scheduler.

use std::fmt;
use std::str::FromStr;

use gantry_events::Digest;
use serde::{Deserialize, Serialize};

/// An image's name as written: `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef(String);

/// The text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no image: {why}")]
pub struct ParseImageError {
    text: String,
    why: &'static str,
}

/// Longest registry and name together, a limit of registries.
const MAX_NAME: usize = 255;
const MAX_TAG: usize = 128;

impl ImageRef {
    /// The reference as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registry's host and port; nothing where the engine's default is meant.
    pub fn registry(&self) -> Option<&str> {
        self.split().0
    }

    /// The name in its registry, without tag and digest: `acme/shop`.
    pub fn repository(&self) -> &str {
        self.split().1
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&str> {
        self.split().2
    }

    /// The digest, if one is written: then the image is one and the same for ever.
    pub fn digest(&self) -> Option<Digest> {
        self.0
            .split_once('@')
            .and_then(|(_, digest)| digest.parse().ok())
    }

    /// The same registry and name, pinned to `digest`, without the tag.
    pub fn pinned(&self, digest: Digest) -> Self {
        let (registry, repository, _) = self.split();
        let host = registry.map(|host| format!("{host}/")).unwrap_or_default();
        Self(format!("{host}{repository}@{digest}"))
    }

    fn split(&self) -> (Option<&str>, &str, Option<&str>) {
        split(
            self.0
                .split_once('@')
                .map_or(self.0.as_str(), |(name, _)| name),
        )
    }
}

/// Registry, repository and tag. A first part with a dot, a colon or `localhost` is a registry.
fn split(name: &str) -> (Option<&str>, &str, Option<&str>) {
    let (registry, rest) = match name.split_once('/') {
        Some((host, rest)) if host == "localhost" || host.contains(['.', ':']) => {
            (Some(host), rest)
        }
        _ => (None, name),
    };
    let (repository, tag) = rest
        .split_once(':')
        .map_or((rest, None), |(path, tag)| (path, Some(tag)));
    (registry, repository, tag)
}

impl FromStr for ImageRef {
    type Err = ParseImageError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(ParseImageError {
                text: text.chars().take(120).collect(),
                why,
            }),
        }
    }
}

fn fault(text: &str) -> Option<&'static str> {
    let (name, digest) = text
        .split_once('@')
        .map_or((text, None), |(name, digest)| (name, Some(digest)));
    let (registry, repository, tag) = split(name);
    if name.is_empty() {
        return Some("it is empty");
    }
    if registry.map_or(0, str::len) + repository.len() > MAX_NAME {
        return Some("registry and name are longer than 255 characters");
    }
    if registry.is_some_and(|host| !is_host(host)) {
        return Some("its registry is no host with or without a port");
    }
    if repository.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some("names of images are in lower case");
    }
    if !repository.split('/').all(is_part) {
        return Some(
            "each part of the name is of a-z and 0-9, with single . or _, __ or - between them",
        );
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("a tag is 1 to 128 characters of A-Z a-z 0-9 _ . -, no . or - first");
    }
    if digest.is_some_and(|digest| digest.parse::<Digest>().is_err()) {
        return Some("a digest reads sha256: and 64 lower-case hexadecimal digits");
    }
    None
}

fn is_host(host: &str) -> bool {
    let (name, port) = host
        .split_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let joints = part.split(is_word).filter(|joint| !joint.is_empty());
    part.starts_with(is_word)
        && part.ends_with(is_word)
        && joints
            .into_iter()
            .all(|joint| matches!(joint, "." | "_" | "__") || joint.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    (1..=MAX_TAG).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

impl TryFrom<String> for ImageRef {
    type Error = ParseImageError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> Self {
        image.0
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_falls_into_registry_name_and_tag() {
        let rows = [
            ("postgres", None, "postgres", None),
            ("postgres:17", None, "postgres", Some("17")),
            ("acme/shop:1.8.2", None, "acme/shop", Some("1.8.2")),
            ("localhost/shop", Some("localhost"), "shop", None),
            (
                "localhost:5000/hello:1",
                Some("localhost:5000"),
                "hello",
                Some("1"),
            ),
            (
                "ghcr.io/acme/my__shop-x",
                Some("ghcr.io"),
                "acme/my__shop-x",
                None,
            ),
        ];
        for (text, registry, repository, tag) in rows {
            let image: ImageRef = text.parse().unwrap();
            assert_eq!(
                (image.registry(), image.repository(), image.tag()),
                (registry, repository, tag),
                "{text}"
            );
        }
    }

    #[test]
    fn a_pinned_reference_keeps_its_registry_and_loses_its_tag() {
        let digest = Digest::of(b"image");
        let image: ImageRef = "localhost:5000/hello:1".parse().unwrap();
        let pinned = image.pinned(digest);
        assert_eq!(pinned.as_str(), format!("localhost:5000/hello@{digest}"));
        assert_eq!(
            pinned.as_str().parse::<ImageRef>().unwrap().digest(),
            Some(digest)
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "a".repeat(256);
        let rows = [
            "",
            " ",
            "Shop",
            "shop:",
            ":1",
            "shop:a b",
            "a//b",
            "/a",
            "a/",
            "a..b",
            "a___b",
            "-a",
            "a-",
            "http://a.b/c",
            "reg.io:x/a",
            "a@sha256:00",
            "a:.1",
            "shop:1:2",
            "a\nb",
            &long,
        ];
        for text in rows {
            assert!(text.parse::<ImageRef>().is_err(), "{text}");
        }
    }
}
