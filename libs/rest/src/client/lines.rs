//! `Lines`: a live stream, one JSON value a line.

use std::collections::VecDeque;
use std::marker::PhantomData;

use reqwest::Response;
use serde::de::DeserializeOwned;

use super::ClientError;

/// Longest line: an event with its data. A commit closes at 512 KiB.
const LONGEST: usize = 4 << 20;

/// Values as they come. Dropped, it ends the stream.
#[derive(Debug)]
pub struct Lines<T> {
    response: Response,
    read: VecDeque<u8>,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Lines<T> {
    pub(super) fn of(response: Response) -> Self {
        Self {
            response,
            read: VecDeque::new(),
            of: PhantomData,
        }
    }

    /// Replicas whose lines could not be read, as the answer began.
    pub fn missing(&self) -> Vec<String> {
        let header = self.response.headers().get(crate::MISSING_HEADER);
        let names = header.and_then(|names| names.to_str().ok());
        let names = names.map(|names| names.split(',').map(|name| name.trim().to_owned()));
        names.into_iter().flatten().collect()
    }

    /// The next value; none when the stream has ended. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Result<Option<T>, ClientError> {
        loop {
            if let Some(line) = self.take_line() {
                // An empty line says only that the connection lives.
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return self.parse(&line).map(Some);
            }
            let url = self.response.url().to_string();
            let chunk = self.response.chunk().await;
            match chunk.map_err(|e| ClientError::read(url, &e))? {
                Some(bytes) => self.read.extend(bytes),
                None => return Ok(None),
            }
            if self.read.len() > LONGEST {
                return Err(self.foreign("a line without an end".to_owned()));
            }
        }
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let end = self.read.iter().position(|byte| *byte == b'\n')?;
        Some(self.read.drain(..=end).collect())
    }

    fn parse(&self, line: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(line).map_err(|e| self.foreign(e.to_string()))
    }

    fn foreign(&self, cause: String) -> ClientError {
        ClientError::Foreign {
            url: self.response.url().to_string(),
            cause,
        }
    }
}
