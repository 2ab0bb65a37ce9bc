//! How the client asks: the request's address and headers, and what is made of the answer.

use std::sync::atomic::Ordering;

use gantry_views::OperationDoc;
use reqwest::header::{ACCEPT, DATE, ETAG};
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::{Answer, Client, ClientError, Lines, ReadAt, Write};
use crate::{List, NDJSON};

/// Most entities asked for at once.
const PAGE: &str = "1000";

/// What was read, with what it takes to change just that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged<T> {
    /// What was read.
    pub value: T,
    /// Its tag, for [`Write::if_still`].
    pub tag: String,
}

impl Client {
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str], at: &ReadAt) -> Answer<T> {
        self.json(self.ask_with(path, at.pairs())).await
    }

    pub(super) async fn tagged<T: DeserializeOwned>(
        &self,
        path: &[&str],
        at: &ReadAt,
    ) -> Answer<Tagged<T>> {
        let asked = self.send(self.ask_with(path, at.pairs()));
        let response = self.in_time(asked).await??;
        let tag = response.headers().get(ETAG).and_then(|t| t.to_str().ok());
        let tag = tag.unwrap_or_default().to_owned();
        let value = self.in_time(read(response)).await??;
        Ok(Tagged { value, tag })
    }

    /// Every page of a list, as one. All of them reflect the sequence of the first.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        at: &ReadAt,
    ) -> Answer<List<T>> {
        let first = [at.list_pairs(), vec![("limit", PAGE.to_owned())]].concat();
        let mut list: List<T> = self.json(self.ask_with(path, first.clone())).await?;
        while let Some(cursor) = list.next.take() {
            let next = [first.clone(), vec![("cursor", cursor)]].concat();
            let page: List<T> = self.json(self.ask_with(path, next)).await?;
            list.items.extend(page.items);
            list.next = page.next;
        }
        Ok(list)
    }

    pub(super) async fn write(
        &self,
        request: RequestBuilder,
        write: &Write,
    ) -> Answer<OperationDoc> {
        self.json(write.on(request)).await
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Answer<T> {
        let answer = async { read(self.send(request).await?).await };
        self.in_time(answer).await?
    }

    pub(super) async fn lines<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Answer<Lines<T>> {
        let asked = self.send(request.header(ACCEPT, NDJSON));
        Ok(Lines::of(self.in_time(asked).await??))
    }

    async fn send(&self, request: RequestBuilder) -> Answer<Response> {
        let sent = request.send().await;
        let response = sent.map_err(|e| ClientError::unreachable(&self.base, &e))?;
        if let Some(date) = date_of(&response) {
            self.date.store(date, Ordering::Relaxed);
        }
        if response.status().is_success() {
            return Ok(response);
        }
        Err(ClientError::refusal(response).await)
    }

    /// What is waited for, if it comes in the time that an answer may take: what this client asks by itself, or
    /// the next line of a stream that does not go on for ever.
    ///
    /// # Errors
    /// It does not come.
    pub async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Answer<T> {
        let Some(within) = self.within else {
            return Ok(answer.await);
        };
        let answer = tokio::time::timeout(within.duration(), answer).await;
        answer.map_err(|_| ClientError::Silent {
            url: self.base.to_string(),
            within,
        })
    }

    pub(super) fn ask_with(
        &self,
        path: &[&str],
        pairs: Vec<(&'static str, String)>,
    ) -> RequestBuilder {
        self.request(Method::GET, path, &pairs)
    }

    pub(super) fn ask(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.request(method, path, &[])
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        pairs: &[(&'static str, String)],
    ) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Answer<T> {
    let url = response.url().to_string();
    let body = response.json().await;
    body.map_err(|e| ClientError::read(url, &e))
}

fn date_of(response: &Response) -> Option<i64> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    date.unix_timestamp().checked_mul(1000)
}
