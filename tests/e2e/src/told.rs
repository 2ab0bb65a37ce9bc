//! When things happened, as the log tells it: the times that the tests judge, where an event marks both ends.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use gantry_events::{Millis, OperationId, Time};
use gantry_rest::{CloudEvent, EventQuery};
use gantry_views::{OperationDoc, ReplicaDoc};

use crate::System;

/// Events a page.
const PAGE: u32 = 1000;

/// This host's clock, which roles and machines of the tested system share.
pub fn clock() -> Time {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Time between two moments.
pub fn between(begun: Time, ended: Time) -> Duration {
    let Millis(span) = ended.since(begun);
    Duration::from_millis(span)
}

impl System {
    /// From the command to the end of what it began.
    pub async fn lasted(&self, operation: &OperationDoc) -> anyhow::Result<Duration> {
        let events = self.told(&of_operation(operation.id)).await?;
        let at = |place: Option<&CloudEvent>| place.map(|event| event.time);
        let begun = at(events
            .iter()
            .find(|event| event.type_name == "operation.accepted.v1"));
        let ended = at(events
            .iter()
            .find(|event| Some(event.seq) == operation.end_seq));
        Ok(between(
            begun.context("the log holds the command")?,
            ended.context("the log holds the operation's end")?,
        ))
    }

    /// The first event of this type after a moment of which this is true.
    pub async fn first_told(
        &self,
        type_name: &str,
        after: Time,
        is_it: impl Fn(&CloudEvent) -> bool,
    ) -> anyhow::Result<CloudEvent> {
        let query = EventQuery {
            type_name: Some(type_name.to_owned()),
            ..EventQuery::default()
        };
        let events = self.told(&query).await?;
        let found = events
            .into_iter()
            .find(|event| event.time >= after && is_it(event));
        found.with_context(|| format!("the log holds no such {type_name} after {after}"))
    }

    /// From a moment to the first live table that does not route a replica.
    pub async fn left_out(&self, replica: &ReplicaDoc, after: Time) -> anyhow::Result<Duration> {
        let key = format!("{}/{}", replica.project, replica.id);
        let without = |event: &CloudEvent| {
            let routed = event.data["routed"].as_array();
            routed.is_some_and(|routed| routed.iter().all(|one| *one != key))
        };
        let table = self
            .first_told("balancer.table_applied.v1", after, without)
            .await?;
        Ok(between(after, table.time))
    }

    async fn told(&self, query: &EventQuery) -> anyhow::Result<Vec<CloudEvent>> {
        let mut query = EventQuery {
            limit: Some(PAGE),
            ..query.clone()
        };
        let mut events = Vec::new();
        loop {
            let page = self.api.events(&query).await?;
            events.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(events),
            }
        }
    }
}

fn of_operation(id: OperationId) -> EventQuery {
    EventQuery {
        operation: Some(id),
        ..EventQuery::default()
    }
}
