//! Pools of machines.

use std::collections::BTreeMap;

use axum::extract::State;
use gantry_events::{
    CreatePool as MakePool, Intent, PoolName, RemovePool, ScalePool as Resize, Scope,
};
use gantry_read_model::Field;
use gantry_rest::{CreatePool, List, ProblemCode, ScalePool};
use gantry_views::{DocKey, OperationDoc, PoolDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing, Whole, invalid};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;
use crate::writing::{Wish, Write};

/// Most machines of a pool; a typing error should not order a data centre.
const MOST_MACHINES: u32 = 1000;

/// Longest name of a provider.
const LONGEST_PROVIDER: usize = 40;

/// Most labels of a pool, and the longest of them: every node's document holds them all.
const MOST_LABELS: usize = 12;
const LONGEST_LABEL: usize = 60;

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
    fits(asked.size)?;
    if asked.provider.is_empty() || asked.provider.len() > LONGEST_PROVIDER {
        let why = format!("provider is 1 to {LONGEST_PROVIDER} characters: `local`");
        return Err(invalid("/provider", why));
    }
    check_labels(&asked.labels)?;
    let wish = Wish {
        version: api
            .version_of::<PoolDoc>(&DocKey::pool(&asked.name))
            .await?,
        intent: Intent::CreatePool(MakePool {
            pool: asked.name,
            provider: asked.provider,
            size: asked.size,
            labels: asked.labels,
        }),
        body: &body.bytes,
    };
    api.command(&write, wish).await
}

/// Sets how many machines a pool has. Those that are too many are drained, then removed.
#[utoipa::path(post, path = "/pools/{pool}/scale", tag = "pools",
    params(("pool" = String, Path, description = "The pool."), Write),
    request_body = ScalePool,
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn scale_pool(
    State(api): State<Api>,
    Named(pool): Named<PoolName>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
    body: Whole,
) -> Answer {
    let ScalePool { size } = body.json()?;
    fits(size)?;
    let wish = Wish {
        version: api.version_of::<PoolDoc>(&DocKey::pool(&pool)).await?,
        intent: Intent::ScalePool(Resize { pool, size }),
        body: &body.bytes,
    };
    api.command(&write, wish).await
}

/// Removes a pool: its machines are drained, then removed.
#[utoipa::path(delete, path = "/pools/{pool}", tag = "pools",
    params(("pool" = String, Path, description = "The pool."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn delete_pool(
    State(api): State<Api>,
    Named(pool): Named<PoolName>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let wish = Wish {
        version: api.version_of::<PoolDoc>(&DocKey::pool(&pool)).await?,
        intent: Intent::RemovePool(RemovePool { pool }),
        body: b"",
    };
    api.command(&write, wish).await
}

fn fits(size: u32) -> Answer<()> {
    if size <= MOST_MACHINES {
        return Ok(());
    }
    Err(invalid(
        "/size",
        format!("size is {size}, not 0 to {MOST_MACHINES}"),
    ))
}

fn check_labels(labels: &BTreeMap<String, String>) -> Answer<()> {
    if labels.len() > MOST_LABELS {
        let why = format!("labels are {} and not {MOST_LABELS} at most", labels.len());
        return Err(invalid("/labels", why));
    }
    for (label, value) in labels {
        let pointer = format!("/labels/{}", label.replace('~', "~0").replace('/', "~1"));
        if ["pool", "provider"].contains(&label.as_str()) {
            return Err(invalid(
                &pointer,
                format!("every node has the label `{label}` already; take another name"),
            ));
        }
        if !is_label(label) || !is_label(value) {
            let why = format!(
                "a label and its value are 1 to {LONGEST_LABEL} of a-z A-Z 0-9 . _ / -, not `{label}: {value}`"
            );
            return Err(invalid(&pointer, why));
        }
    }
    Ok(())
}

fn is_label(text: &str) -> bool {
    let may = |b: u8| b.is_ascii_alphanumeric() || b"._/-".contains(&b);
    (1..=LONGEST_LABEL).contains(&text.len()) && text.bytes().all(may)
}
