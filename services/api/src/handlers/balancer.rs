//! Balancers.

use axum::extract::State;
use gantry_events::{BalancerId, Scope};
use gantry_read_model::Field;
use gantry_rest::{List, ProblemCode};
use gantry_views::{BalancerDoc, DocKey};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;

/// All balancers.
#[utoipa::path(get, path = "/balancers", tag = "balancers", params(Listed),
    responses((status = 200, description = "What was asked for.", body = List<BalancerDoc>), Problems))]
pub(crate) async fn list_balancers(State(api): State<Api>, Asked(listed): Asked<Listed>) -> Answer {
    let found = api.list::<BalancerDoc>(Scope::Cluster, Vec::new(), &listed, &[Field::State]);
    Ok(reading::page(found.await?, |doc| doc))
}

/// One balancer.
#[utoipa::path(get, path = "/balancers/{balancer}", tag = "balancers",
    params(("balancer" = String, Path, description = "The balancer."), Moment),
    responses((status = 200, description = "What was asked for.", body = BalancerDoc), Problems))]
pub(crate) async fn get_balancer(
    State(api): State<Api>,
    Named(balancer): Named<BalancerId>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let key = DocKey::balancer(&balancer);
    let missing = ProblemCode::BalancerNotFound;
    let found = api.find::<BalancerDoc>(&key, &moment, missing).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}
