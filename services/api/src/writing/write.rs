//! `Write`: what a write says besides its path and body: who asks, under which key, how long to wait,
//! and what must still be there.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use gantry_events::{Digest, Intent, Millis, OperationId, Seq};
use gantry_rest::{IDEMPOTENCY_KEY, ProblemCode};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema};
use uuid::Uuid;

use crate::api::Api;
use crate::auth::Principal;
use crate::desk::Order;
use crate::refusal::{Answer, Refusal};
use crate::trace::Trace;

/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 200;

/// What a write says besides its path and body.
#[derive(Debug)]
pub(crate) struct Write {
    principal: Principal,
    trace: Trace,
    /// Method and path, as the digest of the request has them.
    target: String,
    key: Option<String>,
    pub(super) wait: Option<Millis>,
    if_match: Option<String>,
}

impl FromRequestParts<Api> for Write {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let extensions = &parts.extensions;
        let principal = extensions
            .get::<Principal>()
            .cloned()
            .ok_or_else(|| Refusal::new(ProblemCode::Unauthenticated, "no token was shown"))?;
        let trace = extensions.get::<Trace>().cloned();
        let path = extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |uri| &uri.0);
        let headers = &parts.headers;
        Ok(Self {
            principal,
            trace: trace.unwrap_or_else(|| Trace::of(headers)),
            target: format!("{} {}", parts.method, path.path()),
            key: key(headers)?,
            wait: preferred_wait(headers, api.settings.longest_wait),
            if_match: text(headers, header::IF_MATCH.as_str()).map(str::to_owned),
        })
    }
}

impl IntoParams for Write {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let headers = [
            (
                IDEMPOTENCY_KEY,
                "Makes a retry the same operation. Kept for a day at least.",
            ),
            (
                "Prefer",
                "`wait=30` holds the answer back until the operation ends, so many seconds.",
            ),
            (
                "If-Match",
                "The `ETag` of a read: what is there must still be that.",
            ),
        ];
        let parameters = headers.map(|(name, what)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .description(Some(what))
                .required(Required::False)
                .schema(Some(String::schema()))
                .build()
        });
        parameters.into()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(given) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = given.to_str().ok().map(str::trim);
    let fits = key.filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let detail = format!("{IDEMPOTENCY_KEY} is 1 to {LONGEST_KEY} visible characters");
    fits.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Refusal::new(ProblemCode::InvalidParameter, detail))
}

/// `Prefer: wait=30`, in seconds. A preference that cannot be read is none, as RFC 7240 has it.
fn preferred_wait(headers: &HeaderMap, longest: Millis) -> Option<Millis> {
    let all = headers.get_all("prefer").iter();
    let preferences = all.filter_map(|value| value.to_str().ok());
    let wait = preferences
        .flat_map(|value| value.split(','))
        .find_map(|one| {
            let (name, value) = one.split_once('=')?;
            let seconds = value.trim().trim_matches('"').parse::<u64>().ok()?;
            name.trim().eq_ignore_ascii_case("wait").then_some(seconds)
        })?;
    Some(Millis(wait.saturating_mul(1000)).min(longest))
}

impl Write {
    /// The read it is based on by `If-Match`, if on any: the tag must be that of what is there now.
    pub(super) fn based_on(&self, version: Option<Seq>) -> Answer<Option<Seq>> {
        let Some(wanted) = &self.if_match else {
            return Ok(None);
        };
        let tag = version.map(|version| format!("\"{version}\""));
        let fits = wanted.split(',').map(str::trim).any(|one| match &tag {
            Some(tag) => one == "*" || one == tag,
            None => false,
        });
        if fits {
            return Ok(version.filter(|_| wanted != "*"));
        }
        let now = tag.unwrap_or_else(|| "nothing".to_owned());
        let detail = format!("If-Match is {wanted}, but there is {now} now; read it again");
        Err(Refusal::new(ProblemCode::VersionConflict, detail))
    }

    pub(super) fn order(&self, intent: Intent, body: &[u8]) -> Order {
        let Principal(actor) = &self.principal;
        let operation = match &self.key {
            Some(key) => OperationId::of_key(&actor.to_string(), key),
            None => OperationId(Uuid::now_v7()),
        };
        let request = [self.target.as_bytes(), b"\n", body].concat();
        Order {
            operation,
            request: Digest::of(&request),
            actor: actor.clone(),
            traceparent: self.trace.parent.clone(),
            unchanged_since: None,
            intent,
        }
    }
}
