//! Machines.

use axum::extract::State;
use gantry_events::{MachineId, Scope};
use gantry_read_model::Field;
use gantry_rest::{List, ProblemCode};
use gantry_views::{DocKey, MachineDoc};

use super::Problems;
use crate::api::Api;
use crate::asked::{Asked, Named};
use crate::reading::{self, Listed, Moment};
use crate::refusal::Answer;

const FIELDS: [Field; 3] = [Field::State, Field::Node, Field::Pool];

/// All machines.
#[utoipa::path(get, path = "/machines", tag = "machines", params(Listed),
    responses((status = 200, description = "What was asked for.", body = List<MachineDoc>), Problems))]
pub(crate) async fn list_machines(State(api): State<Api>, Asked(listed): Asked<Listed>) -> Answer {
    let found = api.list::<MachineDoc>(Scope::Cluster, Vec::new(), &listed, &FIELDS);
    Ok(reading::page(found.await?, |doc| doc))
}

/// One machine.
#[utoipa::path(get, path = "/machines/{machine}", tag = "machines",
    params(("machine" = String, Path, description = "The machine."), Moment),
    responses((status = 200, description = "What was asked for.", body = MachineDoc), Problems))]
pub(crate) async fn get_machine(
    State(api): State<Api>,
    Named(machine): Named<MachineId>,
    Asked(moment): Asked<Moment>,
) -> Answer {
    let key = DocKey::machine(&machine);
    let missing = ProblemCode::MachineNotFound;
    let found = api.find::<MachineDoc>(&key, &moment, missing).await?;
    Ok(reading::one(found.seq, found.value.from, &found.value.doc))
}
