//! What is wrong with a project, and since when: changes that failed, slots that fit nowhere, replicas
//! that should answer and do not.

use gantry_events::{ProjectName, Time};
use gantry_rest::{Client, ServiceAnswer};
use gantry_views::{ReplicaDoc, ReplicaState, ServiceState};

use crate::args::Past;
use crate::commands::word;
use crate::context::{Context, answered};
use crate::failure::Failure;
use crate::output::{Column, Field, Sheet, Tone, age};

const COLUMNS: [Column; 3] = [
    Column::always("WRONG"),
    Column::spare("SINCE", 1),
    Column::sentence("WHY"),
];

/// One thing that is wrong.
struct Wrong {
    what: String,
    since: Time,
    why: String,
    tone: Tone,
}

/// Shows what is wrong, and how to learn more; nothing where all is well.
///
/// # Errors
/// Those of the read; standard output cannot be written.
pub async fn show(
    context: &Context,
    client: &Client,
    (project, past): (&ProjectName, &Past),
    services: &[ServiceAnswer],
) -> Result<(), Failure> {
    let replicas = answered(client.replicas(project, None, &past.read(false)))
        .await?
        .items;
    let services = services.iter().flat_map(of_service);
    let all: Vec<_> = services
        .chain(replicas.iter().filter_map(of_replica))
        .collect();
    let Some(first) = all.first().map(|wrong| wrong.what.clone()) else {
        return Ok(());
    };
    let now = past.now(client);
    context.screen.line("")?;
    let rows = all.into_iter().map(|wrong| {
        vec![
            Field::toned(wrong.tone, wrong.what),
            Field::of(age(wrong.since, now)),
            Field::toned(wrong.tone, wrong.why),
        ]
    });
    context.screen.sheet(Sheet::new(&COLUMNS, rows))?;
    context.screen.note(
        Tone::Dim,
        &format!("the whole story: gantry why {first} -p {project}"),
    );
    Ok(())
}

fn of_service(service: &ServiceAnswer) -> Vec<Wrong> {
    let status = &service.status;
    let wrong = |why: String, tone| Wrong {
        what: service.id.to_string(),
        since: status.standing.since,
        why,
        tone,
    };
    let failed = status.problem.as_ref();
    let failed = failed.map(|problem| {
        wrong(
            format!("the last change failed: {}", problem.detail),
            Tone::Bad,
        )
    });
    let unplaced = status.unplaced.as_ref();
    let unplaced = unplaced.map(|gap| {
        wrong(
            format!("slot {} fits no node: {}", gap.ordinal, gap.because),
            Tone::Bad,
        )
    });
    let waits = status.standing.waiting_for.as_ref();
    let waits = waits.filter(|_| unplaced.is_none() && status.state != ServiceState::Active);
    let waits = waits.map(|what| {
        wrong(
            format!("{}: waits for {what}", word(status.state)),
            Tone::Wait,
        )
    });
    [failed, unplaced, waits].into_iter().flatten().collect()
}

fn of_replica(replica: &ReplicaDoc) -> Option<Wrong> {
    let (ReplicaState::Unready
    | ReplicaState::Starting
    | ReplicaState::Pulling
    | ReplicaState::Creating
    | ReplicaState::Placed) = replica.state
    else {
        return None;
    };
    let why = replica
        .reason
        .as_ref()
        .or(replica.standing.waiting_for.as_ref())?;
    let restarts = (replica.restarts > 0).then(|| format!(", {} restarts", replica.restarts));
    let state = word(replica.state);
    Some(Wrong {
        what: replica.id.to_string(),
        since: replica.standing.since,
        why: format!(
            "{state} on {}{}: {why}",
            replica.node,
            restarts.unwrap_or_default()
        ),
        tone: Tone::Wait,
    })
}
