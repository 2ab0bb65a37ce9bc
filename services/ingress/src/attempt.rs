//! One attempt to have a request answered by one replica: a kept connection first, then a new one.
//!
//! Where nothing was sent (no connection could be made, or a kept one was closed meanwhile) another
//! replica may be tried. What may have reached a replica is sent again only if that does no harm.

use std::error::Error;

use http::{Method, Request, Response, StatusCode};
use hyper::body::{Body, Incoming};

use crate::Ingress;
use crate::body::{Progress, Upload};
use crate::line::{Line, Unanswered};
use crate::replica::{Flight, Replica};
use crate::trouble::Trouble;

/// An answer's head, with all that has to live until its body's end.
pub(crate) struct Answered {
    pub(crate) response: Response<Incoming>,
    pub(crate) line: Line,
    pub(crate) flight: Flight,
}

/// No answer came.
pub(crate) enum Failed {
    /// No connection could be made, so nothing was sent.
    Unreachable(Request<Upload>),
    /// Sending the request once more does no harm.
    Again(Request<Upload>, Trouble),
    /// The request may have done something, or is gone.
    ForGood(Trouble),
}

impl Ingress {
    /// Tries one replica.
    pub(crate) async fn attempt(
        &self,
        flight: Flight,
        mut request: Request<Upload>,
    ) -> Result<Answered, Failed> {
        if let Some(line) = flight.replica.pool.take() {
            let kept = self.send(line, request, &flight.replica).await;
            request = match kept {
                Ok((response, line)) => {
                    return Ok(Answered {
                        response,
                        line,
                        flight,
                    });
                }
                // Closed while it was idle: a common race, and no reason to think ill of the replica.
                Err(Failed::Again(request, Trouble::Closed(_))) => request,
                Err(failed) => return Err(self.blamed(&flight.replica, failed)),
            };
            self.counts.retries.up();
        }
        let Some(line) = self.reach(&flight.replica).await else {
            return Err(Failed::Unreachable(request));
        };
        match self.send(line, request, &flight.replica).await {
            Ok((response, line)) => Ok(Answered {
                response,
                line,
                flight,
            }),
            Err(failed) => Err(self.blamed(&flight.replica, failed)),
        }
    }

    /// A new connection. A replica that cannot be reached is skipped for a while.
    async fn reach(&self, replica: &Replica) -> Option<Line> {
        let settings = &self.settings;
        let (connect, answer) = (
            settings.replica_connect_within,
            settings.replica_answer_within,
        );
        match Line::to(replica, connect, answer).await {
            Ok(line) => Some(line),
            Err(error) => {
                self.counts.refused.up();
                replica.doubt.refused(self.uptime.now());
                tracing::warn!(replica = %replica.key, address = %replica.address, %error, "a replica cannot be connected to; others are preferred for {}", settings.replica_skip);
                None
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    async fn send(
        &self,
        mut line: Line,
        request: Request<Upload>,
        replica: &Replica,
    ) -> Result<(Response<Incoming>, Line), Failed> {
        let copy = repeatable(&request);
        let progress = request.body().progress();
        let wait = || replica.doubt.wait(self.uptime.now());
        let mut failed = match line.ask(request, wait).await {
            Ok(response) => {
                // Whether a switch is an answer or nonsense shows when it is looked at.
                if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    replica.doubt.answered(self.uptime.now());
                }
                return Ok((response, line));
            }
            Err(Unanswered::StoodStill) => {
                return Err(Failed::ForGood(self.stood_still(&progress, replica)));
            }
            Err(Unanswered::Failed(failed)) => failed,
        };
        let cause = cause_of(failed.error(), replica);
        let again = match cause {
            Trouble::Closed(_) => failed.take_message().or(copy),
            _ => None,
        };
        Err(match again {
            Some(again) => Failed::Again(again, cause),
            None => Failed::ForGood(cause),
        })
    }

    /// Who is to blame when neither the request's body moved nor an answer came.
    fn stood_still(&self, progress: &Progress, replica: &Replica) -> Trouble {
        let limit = self.settings.replica_answer_within;
        match progress.waits_for_client() {
            true => Trouble::SlowRequest(limit),
            false => Trouble::TimedOut(replica.key.to_string(), limit),
        }
    }

    fn blamed(&self, replica: &Replica, failed: Failed) -> Failed {
        match &failed {
            Failed::Again(_, cause) | Failed::ForGood(cause) => self.blame(replica, cause),
            // Noticed where the connection failed.
            Failed::Unreachable(_) => {}
        }
        failed
    }

    /// Remembers a failure that is the replica's.
    pub(crate) fn blame(&self, replica: &Replica, cause: &Trouble) {
        if matches!(
            cause,
            Trouble::Closed(_) | Trouble::Garbled(_) | Trouble::TimedOut(..)
        ) {
            self.counts.failed.up();
            replica.doubt.failed(self.uptime.now());
        }
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
