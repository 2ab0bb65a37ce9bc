//! Traffic that runs while something is changed, on connections that are kept: most ask and are answered at
//! once, some send bodies, some wait for slow answers. Every request is accounted for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Time between two requests of a connection, so that a small machine has room for what is tested.
const PACE: Duration = Duration::from_millis(10);

/// No answer takes longer, not even one that waits for a replica's drain time.
const LONGEST: Duration = Duration::from_secs(45);

/// A body that does not fit one segment.
const BODY: usize = 16 * 1024;

/// Requests under way from several connections.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    connections: JoinSet<Vec<Asked>>,
}

/// One request and what it came to.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When it began.
    pub begun: Instant,
    /// How long it took.
    pub took: Duration,
    /// The replica that answered, or what went wrong.
    pub outcome: Result<String, String>,
}

/// What traffic got.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests answered as they should be.
    pub good: u64,
    /// Everything else, by what it was.
    pub bad: BTreeMap<String, u64>,
    /// Every request, in no order.
    pub asked: Vec<Asked>,
}

/// What a connection asks again and again.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Get,
    Echo,
    SlowGet,
    SlowPost,
}

impl Kind {
    /// Of eight connections five ask, one sends bodies, two wait.
    fn of(connection: usize) -> Self {
        match connection % 8 {
            0..=4 => Self::Get,
            5 => Self::Echo,
            6 => Self::SlowGet,
            _ => Self::SlowPost,
        }
    }

    fn request(self, host: &str) -> anyhow::Result<Request<Full<Bytes>>> {
        let (method, path, body) = match self {
            Self::Get => ("GET", "/", Bytes::new()),
            Self::Echo => ("POST", "/echo", Bytes::from(vec![b'x'; BODY])),
            Self::SlowGet => ("GET", "/slow?ms=700", Bytes::new()),
            Self::SlowPost => ("POST", "/slow?ms=700", Bytes::from_static(b"words")),
        };
        let request = Request::builder().method(method).uri(path);
        Ok(request.header("host", host).body(Full::new(body))?)
    }

    fn fits(self, body: &Bytes) -> bool {
        match self {
            Self::Echo => body.len() == BODY && body.iter().all(|byte| *byte == b'x'),
            Self::Get | Self::SlowGet | Self::SlowPost => body.starts_with(b"hello from replica "),
        }
    }
}

impl Traffic {
    /// Begins to ask a host through the balancer from so many connections.
    pub fn begin(ingress: &str, host: &str, connections: usize) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let address = ingress
            .strip_prefix("http://")
            .context("the balancer is asked over http")?;
        let mut running = JoinSet::new();
        for number in 0..connections {
            let (address, host, stop) = (address.to_owned(), host.to_owned(), stop.clone());
            running.spawn(async move { ask(&address, &host, Kind::of(number), &stop).await });
        }
        Ok(Self {
            stop,
            connections: running,
        })
    }

    /// Ends it, once each request under way has, and adds up.
    ///
    /// # Errors
    /// One of the connections' tasks panicked; what it asked is not known.
    pub async fn end(mut self) -> anyhow::Result<Tally> {
        self.stop.store(true, Ordering::Relaxed);
        let mut tally = Tally::default();
        while let Some(asked) = self.connections.join_next().await {
            tally.asked.extend(asked?);
        }
        for asked in &tally.asked {
            match &asked.outcome {
                Ok(_) => tally.good += 1,
                Err(what) => *tally.bad.entry(what.clone()).or_default() += 1,
            }
        }
        Ok(tally)
    }
}

impl Tally {
    /// How long after a moment the last request began of those that failed or took longer than this; zero if
    /// none did after it.
    pub fn trouble_after(&self, moment: Instant, longest: Duration) -> Duration {
        let trouble = self
            .asked
            .iter()
            .filter(|asked| asked.outcome.is_err() || asked.took > longest);
        let after = trouble.map(|asked| asked.begun.saturating_duration_since(moment));
        after.max().unwrap_or_default()
    }
}

async fn ask(address: &str, host: &str, kind: Kind, stop: &AtomicBool) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut connection = None;
    let mut ticks = tokio::time::interval(PACE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let begun = Instant::now();
        let one = tokio::time::timeout(LONGEST, once(&mut connection, address, (host, kind)));
        let outcome = match one.await {
            Ok(Ok(replica)) => Ok(replica),
            Ok(Err(error)) => Err(format!("{kind:?}: {error:#}")),
            Err(_) => Err(format!("{kind:?}: no answer within {LONGEST:?}")),
        };
        if outcome.is_err() {
            connection = None;
        }
        asked.push(Asked {
            begun,
            took: begun.elapsed(),
            outcome,
        });
    }
    asked
}

/// One request on the connection as it stands; a new one is made only where there is none, so that one that
/// is closed from the other side shows.
async fn once(
    connection: &mut Option<SendRequest<Full<Bytes>>>,
    address: &str,
    (host, kind): (&str, Kind),
) -> anyhow::Result<String> {
    let sender = match connection {
        Some(sender) => sender,
        None => connection.insert(connect(address).await.context("connecting")?),
    };
    sender.ready().await.context("the connection was closed")?;
    let answer = sender
        .send_request(kind.request(host)?)
        .await
        .context("no answer")?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.context("half an answer")?.to_bytes();
    anyhow::ensure!(head.status == 200, "status {}", head.status.as_u16());
    anyhow::ensure!(kind.fits(&body), "another body than was asked for");
    let replica = head
        .headers
        .get("x-replica")
        .context("an answer without a replica")?;
    Ok(replica.to_str()?.to_owned())
}

async fn connect(address: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
