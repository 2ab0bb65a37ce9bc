//! A proxy before the server that loses or holds back what passes, as a bad network does.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// All passes.
    Fine,
    /// What the server says is lost; what the client says arrives.
    AnswersLost,
    /// What the client says waits until the weather is fine again.
    RequestsHeld,
}

pub struct Proxy {
    port: u16,
    weather: Arc<watch::Sender<Weather>>,
    cut: Arc<watch::Sender<u32>>,
}

impl Proxy {
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let weather = Arc::new(watch::Sender::new(Weather::Fine));
        let cut = Arc::new(watch::Sender::new(0));
        tokio::spawn(accept(
            listener,
            server,
            Arc::clone(&weather),
            Arc::clone(&cut),
        ));
        Self { port, weather, cut }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Ends every connection; new ones are taken.
    pub fn cut(&self) {
        self.cut.send_modify(|times| *times += 1);
    }
}

async fn accept(
    listener: TcpListener,
    server: u16,
    weather: Arc<watch::Sender<Weather>>,
    cut: Arc<watch::Sender<u32>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
            continue;
        };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (weather, mut cut) = (weather.subscribe(), cut.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                () = carry(from_client, to_server, weather.clone(), Weather::RequestsHeld, false) => {}
                () = carry(from_server, to_client, weather, Weather::AnswersLost, true) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    bad: Weather,
    loses: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if *weather.borrow() == bad {
            if loses {
                continue;
            }
            let _ = weather.wait_for(|weather| *weather != bad).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
