//! Registries: which digest an image's name stands for now. Two requests at most, none of them waited
//! for longer than 10 s; trying again is left to `lookups`.

mod place;
mod token;

use std::time::Duration;

use gantry_events::Digest;
use gantry_spec::ImageRef;
use reqwest::header::{ACCEPT, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};

use place::Place;
use token::Challenge;

/// Longest wait for a registry's whole answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Longest wait for a connection to a registry.
const CONNECT: Duration = Duration::from_secs(5);

/// The largest manifest that is hashed here, in bytes: what registries themselves take at most.
const MANIFEST: usize = 4 << 20;

/// Kinds of manifests and of lists of them that nodes can run: OCI's and Docker's.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// The header in which registries name what they answer.
const CONTENT_DIGEST: &str = "docker-content-digest";

/// A look-up gave no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The registry answered that it has no such image, or not for us. Asking again is of no use.
    #[error("{0}")]
    Refused(String),
    /// The registry did not answer, or not with an answer. It may another time.
    #[error("{0}")]
    Unreachable(String),
}

/// Requests cannot be made at all.
#[derive(Debug, thiserror::Error)]
#[error("registries cannot be asked: {0}")]
pub struct RegistriesError(String);

/// Asks registries.
#[derive(Clone, Debug)]
pub struct Registries {
    /// Where the system's own registry is reached.
    own: String,
    /// For registries over plain HTTP, which are near: no proxy, no TLS.
    near: Client,
    /// For the others; without certificates of the system there is none.
    far: Result<Client, String>,
}

impl Registries {
    /// Reaches the system's own registry at `own`, host and port.
    pub fn new(own: &str) -> Result<Self, RegistriesError> {
        let unmade = |error: reqwest::Error| RegistriesError(error.to_string());
        // Fails only where the program has chosen a provider already, which then stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trusts_nobody = ClientConfig::builder()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let limits = || Client::builder().timeout(ANSWER).connect_timeout(CONNECT);
        let near = limits()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(trusts_nobody)
            .build()
            .map_err(unmade)?;
        // A host without certificates has none; the system's own registry needs none.
        let far = limits().build().map_err(|error| format!("no TLS: {error}"));
        Ok(Self {
            own: own.to_owned(),
            near,
            far,
        })
    }

    /// The digest that the image's name stands for now.
    pub async fn digest(&self, image: &str) -> Result<Digest, LookupError> {
        let parsed = image
            .parse::<ImageRef>()
            .map_err(|error| LookupError::Refused(error.to_string()))?;
        let place = Place::of(&parsed, &self.own);
        let answer = self.ask(&place, Method::HEAD).await?;
        if let Some(digest) = named_digest(&answer) {
            return Ok(digest);
        }
        let answer = self.ask(&place, Method::GET).await?;
        match named_digest(&answer) {
            Some(digest) => Ok(digest),
            None => content_digest(answer).await,
        }
    }

    /// A good answer about the manifest, with an anonymous token where one is asked for.
    async fn ask(&self, place: &Place, method: Method) -> Result<Response, LookupError> {
        let client = self.client(place)?;
        let request = |client: &Client| {
            client
                .request(method.clone(), place.manifest())
                .header(ACCEPT, MANIFESTS)
        };
        let answer = send(request(client)).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return judge(place, answer);
        }
        let Some(challenge) = challenge(&answer) else {
            return judge(place, answer);
        };
        let token = challenge.token(client, place).await?;
        judge(place, send(request(client).bearer_auth(token)).await?)
    }

    fn client(&self, place: &Place) -> Result<&Client, LookupError> {
        if place.is_near() {
            return Ok(&self.near);
        }
        self.far
            .as_ref()
            .map_err(|why| LookupError::Unreachable(why.clone()))
    }
}

async fn send(request: RequestBuilder) -> Result<Response, LookupError> {
    request
        .send()
        .await
        .map_err(|error| LookupError::Unreachable(told(&error)))
}

/// The error with its causes: the outermost says only that a request failed.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

fn judge(place: &Place, answer: Response) -> Result<Response, LookupError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let said = format!("{} answered {status} for {}", place.host(), place.name());
    let may_pass = status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT;
    Err(if may_pass {
        LookupError::Unreachable(said)
    } else {
        LookupError::Refused(said)
    })
}

fn challenge(answer: &Response) -> Option<Challenge> {
    let header = answer.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?;
    Challenge::parse(header)
}

fn named_digest(answer: &Response) -> Option<Digest> {
    answer
        .headers()
        .get(CONTENT_DIGEST)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Of a registry that does not name what it answers: the digest of what it answered.
async fn content_digest(mut answer: Response) -> Result<Digest, LookupError> {
    let mut content = Vec::new();
    let unread = |error: reqwest::Error| LookupError::Unreachable(told(&error));
    while let Some(chunk) = answer.chunk().await.map_err(unread)? {
        content.extend_from_slice(&chunk);
        if content.len() > MANIFEST {
            let said = format!("its manifest is larger than {MANIFEST} bytes");
            return Err(LookupError::Refused(said));
        }
    }
    Ok(Digest::of(&content))
}
