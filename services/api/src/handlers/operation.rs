//! Operations: what was asked for, and what became of it.

use axum::extract::State;
use gantry_events::{OperationId, Scope};
use gantry_read_model::Field;
use gantry_rest::{List, ProblemCode};
use gantry_views::{DocKey, OperationDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;

const FIELDS: [Field; 3] = [Field::State, Field::Scope, Field::Kind];

/// All operations that have not ended, the first first; with `all=true` every one.
#[utoipa::path(get, path = "/operations", tag = "operations", params(Listed),
    responses((status = 200, description = "What was asked for.", body = List<OperationDoc>), Problems))]
pub(crate) async fn list_operations(
    State(api): State<Api>,
    Asked(listed): Asked<Listed>,
) -> Answer {
    let found = api.list::<OperationDoc>(Scope::Cluster, Vec::new(), &listed, &FIELDS);
    Ok(reading::page(found.await?, |doc| doc))
}

/// One operation.
#[utoipa::path(get, path = "/operations/{operation}", tag = "operations",
    params(("operation" = String, Path, description = "The operation."), Moment),
    responses((status = 200, description = "What was asked for.", body = OperationDoc), Problems))]
pub(crate) async fn get_operation(
    State(api): State<Api>,
    Named(operation): Named<OperationId>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let key = DocKey::operation(operation);
    let missing = ProblemCode::OperationNotFound;
    let found = api.find::<OperationDoc>(&key, &moment, missing).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}
