//! Upgrades in the words of HTTP (RFC 9110, 7.8): what a client offers to switch to, and what a replica
//! picked of that. Bytes after the switch are the tunnel's.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Version};
use hyper::upgrade::OnUpgrade;

/// A client's offer to switch.
#[derive(Debug)]
pub(crate) struct Upgrade {
    /// The protocols that are offered to the replica.
    offered: HeaderValue,
    /// The client's connection once it has switched.
    pub(crate) client: OnUpgrade,
}

impl Upgrade {
    /// The offer of a request, if it makes one. Looked at before what ends here is removed.
    pub(crate) fn of<B>(request: &mut Request<B>) -> Option<Self> {
        let offered = offered(request)?;
        let client = hyper::upgrade::on(request);
        Some(Self { offered, client })
    }

    /// Passes the offer on.
    pub(crate) fn offer(&self, headers: &mut HeaderMap) {
        say(headers, self.offered.clone());
    }

    /// Makes the head of a replica's answer one that switches the client; false if the replica picked
    /// something that was not offered.
    pub(crate) fn accept(&self, picked: Option<HeaderValue>, headers: &mut HeaderMap) -> bool {
        let Some(picked) = picked.filter(|picked| protocols(picked).next().is_some()) else {
            return false;
        };
        let is_offered =
            |one: &str| protocols(&self.offered).any(|each| each.eq_ignore_ascii_case(one));
        let may = protocols(&picked).all(is_offered);
        if may {
            say(headers, picked);
        }
        may
    }
}

/// Names protocols to the next hop.
pub(crate) fn say(headers: &mut HeaderMap, protocols: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocols);
}

fn offered<B>(request: &Request<B>) -> Option<HeaderValue> {
    let headers = request.headers();
    if !headers.contains_key(header::UPGRADE) || request.version() != Version::HTTP_11 {
        return None;
    }
    let named = headers.get_all(header::CONNECTION).iter();
    let is_named = named
        .flat_map(protocols)
        .any(|name| name.eq_ignore_ascii_case("upgrade"));
    let lines = headers.get_all(header::UPGRADE).iter();
    let offered: Vec<&str> = lines
        .flat_map(protocols)
        .filter(|name| !is_http(name))
        .collect();
    if !is_named || offered.is_empty() {
        return None;
    }
    HeaderValue::from_str(&offered.join(", ")).ok()
}

/// A switch to another HTTP would hide further requests in the tunnel from everything that is decided by
/// request here. A server may leave such an offer, so it is not even made.
fn is_http(protocol: &str) -> bool {
    let name = protocol.split('/').next().unwrap_or(protocol);
    name.eq_ignore_ascii_case("h2c") || name.eq_ignore_ascii_case("http")
}

fn protocols(line: &HeaderValue) -> impl Iterator<Item = &str> {
    let text = line.to_str().unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn an_offer_is_passed_on_if_it_is_made_properly_and_for_no_other_http() {
        let upgrade = ("connection", "keep-alive, Upgrade");
        type Row<'a> = (Version, &'a [(&'a str, &'a str)], Option<&'a str>);
        let rows: [Row; 7] = [
            (
                Version::HTTP_11,
                &[upgrade, ("upgrade", "websocket")],
                Some("websocket"),
            ),
            (
                Version::HTTP_11,
                &[upgrade, ("upgrade", "h2c, a/1"), ("upgrade", "b")],
                Some("a/1, b"),
            ),
            (Version::HTTP_11, &[upgrade, ("upgrade", "H2C")], None),
            (Version::HTTP_11, &[upgrade, ("upgrade", "HTTP/2.0")], None),
            (Version::HTTP_11, &[("upgrade", "websocket")], None),
            (Version::HTTP_11, &[upgrade], None),
            (Version::HTTP_10, &[upgrade, ("upgrade", "websocket")], None),
        ];
        for (version, headers, expected) in rows {
            let offered = offered(&request(version, headers));
            let offered = offered.as_ref().map(|offered| offered.to_str().unwrap());
            assert_eq!(offered, expected, "{version:?} {headers:?}");
        }
    }

    #[test]
    fn only_what_was_offered_is_switched_to() {
        let mut asked = request(
            Version::HTTP_11,
            &[("connection", "upgrade"), ("upgrade", "websocket, x/2")],
        );
        let upgrade = Upgrade::of(&mut asked).unwrap();
        for (picked, may) in [
            (Some("WebSocket"), true),
            (Some("x/2"), true),
            (Some("h2c"), false),
            (Some("websocket, h2c"), false),
            (Some(""), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            let picked = picked.map(HeaderValue::from_static);
            assert_eq!(
                upgrade.accept(picked.clone(), &mut headers),
                may,
                "{picked:?}"
            );
            assert_eq!(
                headers.get(header::UPGRADE),
                picked.as_ref().filter(|_| may)
            );
        }
    }
}
