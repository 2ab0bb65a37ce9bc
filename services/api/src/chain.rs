//! Walks from event to event, back to what was asked for: the index says where each stands, the log what
//! it says, `gantry-views` what to look for next.

use gantry_bus::Stored;
use gantry_events::{CommandBatch, Commit, LogSubject, Place, Scope, Seq};
use gantry_rest::ProblemCode;
use gantry_views::why::{LONGEST, Lead, Link, Told, begins, leads};
use gantry_views::{Document, Said};

use crate::api::Api;
use crate::refusal::{Answer, Refusal};

/// A message of the log that is known to be valid.
enum Message {
    Commit(Box<Commit>),
    Commands(CommandBatch),
}

impl Api {
    /// What led to the state of an entity as of a sequence, the newest first.
    pub(crate) async fn chain(&self, document: &Document, at: Seq) -> Answer<Vec<Link>> {
        let end = Place {
            seq: at.next(),
            index: 0,
        };
        let mut next = self.reader.last_event(end, &begins(document)).await?;
        let mut links: Vec<Link> = Vec::new();
        while let Some(place) = next.filter(|_| links.len() < LONGEST) {
            let message = self.message(place.seq).await?;
            let after = links.last();
            let place = message.nearest(place, after.map(|link| &link.scope));
            let Some(told) = message.told(place) else {
                break;
            };
            let link = told.link(after);
            next = self.behind(place, leads(&told)).await?;
            links.push(link);
        }
        Ok(links)
    }

    /// The first of these leads that leads somewhere. What is behind always stands before.
    async fn behind(&self, place: Place, leads: Vec<Lead>) -> Answer<Option<Place>> {
        for lead in leads {
            let found = match lead {
                Lead::At(cause) => Some(cause).filter(|cause| *cause < place),
                Lead::Last(sought) => self.reader.last_event(place, &[sought]).await?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn message(&self, seq: Seq) -> Answer<Message> {
        let stored = self.log.get(seq).await?;
        stored.as_ref().and_then(Message::read).ok_or_else(|| {
            let detail = format!("message {seq} is missing from the log");
            Refusal::new(ProblemCode::LogUnavailable, detail)
        })
    }
}

impl Message {
    fn read(stored: &Stored) -> Option<Self> {
        match stored.subject.parse().ok()? {
            LogSubject::Commands(_) => serde_json::from_slice(&stored.payload)
                .ok()
                .map(Self::Commands),
            LogSubject::Facts(_) => serde_json::from_slice(&stored.payload)
                .ok()
                .map(Self::Commit),
        }
    }

    /// A cause names a message, by its first event: of several, the one in the same scope is meant.
    fn nearest(&self, place: Place, scope: Option<&Scope>) -> Place {
        let Self::Commit(commit) = self else {
            return place;
        };
        let is_there = |index: u32| commit.events.get(index as usize).map(|event| event.scope());
        if place.index > 0 || scope.is_none() || is_there(0).as_ref() == scope {
            return place;
        }
        let numbered = (0..).zip(&commit.events);
        let nearer = numbered
            .into_iter()
            .find(|(_, event)| Some(&event.scope()) == scope);
        Place {
            index: nearer.map_or(0, |(index, _)| index),
            ..place
        }
    }

    fn told(&self, place: Place) -> Option<Told<'_>> {
        match self {
            Self::Commands(batch) => {
                let command = batch.commands.get(place.index as usize)?;
                Some(Told {
                    place,
                    time: command.time,
                    actor: &command.actor,
                    operation: Some(command.operation),
                    cause: None,
                    evidence: &[],
                    said: Said::Command(command),
                })
            }
            Self::Commit(commit) => {
                let event = commit.events.get(place.index as usize)?;
                Some(Told {
                    place,
                    time: commit.time,
                    actor: &commit.actor,
                    operation: commit.operation,
                    cause: commit.cause,
                    evidence: &commit.evidence,
                    said: Said::Fact(&event.fact),
                })
            }
        }
    }
}
