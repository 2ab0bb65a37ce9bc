//! Who asks: the bearer token, known by its digest alone.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gantry_events::{Actor, Digest};
use gantry_rest::ProblemCode;

use crate::api::Api;
use crate::refusal::Refusal;

/// Name of the one token there is: the operator's.
const OPERATOR: &str = "operator";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal(pub(crate) Actor);

/// Lets those in who show a token that is known.
pub(crate) async fn authenticate(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Response {
    match principal(request.headers(), &api.identity.token_hash) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn principal(headers: &HeaderMap, token_hash: &Digest) -> Result<Principal, Refusal> {
    let unknown = |detail: &str| Refusal::new(ProblemCode::Unauthenticated, detail);
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.ok_or_else(|| {
        unknown("no token was sent; send `Authorization: Bearer TOKEN`, as in .gantry/env")
    })?;
    let token = shown
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| unknown("the token is not sent as `Authorization: Bearer TOKEN`"))?;
    if !same(&Digest::of(token.as_bytes()), token_hash) {
        return Err(unknown(
            "the token is not known; .gantry/env holds the operator's",
        ));
    }
    Ok(Principal(Actor::Token(OPERATOR.to_owned())))
}

/// Compares without telling by its time how much is alike.
fn same(one: &Digest, other: &Digest) -> bool {
    let pairs = one.as_bytes().iter().zip(other.as_bytes());
    pairs.fold(0, |unlike, (a, b)| unlike | (a ^ b)) == 0
}
