//! Pools of machines.

use axum::extract::State;
use gantry_events::{CreatePool as MakePool, Intent, PoolName, Scope};
use gantry_read_model::Field;
use gantry_rest::{CreatePool, List, ProblemCode};
use gantry_views::{DocKey, OperationDoc, PoolDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing, Whole, invalid};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;
use crate::writing::Write;

/// Most machines of a pool; a typing error should not order a data centre.
const MOST_MACHINES: u32 = 1000;

/// Longest name of a provider.
const LONGEST_PROVIDER: usize = 40;

/// All pools.
#[utoipa::path(get, path = "/pools", tag = "pools", params(Listed),
    responses((status = 200, description = "What was asked for.", body = List<PoolDoc>), Problems))]
pub(crate) async fn list_pools(State(api): State<Api>, Asked(listed): Asked<Listed>) -> Answer {
    let found = api.list::<PoolDoc>(Scope::Cluster, Vec::new(), &listed, &[Field::State]);
    Ok(reading::page(found.await?, |doc| doc))
}

/// One pool.
#[utoipa::path(get, path = "/pools/{pool}", tag = "pools",
    params(("pool" = String, Path, description = "The pool."), Moment),
    responses((status = 200, description = "What was asked for.", body = PoolDoc), Problems))]
pub(crate) async fn get_pool(
    State(api): State<Api>,
    Named(pool): Named<PoolName>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let (key, missing) = (DocKey::pool(&pool), ProblemCode::PoolNotFound);
    let found = api.find::<PoolDoc>(&key, &moment, missing).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}

/// Makes a pool of machines.
#[utoipa::path(post, path = "/pools", tag = "pools", params(Write),
    request_body = CreatePool,
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn create_pool(
    State(api): State<Api>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
    body: Whole,
) -> Answer {
    let asked: CreatePool = body.json()?;
    if asked.size > MOST_MACHINES {
        let why = format!("size is {}, not 0 to {MOST_MACHINES}", asked.size);
        return Err(invalid("/size", why));
    }
    if asked.provider.is_empty() || asked.provider.len() > LONGEST_PROVIDER {
        let why = format!("provider is 1 to {LONGEST_PROVIDER} characters: `local`");
        return Err(invalid("/provider", why));
    }
    let intent = Intent::CreatePool(MakePool {
        pool: asked.name,
        provider: asked.provider,
        size: asked.size,
        labels: Default::default(),
    });
    api.command(&write, intent, &body.bytes).await
}
