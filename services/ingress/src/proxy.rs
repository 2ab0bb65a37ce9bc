//! One request, from its head to the head of its answer: find replicas, try them, pass on.
//!
//! Another replica is tried only where nothing was sent: no connection could be made, or a kept one
//! was closed meanwhile. What may have reached a replica is sent again only if that does no harm.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use gantry_events::Millis;
use http::{Method, Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};

use crate::Ingress;
use crate::body::{Answer, Download, Progress, Upload};
use crate::headers::{check_method, host_of, pass_answer, pass_request};
use crate::patience::Serving;
use crate::pool::{Sender, connect};
use crate::replica::{Flight, Replica};
use crate::stall::Stall;
use crate::trouble::Trouble;

/// Replicas that are tried for one request: enough to step over two that just went away, few enough
/// to answer within three connect time-outs.
const TRIES: usize = 3;

type Sent = Result<Response<Incoming>, Unsent>;

/// No answer came.
struct Unsent {
    /// The request, if it may be sent again.
    again: Option<Request<Upload>>,
    cause: Trouble,
}

/// An answer's head, with all that has to live until its body's end.
struct Answered {
    response: Response<Incoming>,
    sender: Sender,
    flight: Flight,
}

impl Ingress {
    /// Answers one request, whatever happens.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        client: IpAddr,
        serving: Serving,
    ) -> Response<Answer> {
        let answer = match self.pass(request, client).await {
            Ok(answered) => self.pass_back(answered, serving),
            Err(trouble) => {
                self.counts.refused_by_us();
                tracing::debug!(code = trouble.code().1, %trouble, "answered without a replica");
                trouble.answer(serving)
            }
        };
        self.counts.answered(answer.status());
        answer
    }

    async fn pass(
        &self,
        mut request: Request<Incoming>,
        client: IpAddr,
    ) -> Result<Answered, Trouble> {
        check_method(&request)?;
        let host = host_of(&request)?;
        pass_request(&mut request, client);
        let mut request = request.map(Upload::new);
        let mut tried: Vec<Arc<Replica>> = Vec::new();
        while tried.len() < TRIES {
            let Some(flight) = self.tables.choose(&host, &tried, self.uptime.now())? else {
                break;
            };
            let replica = flight.replica.clone();
            request = match self.attempt(flight, request).await {
                Ok(answered) => return Ok(answered),
                Err(Unsent {
                    again: Some(request),
                    ..
                }) => request,
                Err(Unsent { again: None, cause }) => return Err(cause),
            };
            self.counts.retries.up();
            tried.push(replica);
        }
        Err(Trouble::Unreachable(tried.len()))
    }

    /// Tries one replica: a kept connection first, then a new one.
    async fn attempt(
        &self,
        flight: Flight,
        mut request: Request<Upload>,
    ) -> Result<Answered, Unsent> {
        if let Some(mut sender) = flight.replica.pool.take() {
            let copy = repeatable(&request);
            request = match self.send(&mut sender, request, &flight.replica).await {
                Ok(response) => {
                    return Ok(Answered {
                        response,
                        sender,
                        flight,
                    });
                }
                // Closed while it was idle: a common race, and no reason to think ill of the replica.
                Err(Unsent {
                    again,
                    cause: Trouble::Closed(who),
                }) => again.or(copy).ok_or(Unsent {
                    again: None,
                    cause: Trouble::Closed(who),
                })?,
                Err(unsent) => return Err(unsent),
            };
            self.counts.retries.up();
        }
        let Some(mut sender) = self.reach(&flight.replica).await else {
            return Err(Unsent {
                again: Some(request),
                cause: Trouble::Unreachable(1),
            });
        };
        let response = self.send(&mut sender, request, &flight.replica).await?;
        Ok(Answered {
            response,
            sender,
            flight,
        })
    }

    /// A new connection. A replica that cannot be reached is skipped for a while.
    async fn reach(&self, replica: &Arc<Replica>) -> Option<Sender> {
        match connect(&self.process, replica, self.settings.replica_connect_within).await {
            Ok(sender) => {
                replica.reached();
                Some(sender)
            }
            Err(error) => {
                self.counts.refused.up();
                replica.skip_until(self.uptime.now() + self.settings.replica_skip);
                tracing::warn!(replica = %replica.key, address = %replica.address, %error, "a replica cannot be connected to; others are preferred for {}", self.settings.replica_skip);
                None
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    async fn send(&self, sender: &mut Sender, request: Request<Upload>, replica: &Replica) -> Sent {
        let progress = request.body().progress();
        let sent = tokio::select! {
            sent = sender.try_send_request(request) => sent,
            cause = self.stands_still(&progress, replica) => return Err(Unsent { again: None, cause }),
        };
        match sent {
            Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => Err(Unsent {
                again: None,
                cause: Trouble::Garbled(replica.key.to_string()),
            }),
            Ok(response) => Ok(response),
            Err(mut failed) => {
                let again = failed.take_message();
                Err(Unsent {
                    again,
                    cause: cause_of(failed.error(), replica),
                })
            }
        }
    }

    /// Ends once neither the request's body moves nor an answer comes, with who is to blame.
    async fn stands_still(&self, progress: &Progress, replica: &Replica) -> Trouble {
        let limit: Millis = self.settings.replica_answer_within;
        loop {
            let before = progress.frames();
            self.process.sleep(limit).await;
            if progress.frames() != before {
                continue;
            }
            return match progress.waits_for_client() {
                true => Trouble::SlowRequest(limit),
                false => Trouble::TimedOut(replica.key.to_string(), limit),
            };
        }
    }

    fn pass_back(&self, answered: Answered, serving: Serving) -> Response<Answer> {
        let Answered {
            response,
            sender,
            flight,
        } = answered;
        let (mut head, inner) = response.into_parts();
        pass_answer(&mut head.headers);
        head.version = Version::HTTP_11;
        let download = Download {
            inner,
            sender: Some(sender),
            flight,
            stall: Stall::new(self.settings.http_stall),
            process: self.process.clone(),
            uptime: self.uptime,
        };
        Response::from_parts(head, Answer::of_replica(download, serving))
    }
}

/// A copy of a request that may be sent twice: its method says so, and there is no body to be gone.
fn repeatable(request: &Request<Upload>) -> Option<Request<Upload>> {
    let harmless = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
        Method::PUT,
        Method::DELETE,
    ];
    if !harmless.contains(request.method()) || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Upload::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

fn cause_of(error: &hyper::Error, replica: &Replica) -> Trouble {
    // Errors of our side are those of the body we pass on, and of a connection that was cut.
    let from_body = error
        .source()
        .is_some_and(|source| source.is::<hyper::Error>());
    if error.is_user() && from_body {
        return Trouble::BrokenRequest;
    }
    match error.is_parse() {
        true => Trouble::Garbled(replica.key.to_string()),
        false => Trouble::Closed(replica.key.to_string()),
    }
}
