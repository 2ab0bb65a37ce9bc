//! Headers on their way through: what ends here, and what replicas are told of the client.

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

/// Headers that say of the client what only we may say. Besides these, all that begin with `x-forwarded-`.
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The host a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its name: lower case, without a port, without the dot at the end of an absolute name.
    pub(crate) host: String,
    /// The port, where the client names one.
    pub(crate) port: Option<u16>,
}

impl Asked {
    /// The host of a request. That of an absolute target counts more than the header (RFC 9112, 3.2.2).
    pub(crate) fn of<B>(request: &Request<B>) -> Result<Self, Trouble> {
        if request.method() == Method::CONNECT {
            return Err(Trouble::Connect);
        }
        let mut lines = request.headers().get_all(header::HOST).iter();
        match (request.uri().authority(), lines.next(), lines.next()) {
            (_, _, Some(_)) | (None, None, _) => Err(Trouble::BadHost),
            (Some(authority), _, None) => Self::parse(authority),
            (None, Some(line), None) => {
                let authority = Authority::try_from(line.as_bytes());
                Self::parse(&authority.map_err(|_| Trouble::BadHost)?)
            }
        }
    }

    fn parse(authority: &Authority) -> Result<Self, Trouble> {
        let text = authority.as_str();
        if text.contains('@') {
            return Err(Trouble::BadHost);
        }
        let mut host = authority.host().to_ascii_lowercase();
        let port = text[host.len()..].strip_prefix(':');
        let port = port.filter(|port| !port.is_empty()).map(str::parse);
        let port = port.transpose().map_err(|_| Trouble::BadHost)?;
        // `web.shop.localhost.` is the same name, written as absolute.
        if host.ends_with('.') {
            host.pop();
        }
        Ok(Self { host, port })
    }
}

/// Makes the head of a client's request one for a replica. What it says of other proxies is replaced,
/// as nobody outside is trusted.
pub(crate) fn pass_request<B>(request: &mut Request<B>, client: &HeaderValue) {
    let host = authority_of(request);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    end_hop(headers);
    // Answered here already; the body follows as the replica reads it.
    headers.remove(header::EXPECT);
    headers.remove(header::FORWARDED);
    headers.remove(X_REAL_IP);
    let foreign: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
    headers.insert(X_FORWARDED_FOR, client.clone());
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
    if let Some(host) = host {
        headers.insert(X_FORWARDED_HOST, host.clone());
        headers.insert(header::HOST, host);
    }
}

/// Makes the head of a replica's answer one for the client. Gives the protocols it names, if it does: what
/// they mean is the status's matter.
pub(crate) fn pass_answer(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let protocols = headers.remove(header::UPGRADE);
    end_hop(headers);
    headers.remove(header::PROXY_AUTHENTICATE);
    protocols
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
    fn the_host_is_lower_case_apart_from_its_port_and_there_is_one() {
        type Row<'a> = (
            &'a str,
            &'a [(&'a str, &'a str)],
            Option<(&'a str, Option<u16>)>,
        );
        let rows: [Row; 10] = [
            (
                "/",
                &[("host", "Web.Shop.localhost:8080")],
                Some(("web.shop.localhost", Some(8080))),
            ),
            (
                "/",
                &[("host", "web.shop.localhost.:80")],
                Some(("web.shop.localhost", Some(80))),
            ),
            ("/", &[("host", "[::1]:8080")], Some(("[::1]", Some(8080)))),
            (
                "/",
                &[("host", "a.localhost:")],
                Some(("a.localhost", None)),
            ),
            (
                "http://a.localhost/x",
                &[("host", "b.localhost")],
                Some(("a.localhost", None)),
            ),
            ("/", &[("host", "a.localhost:99999")], None),
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
            let asked = Asked::of(&request(target, headers)).ok();
            let asked = asked
                .as_ref()
                .map(|asked| (asked.host.as_str(), asked.port));
            assert_eq!(asked, host, "{target} {headers:?}");
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
        pass_request(&mut request, &HeaderValue::from_static("10.1.2.3"));
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
}
