//! The built program, and an HTTP server that answers it as an api would: over a real socket, with the
//! bodies of `fixtures`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use gantry_rest::{Problem, ProblemCode};

/// A moment shortly after those in `fixtures`.
pub const NOW: &str = "Sat, 31 Jan 2026 12:00:00 GMT";

/// Serves these routes on a port of its own until the test ends.
pub fn serve(routes: Router) -> String {
    let (address, _) = serve_until("127.0.0.1:0", routes, std::future::pending());
    format!("http://{address}")
}

/// Serves them at this address until then; every connection breaks where it is.
pub fn serve_until(
    address: &str,
    routes: Router,
    then: impl Future<Output = ()> + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let listener = std::net::TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            tokio::select! {
                served = async { axum::serve(listener, routes).await } => served.unwrap(),
                () = then => {}
            }
        });
    });
    (address, thread)
}

/// An answer with this body.
pub fn json(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("Content-Type", "application/json")
        .header("Date", NOW)
        .body(body.into())
        .unwrap()
}

/// A problem of this code.
pub fn problem(code: ProblemCode) -> Response<Body> {
    let problem = Problem::new(code, format!("{code} happened; do something else"));
    json(code.status(), serde_json::to_string(&problem).unwrap())
}

/// The program, about to run in `folder` with no environment but the address of the api.
pub fn gantry(url: &str, folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gantry"));
    command
        .args(words)
        .env_clear()
        .env("GANTRY_URL", url)
        .current_dir(folder);
    command
}

/// What it printed, and its exit code.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the program to its end.
pub fn run(url: &str, folder: &Path, words: &[&str]) -> Ran {
    gantry(url, folder, words).output().unwrap().into()
}
