//! Load: so many keep-alive connections, each with one request at a time, for so long. Plain HTTP/1.1 over
//! sockets, so that it costs far less than what it measures.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sample::quantile;

/// Room for an answer; the example's is a few hundred bytes.
const ANSWER: usize = 16 * 1024;

/// Requests on one connection at most, whatever the time.
const MOST: usize = 1_000_000;

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub struct Load {
    /// Who is asked. On this machine.
    pub address: SocketAddr,
    /// The host that is asked for.
    pub host: String,
    /// Connections at a time.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// Answers a second.
    pub rate: f64,
    /// 99 of a hundred answers came within this.
    pub p99: Duration,
}

impl Load {
    /// Asks until time is up. Fails with the first answer that is not as it should be.
    pub async fn run(&self) -> anyhow::Result<Answered> {
        let began = Instant::now();
        let until = began + self.time;
        let tasks = (0..self.connections).map(|_| {
            let load = self.clone();
            tokio::spawn(async move { load.converse(until).await })
        });
        let mut latencies = Vec::new();
        for one in try_join_all(tasks).await? {
            latencies.extend(one?);
        }
        let took = began.elapsed();
        latencies.sort_unstable();
        Ok(Answered {
            rate: latencies.len() as f64 / took.as_secs_f64(),
            p99: quantile(&latencies, 0.99),
        })
    }

    async fn converse(&self, until: Instant) -> anyhow::Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(self.address)
            .await
            .with_context(|| format!("{} takes no connection", self.address))?;
        stream.set_nodelay(true)?;
        let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        let mut room = vec![0; ANSWER];
        let mut latencies = Vec::new();
        while latencies.len() < MOST {
            let asked = Instant::now();
            if asked >= until {
                break;
            }
            stream.write_all(request.as_bytes()).await?;
            read_answer(&mut stream, &mut room).await?;
            latencies.push(asked.elapsed());
        }
        Ok(latencies)
    }
}

/// Reads one answer, which must be a good one and say how long it is.
async fn read_answer(stream: &mut TcpStream, room: &mut [u8]) -> anyhow::Result<()> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut room[filled..]).await?;
        ensure!(read > 0, "a connection was closed in mid-answer");
        filled += read;
        if let Some(whole) = whole_length(&room[..filled])? {
            ensure!(whole <= room.len(), "an answer of {whole} bytes");
            if filled == whole {
                return Ok(());
            }
        }
        ensure!(filled < room.len(), "an answer of more than {filled} bytes");
    }
}

/// Length of head and body, once the head is there.
fn whole_length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..head])?;
    if !text.starts_with("HTTP/1.1 200") {
        bail!("answered {:?}", text.lines().next().unwrap_or_default());
    }
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.context("an answer does not say how long it is")?;
    Ok(Some(head + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(whole_length(answer).unwrap(), Some(answer.len()));
        assert_eq!(whole_length(&answer[..20]).unwrap(), None);
        assert!(whole_length(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
