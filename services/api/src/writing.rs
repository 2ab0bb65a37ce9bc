//! Writes: one request, one operation, one command. `202` says where the command stands; `Prefer: wait`
//! waits for the end of its operation.

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_events::{Command, Digest, Intent, Millis, OperationId, Place, Seq, Writer};
use gantry_read_model::{AsOf, Found};
use gantry_rest::{IDEMPOTENCY_KEY, Problem, ProblemCode};
use gantry_views::{DocKey, Documents, Entry, OperationDoc, OperationState, Said, fold};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema};
use uuid::Uuid;

use crate::api::Api;
use crate::auth::Principal;
use crate::desk::Order;
use crate::reading;
use crate::refusal::{Answer, Refusal};
use crate::trace::Trace;

/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 200;

/// How long a write waits, at most, for the read model to show what it has stored already.
const SHOWN_WITHIN: Millis = Millis(2000);

/// What a write says besides its path and body.
#[derive(Debug)]
pub(crate) struct Write {
    principal: Principal,
    trace: Trace,
    /// Method and path, as the digest of the request has them.
    target: String,
    key: Option<String>,
    wait: Option<Millis>,
    if_match: Option<String>,
}

impl FromRequestParts<Api> for Write {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let extensions = &parts.extensions;
        let principal = extensions
            .get::<Principal>()
            .cloned()
            .ok_or_else(|| Refusal::new(ProblemCode::Unauthenticated, "no token was shown"))?;
        let trace = extensions.get::<Trace>().cloned();
        let path = extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |uri| &uri.0);
        let headers = &parts.headers;
        Ok(Self {
            principal,
            trace: trace.unwrap_or_else(|| Trace::of(headers)),
            target: format!("{} {}", parts.method, path.path()),
            key: key(headers)?,
            wait: preferred_wait(headers, api.settings.longest_wait),
            if_match: text(headers, header::IF_MATCH.as_str()).map(str::to_owned),
        })
    }
}

impl IntoParams for Write {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let headers = [
            (
                IDEMPOTENCY_KEY,
                "Makes a retry the same operation. Kept for a day at least.",
            ),
            (
                "Prefer",
                "`wait=30` holds the answer back until the operation ends, so many seconds.",
            ),
            (
                "If-Match",
                "The `ETag` of a read: what is there must still be that.",
            ),
        ];
        let parameters = headers.map(|(name, what)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .description(Some(what))
                .required(Required::False)
                .schema(Some(String::schema()))
                .build()
        });
        parameters.into()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(given) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = given.to_str().ok().map(str::trim);
    let fits = key.filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let detail = format!("{IDEMPOTENCY_KEY} is 1 to {LONGEST_KEY} visible characters");
    fits.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Refusal::new(ProblemCode::InvalidParameter, detail))
}

/// `Prefer: wait=30`, in seconds. A preference that cannot be read is none, as RFC 7240 has it.
fn preferred_wait(headers: &HeaderMap, longest: Millis) -> Option<Millis> {
    let all = headers.get_all("prefer").iter();
    let preferences = all.filter_map(|value| value.to_str().ok());
    let wait = preferences
        .flat_map(|value| value.split(','))
        .find_map(|one| {
            let (name, value) = one.split_once('=')?;
            let seconds = value.trim().trim_matches('"').parse::<u64>().ok()?;
            name.trim().eq_ignore_ascii_case("wait").then_some(seconds)
        })?;
    Some(Millis(wait.saturating_mul(1000)).min(longest))
}

impl Write {
    /// Compares `If-Match` with the tag of what is there now.
    pub(crate) fn matches(&self, version: Option<Seq>) -> Answer<()> {
        let Some(wanted) = &self.if_match else {
            return Ok(());
        };
        let tag = version.map(|version| format!("\"{version}\""));
        let fits = wanted.split(',').map(str::trim).any(|one| match &tag {
            Some(tag) => one == "*" || one == tag,
            None => false,
        });
        if fits {
            return Ok(());
        }
        let now = tag.unwrap_or_else(|| "nothing".to_owned());
        let detail = format!("If-Match is {wanted}, but there is {now} now; read it again");
        Err(Refusal::new(ProblemCode::VersionConflict, detail))
    }

    fn order(&self, intent: Intent, body: &[u8]) -> Order {
        let Principal(actor) = &self.principal;
        let operation = match &self.key {
            Some(key) => OperationId::of_key(&actor.to_string(), key),
            None => OperationId(Uuid::now_v7()),
        };
        let request = [self.target.as_bytes(), b"\n", body].concat();
        Order {
            operation,
            request: Digest::of(&request),
            actor: actor.clone(),
            traceparent: self.trace.parent.clone(),
            intent,
        }
    }
}

impl Api {
    /// Has a command written and answers with its operation.
    pub(crate) async fn command(&self, write: &Write, intent: Intent, body: &[u8]) -> Answer {
        let order = write.order(intent, body);
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
        let command = Command {
            operation: self.operation,
            actor: self.actor.clone(),
            time: gantry_events::Time::default(),
            request: self.request,
            traceparent: self.traceparent.clone(),
            intent: self.intent.clone(),
            unchanged_since: None,
        };
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
