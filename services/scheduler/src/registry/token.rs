//! The anonymous token that some registries want to see, got where their challenge says.

use reqwest::{Client, Url};
use serde::Deserialize;

use super::{LookupError, judge, send, told};
use crate::registry::place::Place;

/// A `WWW-Authenticate: Bearer` challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    service: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    token: Option<String>,
    access_token: Option<String>,
}

impl Challenge {
    /// Reads the header; none for other schemes.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        Some(Self {
            realm: parameter(rest, "realm")?,
            service: parameter(rest, "service"),
        })
    }

    /// Asks for a token that may read this image, as nobody in particular.
    pub async fn token(&self, client: &Client, place: &Place) -> Result<String, LookupError> {
        let answer = judge(place, send(client.get(self.address(place)?)).await?)?;
        let granted: Granted = answer
            .json()
            .await
            .map_err(|error| LookupError::Unreachable(told(&error)))?;
        granted.token.or(granted.access_token).ok_or_else(|| {
            LookupError::Refused(format!(
                "{} gives no token to read {}",
                place.host(),
                place.name()
            ))
        })
    }

    /// A far registry's tokens are never fetched without TLS, whatever it says.
    fn address(&self, place: &Place) -> Result<Url, LookupError> {
        let wrong = || {
            let said = format!(
                "{} names `{}` for tokens, which will not do",
                place.host(),
                self.realm
            );
            LookupError::Refused(said)
        };
        let mut address: Url = self.realm.parse().map_err(|_| wrong())?;
        if address.scheme() != "https" && !place.is_near() {
            return Err(wrong());
        }
        let scope = format!("repository:{}:pull", place.repository());
        let mut query = address.query_pairs_mut();
        query.append_pair("scope", &scope);
        if let Some(service) = &self.service {
            query.append_pair("service", service);
        }
        drop(query);
        Ok(address)
    }
}

/// The value of `name="value"` in a list of such.
fn parameter(list: &str, name: &str) -> Option<String> {
    let mut rest = list;
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, next) = after.split_once('"')?;
        if key
            .trim_start_matches([',', ' '])
            .trim()
            .eq_ignore_ascii_case(name)
        {
            return Some(value.to_owned());
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_where_tokens_are_got() {
        let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push""#;
        let challenge = Challenge::parse(header).unwrap();
        assert_eq!(challenge.realm, "https://auth.docker.io/token");
        assert_eq!(challenge.service.as_deref(), Some("registry.docker.io"));
        for other in ["", "Bearer", r#"Basic realm="x""#, r#"Bearer service="x""#] {
            assert_eq!(Challenge::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_far_registrys_token_is_not_fetched_without_tls() {
        let challenge = Challenge {
            realm: "http://169.254.169.254/".to_owned(),
            service: None,
        };
        let far = Place::of(&"ghcr.io/a/b".parse().unwrap(), "registry:5000");
        assert!(matches!(
            challenge.address(&far),
            Err(LookupError::Refused(_))
        ));
        let near = Place::of(&"localhost:5000/a".parse().unwrap(), "registry:5000");
        assert!(challenge.address(&near).is_ok());
    }
}
