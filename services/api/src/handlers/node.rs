//! Nodes, with their silence laid over reads of now; and how a node joins.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gantry_bus::{mint_node, node_key};
use gantry_events::{CordonNode, DrainNode, Intent, NodeId, Scope, UncordonNode};
use gantry_read_model::Field;
use gantry_rest::{JoinAnswer, JoinNode, List, ProblemCode};
use gantry_views::{DocKey, NodeDoc, OperationDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named, Nothing, Whole, invalid};
use crate::desk::Applicant;
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;
use crate::writing::{Wish, Write};

/// All nodes.
#[utoipa::path(get, path = "/nodes", tag = "nodes", params(Listed),
    responses((status = 200, description = "What was asked for.", body = List<NodeDoc>), Problems))]
pub(crate) async fn list_nodes(State(api): State<Api>, Asked(listed): Asked<Listed>) -> Answer {
    let found = api.list::<NodeDoc>(Scope::Cluster, Vec::new(), &listed, &[Field::State]);
    let found = found.await?;
    let is_now = listed.is_now();
    Ok(reading::page(found, |mut doc| {
        if is_now {
            api.heartbeats.lay_over_node(&mut doc);
        }
        doc
    }))
}

/// One node.
#[utoipa::path(get, path = "/nodes/{node}", tag = "nodes",
    params(("node" = String, Path, description = "The node."), Moment),
    responses((status = 200, description = "What was asked for.", body = NodeDoc), Problems))]
pub(crate) async fn get_node(
    State(api): State<Api>,
    Named(node): Named<NodeId>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let key = DocKey::node(&node);
    let missing = ProblemCode::NodeNotFound;
    let mut found = api.find::<NodeDoc>(&key, &moment, missing).await?;
    if moment.is_now() {
        api.heartbeats.lay_over_node(&mut found.value.doc);
    }
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}

/// Places nothing more on a node; what runs there stays.
#[utoipa::path(post, path = "/nodes/{node}/cordon", tag = "nodes",
    params(("node" = String, Path, description = "The node."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn cordon_node(
    State(api): State<Api>,
    Named(node): Named<NodeId>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let intent = Intent::CordonNode(CordonNode { node: node.clone() });
    tell(&api, &write, &node, intent).await
}

/// Lets a node take replicas again; ends a drain.
#[utoipa::path(post, path = "/nodes/{node}/uncordon", tag = "nodes",
    params(("node" = String, Path, description = "The node."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn uncordon_node(
    State(api): State<Api>,
    Named(node): Named<NodeId>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let intent = Intent::UncordonNode(UncordonNode { node: node.clone() });
    tell(&api, &write, &node, intent).await
}

/// Moves all that runs on a node elsewhere, and places nothing more on it.
#[utoipa::path(post, path = "/nodes/{node}/drain", tag = "nodes",
    params(("node" = String, Path, description = "The node."), Write),
    responses((status = 202, description = "Accepted: the operation as it is.", body = OperationDoc),
        (status = 200, description = "Waited for: the operation at its end.", body = OperationDoc), Problems))]
pub(crate) async fn drain_node(
    State(api): State<Api>,
    Named(node): Named<NodeId>,
    Asked(Nothing {}): Asked<Nothing>,
    write: Write,
) -> Answer {
    let intent = Intent::DrainNode(DrainNode { node: node.clone() });
    tell(&api, &write, &node, intent).await
}

/// Takes what is asked of a node, on the node as it was read.
async fn tell(api: &Api, write: &Write, node: &NodeId, intent: Intent) -> Answer {
    let wish = Wish {
        version: api.version_of::<NodeDoc>(&DocKey::node(node)).await?,
        intent,
        body: b"",
    };
    api.command(write, wish).await
}

/// Lets a node join: one-time token and public key in, bus identity out. The same key again gets the
/// same answer.
#[utoipa::path(post, path = "/nodes/join", tag = "nodes", request_body = JoinNode, security(()),
    responses((status = 200, description = "What was asked for.", body = JoinAnswer), Problems))]
pub(crate) async fn join_node(
    State(api): State<Api>,
    Asked(Nothing {}): Asked<Nothing>,
    body: Whole,
) -> Answer<Response> {
    let asked: JoinNode = body.json()?;
    if node_key(&asked.public_key).is_none() || !asked.public_key.starts_with('U') {
        return Err(invalid(
            "/public_key",
            "public_key is no nkey of kind user: U and 55 characters of A-Z and 2-7",
        ));
    }
    let applicant = Applicant {
        machine: asked.machine,
        token: asked.token,
        public_key: asked.public_key.clone(),
    };
    let node = api.desk.admit(applicant).await?;
    let jwt = mint_node(&api.identity.nodes, &node, &asked.public_key)
        .map_err(|e| invalid("/public_key", e.to_string()))?;
    let answer = JoinAnswer {
        node,
        cluster: api.identity.cluster.clone(),
        log: api.identity.log,
        jwt,
        answer_public: api.identity.answer_public.clone().into(),
    };
    Ok(Json(answer).into_response())
}
