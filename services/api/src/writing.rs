//! Writes: one request, one operation, one command. `202` says where the command stands; `Prefer: wait`
//! waits for the end of its operation; `If-Match` refuses what rests on an older read.

mod write;

pub(crate) use write::Write;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_events::{Intent, Millis, OperationId, Place, Seq, Time, Writer};
use gantry_read_model::{AsOf, Found};
use gantry_rest::{Problem, ProblemCode};
use gantry_views::{DocKey, Documents, Entry, OperationDoc, OperationState, Said, View, fold};

use crate::api::Api;
use crate::desk::Order;
use crate::reading;
use crate::refusal::{Answer, Refusal};

/// How long a write waits, at most, for the read model to show what it has stored already.
const SHOWN_WITHIN: Millis = Millis(2000);

/// What a write asks for.
pub(crate) struct Wish<'a> {
    /// The command.
    pub(crate) intent: Intent,
    /// The body it was read from.
    pub(crate) body: &'a [u8],
    /// Which version there is of what it changes; none where it is not there.
    pub(crate) version: Option<Seq>,
}

impl Api {
    /// Has a command written and answers with its operation.
    pub(crate) async fn command(&self, write: &Write, wish: Wish<'_>) -> Answer {
        let mut order = write.order(wish.intent, wish.body);
        order.unchanged_since = match write.based_on(wish.version) {
            Ok(read) => read,
            // A retry finds what its first try has changed.
            Err(_) if self.is_accepted(order.operation).await? => None,
            Err(stale) => return Err(stale),
        };
        let place = self.desk.accept(order.clone()).await?;
        let wait = write.wait.unwrap_or_default();
        let shown = self.shown(place.seq, wait.max(SHOWN_WITHIN)).await;
        let operation = match shown {
            true => self.operation(order.operation).await?,
            false => None,
        };
        let Some(first) = operation else {
            // Stored, which is what 202 says; merely not shown yet.
            return Ok(accepted(
                self.reader.seq(),
                place.seq,
                &order.queued(place)?,
            ));
        };
        let last = self.ended(first, wait).await?;
        Ok(answered(last, write.wait.is_some()))
    }

    async fn is_accepted(&self, operation: OperationId) -> Answer<bool> {
        Ok(self.reader.request_of(operation).await?.is_some())
    }

    /// Which version of a document there is now; none where it is not there.
    pub(crate) async fn version_of<T: View>(&self, key: &DocKey) -> Answer<Option<Seq>> {
        let found = self.reader.get::<T>(key, None).await?;
        Ok(found.value.map(|found| found.from))
    }

    async fn shown(&self, seq: Seq, within: Millis) -> bool {
        let reached = self.reader.reached(seq);
        let in_time = tokio::time::timeout(within.duration(), reached).await;
        in_time.is_ok_and(|reached| reached.is_ok())
    }

    async fn operation(&self, id: OperationId) -> Answer<Option<AsOf<Found<OperationDoc>>>> {
        let key = DocKey::operation(id);
        let AsOf { seq, value } = self.reader.get::<OperationDoc>(&key, None).await?;
        Ok(value.map(|value| AsOf { seq, value }))
    }

    /// The operation once it has ended, or as it is when the time is over or the process stops.
    async fn ended(
        &self,
        first: AsOf<Found<OperationDoc>>,
        wait: Millis,
    ) -> Answer<AsOf<Found<OperationDoc>>> {
        let (id, since) = (first.value.doc.id, self.process.clock.moment());
        let stopping = self.process.stopping();
        let (mut latest, mut may_wait) = (first, true);
        while may_wait && latest.value.doc.end_seq.is_none() && since.elapsed() < wait {
            let left = Millis(wait.0 - since.elapsed().0.min(wait.0));
            // Next is what follows the sequence that was read, not the one that is reached by now: that
            // one may hold the end, and nothing need ever come after it.
            may_wait = tokio::select! {
                () = stopping.cancelled() => false,
                () = self.process.sleep(left) => false,
                reached = self.reader.reached(latest.seq.next()) => reached.is_ok(),
            };
            if let Some(newer) = self.operation(id).await? {
                latest = newer;
            }
        }
        Ok(latest)
    }
}

fn answered(AsOf { seq, value }: AsOf<Found<OperationDoc>>, waited: bool) -> Response {
    let Found { doc, from } = value;
    match (waited, doc.state) {
        (true, OperationState::Succeeded | OperationState::Superseded) => {
            reading::one(seq, from, &doc)
        }
        (true, OperationState::Failed) => reading::at(seq, failed(&doc).into_response()),
        (true, OperationState::Queued | OperationState::Running) | (false, _) => {
            accepted(seq, from, &doc)
        }
    }
}

fn failed(doc: &OperationDoc) -> Refusal {
    let problem = doc.problem.clone().map_or_else(
        || {
            Problem::new(
                ProblemCode::Internal,
                "the operation failed without a reason",
            )
        },
        Problem::from,
    );
    problem.of_operation(doc.id).into()
}

fn accepted(seq: Seq, version: Seq, doc: &OperationDoc) -> Response {
    let location = format!("/v1/operations/{}", doc.id);
    let mut response = (StatusCode::ACCEPTED, Json(doc)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    reading::at(seq.max(version), response)
}

impl Order {
    /// The operation as the read model will show it first.
    fn queued(&self, place: Place) -> Answer<OperationDoc> {
        let command = self.command(Time::default());
        let entry = Entry {
            place,
            time: command.time,
            writer: &Writer::Api,
            operation: Some(self.operation),
            answers: None,
            said: Said::Command(&command),
        };
        let mut documents = Documents::default();
        fold(&entry, &mut documents);
        let doc = documents.find::<OperationDoc>(&DocKey::operation(self.operation));
        doc.cloned().ok_or_else(|| {
            let detail = format!("operation {} is stored and cannot be shown", self.operation);
            Refusal::new(ProblemCode::NotYet, detail)
        })
    }
}
