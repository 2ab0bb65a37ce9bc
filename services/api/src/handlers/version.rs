//! What answers here, and what a file may say.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use gantry_rest::Version;

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Nothing};
use crate::reading;
use crate::refusal::Answer;

/// What answers.
#[utoipa::path(get, path = "/version", tag = "system",
    responses((status = 200, description = "What was asked for.", body = Version), Problems))]
pub(crate) async fn get_version(
    State(api): State<Api>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Answer {
    let seq = api.reader.seq();
    let version = Version {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cluster: api.identity.cluster.clone(),
        log: api.identity.log,
        seq,
    };
    Ok(reading::at(seq, Json(version).into_response()))
}

/// The JSON Schema of `gantry.yaml`.
#[utoipa::path(get, path = "/schema", tag = "system",
    responses((status = 200, description = "What was asked for.", body = Object), Problems))]
pub(crate) async fn get_schema(Asked(Nothing {}): Asked<Nothing>) -> Answer {
    Ok(Json(gantry_spec::schema()).into_response())
}
