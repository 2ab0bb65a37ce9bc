//! Headers on their way through: what ends here, and what replicas are told of the client.

use std::net::IpAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{Method, Request, Uri, Version};

use crate::trouble::Trouble;

/// Headers about one connection, not about the message (RFC 9110, 7.6.1), old spellings included.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The host a request is for: lower case, without its port. That of an absolute target counts more
/// than the header (RFC 9112, 3.2.2).
pub(crate) fn host_of<B>(request: &Request<B>) -> Result<String, Trouble> {
    let mut lines = request.headers().get_all(header::HOST).iter();
    let authority = match (request.uri().authority(), lines.next(), lines.next()) {
        (_, _, Some(_)) | (None, None, _) => return Err(Trouble::BadHost),
        (Some(authority), _, None) => authority.clone(),
        (None, Some(line), None) => {
            Authority::try_from(line.as_bytes()).map_err(|_| Trouble::BadHost)?
        }
    };
    if authority.as_str().contains('@') {
        return Err(Trouble::BadHost);
    }
    // `web.shop.localhost.` is the same name, written as absolute.
    let host = authority.host().to_ascii_lowercase();
    Ok(host.strip_suffix('.').map(str::to_owned).unwrap_or(host))
}

/// Refuses what is not passed through: tunnels, and upgrades that the client depends on.
pub(crate) fn check_method<B>(request: &Request<B>) -> Result<(), Trouble> {
    if request.method() == Method::CONNECT {
        return Err(Trouble::Connect);
    }
    match request
        .headers()
        .get(header::UPGRADE)
        .map(HeaderValue::as_bytes)
    {
        Some(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => {
            Err(Trouble::Upgrade("websocket".to_owned()))
        }
        // Any other, `h2c` above all, is an offer that a server may leave (RFC 9110, 7.8).
        Some(_) | None => Ok(()),
    }
}

/// Makes the head of a client's request one for a replica. What it says of other proxies is replaced,
/// as nobody outside is trusted.
pub(crate) fn pass_request<B>(request: &mut Request<B>, client: IpAddr) {
    let host = authority_of(request);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    end_hop(headers);
    // Answered here already; the body follows as the replica reads it.
    headers.remove(header::EXPECT);
    headers.remove(header::FORWARDED);
    headers.remove("x-real-ip");
    let foreign: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
    let client = HeaderValue::from_str(&client.to_canonical().to_string())
        .expect("an address is visible ASCII");
    headers.insert("x-forwarded-for", client);
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    if let Some(host) = host {
        headers.insert("x-forwarded-host", host.clone());
        headers.insert(header::HOST, host);
    }
}

/// Makes the head of a replica's answer one for the client.
pub(crate) fn pass_answer(headers: &mut HeaderMap) {
    end_hop(headers);
    headers.remove(header::PROXY_AUTHENTICATE);
}

fn authority_of<B>(request: &Request<B>) -> Option<HeaderValue> {
    let target = request
        .uri()
        .authority()
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    target.or_else(|| request.headers().get(header::HOST).cloned())
}

fn end_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        // A client could else strip what tells where the body ends, or whom it is for.
        .filter(|name| *name != header::HOST && *name != header::CONTENT_LENGTH)
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn the_host_is_lower_case_without_its_port_and_there_is_one() {
        type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>);
        let rows: [Row; 8] = [
            (
                "/",
                &[("host", "Web.Shop.localhost:8080")],
                Some("web.shop.localhost"),
            ),
            (
                "/",
                &[("host", "web.shop.localhost.")],
                Some("web.shop.localhost"),
            ),
            ("/", &[("host", "[::1]:8080")], Some("[::1]")),
            (
                "http://a.localhost/x",
                &[("host", "b.localhost")],
                Some("a.localhost"),
            ),
            ("/", &[], None),
            (
                "/",
                &[("host", "a.localhost"), ("host", "b.localhost")],
                None,
            ),
            ("/", &[("host", "a.localhost/../b")], None),
            ("/", &[("host", "me@a.localhost")], None),
        ];
        for (target, headers, host) in rows {
            assert_eq!(
                host_of(&request(target, headers)).ok().as_deref(),
                host,
                "{target} {headers:?}"
            );
        }
    }

    #[test]
    fn what_is_about_the_hop_ends_here_and_what_is_said_of_the_client_is_ours() {
        let sent = [
            ("host", "a.localhost:8080"),
            ("connection", "close, X-Secret, Content-Length, Host"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("x-secret", "1"),
            ("content-length", "3"),
            ("forwarded", "for=1.2.3.4"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-port", "99"),
            ("x-real-ip", "1.2.3.4"),
            ("accept", "*/*"),
        ];
        let mut request = request("http://a.localhost:8080/p?q=1", &sent);
        pass_request(&mut request, "::ffff:10.1.2.3".parse().unwrap());
        assert_eq!(request.uri(), "/p?q=1");
        let mut headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        let expected = [
            ("accept", "*/*"),
            ("content-length", "3"),
            ("host", "a.localhost:8080"),
            ("x-forwarded-for", "10.1.2.3"),
            ("x-forwarded-host", "a.localhost:8080"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(
            headers,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn tunnels_and_upgrades_that_are_needed_are_refused() {
        assert!(check_method(&request("/", &[("upgrade", "h2c")])).is_ok());
        assert_eq!(
            check_method(&request("/", &[("upgrade", "WebSocket")])),
            Err(Trouble::Upgrade("websocket".to_owned()))
        );
    }
}
