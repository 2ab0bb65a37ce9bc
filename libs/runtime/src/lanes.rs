//! `Lanes`: threads that each serve their share of connections alone, from the socket's readiness to the last byte.
//! Where tasks may move between threads, each wakes others to share its work; for many connections with little work
//! each, that waking costs more than it brings.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Id};
use tokio_util::sync::CancellationToken;

use crate::Process;

/// Threads with a share of the connections each.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Handle>,
    turn: AtomicUsize,
}

/// A lane, or the threads of the process that are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane(Id);

impl Lane {
    /// Where this task runs.
    pub fn here() -> Self {
        Self(Handle::current().id())
    }
}

impl Lanes {
    /// One lane for each core that this process may use. They end, with what still runs on them, when `over` is
    /// cancelled.
    ///
    /// # Errors
    /// There are no threads or file descriptors left.
    pub fn open(over: &CancellationToken) -> io::Result<Self> {
        let count = thread::available_parallelism()?.get();
        let lanes = (0..count).map(|_| lane(over.clone()));
        Ok(Self {
            lanes: lanes.collect::<io::Result<_>>()?,
            turn: AtomicUsize::new(0),
        })
    }

    /// Serves a connection on the next lane, as [`Process::serve_one`] does on the threads of the process.
    ///
    /// # Errors
    /// The socket cannot be given to the lane; it is closed.
    pub fn serve_one<E, W>(
        &self,
        process: &Process,
        task: &'static str,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) -> W,
    ) -> io::Result<()>
    where
        E: std::fmt::Display,
        W: Future<Output = Result<(), E>> + Send + 'static,
    {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let stream = stream.into_std()?;
        let _entered = self.lanes[turn % self.lanes.len()].enter();
        process.serve_one(task, serve(TcpStream::from_std(stream)?));
        Ok(())
    }
}

fn lane(over: CancellationToken) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let lane = runtime.handle().clone();
    thread::Builder::new()
        .name("lane".to_owned())
        .spawn(move || runtime.block_on(over.cancelled()))?;
    Ok(lane)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn each_connection_is_served_on_a_lane_in_turn_until_it_is_over() {
        let (process, _supervisor) = Process::start();
        let over = CancellationToken::new();
        let lanes = Lanes::open(&over).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut served) = mpsc::channel(8);
        let mut callers = Vec::new();
        for _ in 0..=lanes.lanes.len() {
            callers.push(TcpStream::connect(address).await.unwrap());
            let (stream, _) = listener.accept().await.unwrap();
            let told = sender.clone();
            let serve = |stream: TcpStream| async move {
                told.send(Lane::here()).await.unwrap();
                stream.readable().await.unwrap();
                told.send(Lane::here()).await.unwrap();
                std::future::pending::<Result<(), Infallible>>().await
            };
            lanes.serve_one(&process, "caller", stream, serve).unwrap();
            let lane = served.recv().await.unwrap();
            assert_ne!(lane, Lane::here());
            let caller = callers.last().unwrap();
            caller.writable().await.unwrap();
            caller.try_write(b"hello").unwrap();
            assert_eq!(served.recv().await.unwrap(), lane, "it stays there");
        }
        drop(sender);
        over.cancel();
        // Each task held a sender until it was dropped.
        assert_eq!(served.recv().await, None);
    }
}
