//! One request, from its head to the head of its answer: find replicas, try them, pass on.

use std::sync::Arc;

use http::response::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use crate::Ingress;
use crate::attempt::{Answered, Failed};
use crate::body::{Answer, Download, Upload};
use crate::client::Client;
use crate::headers::{Asked, pass_answer, pass_request};
use crate::line::Line;
use crate::patience::Serving;
use crate::replica::{Flight, Replica};
use crate::stall::Stall;
use crate::tables::Chosen;
use crate::trouble::{Form, Trouble};
use crate::tunnel::Tunnel;
use crate::upgrades::{self, Upgrade};

/// Replicas that are tried for one request: enough to step over two that just went away, few enough
/// to answer within three connect time-outs.
const TRIES: usize = 3;

/// What a request came to, when it came to something.
enum Passed {
    /// A replica answers.
    Answered(Answered),
    /// A replica switches to what the client offered.
    Switched(Switched),
    /// The host leads away, to this place.
    Redirected(HeaderValue),
}

/// An answer that ends HTTP on its connection, with both ends of the tunnel to be.
struct Switched {
    head: Parts,
    client: OnUpgrade,
    replica: OnUpgrade,
    line: Line,
    flight: Flight,
}

impl Ingress {
    /// Answers one request, whatever happens.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        client: &Client,
    ) -> Response<Answer> {
        let serving = client.begin();
        let form = Form::wanted(request.headers());
        let answer = match self.pass(request, client).await {
            Ok(Passed::Answered(answered)) => self.pass_back(answered, serving),
            Ok(Passed::Switched(switched)) => switch(switched, client, serving),
            Ok(Passed::Redirected(place)) => redirect(place, serving),
            Err(trouble) => {
                self.counts.refused_by_us();
                tracing::debug!(code = trouble.code().1, %trouble, "answered without a replica");
                trouble.answer(form, serving)
            }
        };
        self.counts.answered(answer.status());
        answer
    }

    async fn pass(
        &self,
        mut request: Request<Incoming>,
        client: &Client,
    ) -> Result<Passed, Trouble> {
        let asked = Asked::of(&request)?;
        let upgrade = Upgrade::of(&mut request);
        pass_request(&mut request, &client.address);
        if let Some(upgrade) = &upgrade {
            upgrade.offer(request.headers_mut());
        }
        let mut request = request.map(Upload::new);
        let mut tried: Vec<Arc<Replica>> = Vec::new();
        let mut last = None;
        while tried.len() < TRIES {
            let now = self.uptime.now();
            let flight = match self.tables.choose(&asked.host, &tried, now)? {
                Chosen::Flight(flight) => flight,
                Chosen::Redirect(to) => {
                    return Ok(Passed::Redirected(place(
                        to.as_str(),
                        asked.port,
                        request.uri(),
                    )));
                }
                Chosen::Exhausted => break,
            };
            let replica = flight.replica.clone();
            (request, last) = match self.attempt(flight, request).await {
                Ok(answered) => return self.passed(answered, upgrade),
                Err(Failed::Unreachable(again)) => (again, None),
                Err(Failed::Again(again, cause)) => (again, Some(cause)),
                Err(Failed::ForGood(cause)) => return Err(cause),
            };
            self.counts.retries.up();
            tried.push(replica);
        }
        Err(last.unwrap_or(Trouble::Unreachable(tried.len())))
    }

    /// An answer, or a switch if both sides want one.
    fn passed(&self, mut answered: Answered, upgrade: Option<Upgrade>) -> Result<Passed, Trouble> {
        if answered.response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Passed::Answered(answered));
        }
        let replica = hyper::upgrade::on(&mut answered.response);
        let Answered {
            response,
            line,
            flight,
        } = answered;
        let (mut head, _) = response.into_parts();
        let picked = pass_answer(&mut head.headers);
        match upgrade {
            Some(upgrade) if upgrade.accept(picked, &mut head.headers) => {
                flight.replica.doubt.answered(self.uptime.now());
                Ok(Passed::Switched(Switched {
                    head,
                    client: upgrade.client,
                    replica,
                    line,
                    flight,
                }))
            }
            Some(_) | None => {
                let cause = Trouble::Garbled(flight.replica.key.to_string());
                self.blame(&flight.replica, &cause);
                Err(cause)
            }
        }
    }

    fn pass_back(&self, answered: Answered, serving: Serving) -> Response<Answer> {
        let Answered {
            response,
            line,
            flight,
        } = answered;
        let (mut head, inner) = response.into_parts();
        let protocols = pass_answer(&mut head.headers);
        // Says with what the client could come back; anywhere else it would be no more than an offer.
        if let Some(protocols) = protocols.filter(|_| head.status == StatusCode::UPGRADE_REQUIRED) {
            upgrades::say(&mut head.headers, protocols);
        }
        head.version = Version::HTTP_11;
        serving.answer_of(flight.replica.clone());
        let download = Download {
            inner,
            ended: false,
            line: Some(line),
            flight,
            stall: Stall::new(self.settings.http_stall),
            uptime: self.uptime,
        };
        Response::from_parts(head, Answer::of_replica(download, serving))
    }
}

fn switch(switched: Switched, client: &Client, serving: Serving) -> Response<Answer> {
    client.become_tunnel(Tunnel {
        client: switched.client,
        replica: switched.replica,
        line: switched.line,
        flight: switched.flight,
        serving,
    });
    Response::from_parts(switched.head, Answer::of_tunnel())
}

/// The same path and query at another host, and the port at which this client reaches us.
fn place(host: &str, port: Option<u16>, uri: &Uri) -> HeaderValue {
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let place = format!("http://{host}{port}{uri}");
    HeaderValue::from_str(&place).expect("a host, a port and a path are visible ASCII")
}

fn redirect(place: HeaderValue, serving: Serving) -> Response<Answer> {
    let mut answer = Response::new(Answer::own(bytes::Bytes::new(), serving));
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    answer.headers_mut().insert(header::LOCATION, place);
    answer
}
