//! `Draft`: what a core wants to say, before the engine makes a commit of it.

use gantry_events::{Actor, Event, Evidence, Fact, OperationId, Place, Time};

/// The events of one decision. The engine adds what the commit knew: sequence, time, chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Who caused it, if not the writer itself.
    pub actor: Option<Actor>,
    /// The operation it belongs to.
    pub operation: Option<OperationId>,
    /// What led to it, if not the command it answers.
    pub cause: Option<Place>,
    /// Readings that decided something.
    pub evidence: Vec<Evidence>,
    /// What holds from here on.
    pub events: Vec<Event>,
}

impl Draft {
    /// A draft of one fact.
    pub fn of(fact: impl Into<Fact>) -> Self {
        Self::default().and(fact)
    }

    /// The same with one more fact.
    pub fn and(mut self, fact: impl Into<Fact>) -> Self {
        self.push(fact);
        self
    }

    /// The same with more facts.
    pub fn and_all(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.events.extend(facts.into_iter().map(Event::from));
        self
    }

    /// Adds one more fact.
    pub fn push(&mut self, fact: impl Into<Fact>) {
        self.events.push(Event { fact: fact.into() });
    }

    /// The same as part of an operation.
    pub fn for_operation(mut self, operation: OperationId) -> Self {
        self.operation = Some(operation);
        self
    }

    /// The same caused by something in the log.
    pub fn caused_by(mut self, place: Place) -> Self {
        self.cause = Some(place);
        self
    }

    /// The same with one more reading that decided something.
    pub fn seeing(mut self, reading: impl Into<String>, said: impl Into<String>) -> Self {
        self.evidence.push(Evidence {
            reading: reading.into(),
            said: said.into(),
        });
        self
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// What follows by itself, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// What to say now, if anything.
    pub draft: Option<Draft>,
    /// When to look again if nothing happens before.
    pub wake_at: Option<Time>,
}

impl Next {
    /// Say this now.
    pub fn say(draft: Draft) -> Self {
        Self {
            draft: Some(draft),
            wake_at: None,
        }
    }

    /// Nothing to say; look again at the earliest of these times.
    pub fn rest(times: impl IntoIterator<Item = Time>) -> Self {
        Self {
            draft: None,
            wake_at: times.into_iter().min(),
        }
    }
}
