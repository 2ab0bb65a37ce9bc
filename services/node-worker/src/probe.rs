//! Probes: one question to a replica, with a deadline.

use std::net::SocketAddr;

use gantry_events::Millis;
use gantry_node_worker_core::{Answer, Probe};
use gantry_spec::HealthCheck;
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Asks replicas how they are. Clones share what they need for that.
#[derive(Clone, Debug)]
pub struct Prober {
    http: Client,
}

impl Prober {
    /// Fails where no certificates are installed, which every HTTP client asks for.
    pub fn new() -> Result<Self, reqwest::Error> {
        // Each probe on a connection of its own: a replica that takes no new ones is not ready.
        let http = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { http })
    }

    /// One probe. The same address that balancers use, so that the way to it is tried as well.
    pub async fn ask(&self, probe: &Probe) -> Answer {
        let asked = async {
            match &probe.check {
                HealthCheck::Http { path } => self.get(probe.address, path).await,
                HealthCheck::Tcp => connect(probe.address).await,
                HealthCheck::Exec { .. } => {
                    Answer::Bad("this node-worker runs no programs as probes".to_owned())
                }
                HealthCheck::Running => Answer::Good,
            }
        };
        let late = |timeout: Millis| Answer::Bad(format!("no answer within {timeout}"));
        timeout(probe.timeout.duration(), asked)
            .await
            .unwrap_or_else(|_| late(probe.timeout))
    }

    async fn get(&self, address: SocketAddr, path: &str) -> Answer {
        match self
            .http
            .get(format!("http://{address}{path}"))
            .send()
            .await
        {
            Ok(answer) if (200..400).contains(&answer.status().as_u16()) => Answer::Good,
            Ok(answer) => Answer::Bad(format!("GET {path} answered {}", answer.status().as_u16())),
            Err(error) if error.is_connect() => {
                Answer::Bad(format!("{address} takes no connection"))
            }
            Err(error) => Answer::Bad(format!("GET {path} failed: {}", error.without_url())),
        }
    }
}

async fn connect(address: SocketAddr) -> Answer {
    match TcpStream::connect(address).await {
        Ok(_) => Answer::Good,
        Err(error) => Answer::Bad(format!("{address} takes no connection: {error}")),
    }
}
