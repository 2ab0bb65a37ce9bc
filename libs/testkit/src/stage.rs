//! `Stage`: one core, a log told to it by hand, and a clock moved by hand.

use gantry_decider::{Core, Draft, PlacedCommand};
use gantry_events::{
    Actor, Command, Digest, Fact, Intent, Millis, OperationId, Place, Seq, Time, Writer,
};

use crate::Told;
use crate::told::Words;

/// No core needs more commits than this to come to rest after one input.
const MOST_COMMITS: usize = 1000;

/// One core on a stage. Everything it says is folded at once, as if its appends always landed.
pub struct Stage<C: Core> {
    /// The core.
    pub core: C,
    /// Its state.
    pub state: C::State,
    /// Its readings.
    pub observed: C::Observed,
    /// The time it is given.
    pub now: Time,
    /// Everything told so far.
    pub told: Vec<Told>,
    seq: Seq,
    operations: u64,
}

impl<C: Core> Stage<C> {
    /// A core at the beginning of the log, on 2026-01-01.
    pub fn new(core: C) -> Self {
        let now = "2026-01-01T00:00:00.000Z".parse().expect("a time");
        Self {
            core,
            state: C::State::default(),
            observed: C::Observed::default(),
            now,
            told: Vec::new(),
            seq: Seq(0),
            operations: 0,
        }
    }

    /// Sequence of the last message.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Lets time pass, without anything else happening.
    pub fn pass(&mut self, span: Millis) -> &mut Self {
        self.now = self.now + span;
        self
    }

    /// A command arrives and is answered. Gives its operation and the answer.
    pub fn command(&mut self, intent: Intent) -> (OperationId, Vec<Fact>) {
        self.command_on(intent, None)
    }

    /// A command that rests on what was read at a sequence.
    pub fn command_on(
        &mut self,
        intent: Intent,
        unchanged_since: Option<Seq>,
    ) -> (OperationId, Vec<Fact>) {
        self.operations += 1;
        let operation = OperationId::of_key("user:test", &self.operations.to_string());
        let command = Command {
            operation,
            actor: Actor::User("test".to_owned()),
            time: self.now,
            request: Digest::of(self.operations.to_string().as_bytes()),
            traceparent: None,
            intent,
            unchanged_since,
        };
        let place = self.tell(
            Writer::Api,
            Some(operation),
            None,
            vec![Words::Command(Box::new(command.clone()))],
        );
        let draft = self
            .core
            .decide(&self.state, &PlacedCommand { place, command }, self.now);
        (operation, self.say(draft, Some(operation), Some(place)))
    }

    /// Somebody else's fact arrives.
    pub fn fact(&mut self, writer: Writer, fact: impl Into<Fact>) -> &mut Self {
        self.tell(writer, None, None, vec![Words::Fact(Box::new(fact.into()))]);
        self
    }

    /// A reading of the world arrives.
    pub fn reading(&mut self, reading: C::Reading) -> &mut Self {
        self.core.observe(&mut self.observed, reading, self.now);
        self
    }

    /// Forgets all readings, as a restart does.
    pub fn restart(&mut self) -> &mut Self {
        self.observed = C::Observed::default();
        self
    }

    /// Lets the core say what follows until it comes to rest. Gives everything it said.
    pub fn settle(&mut self) -> Vec<Fact> {
        let mut said = Vec::new();
        for _ in 0..MOST_COMMITS {
            let next = self.core.next(&self.state, &self.observed, self.now);
            let Some(draft) = next.draft.filter(|draft| !draft.is_empty()) else {
                return said;
            };
            let operation = draft.operation;
            said.extend(self.say(draft, operation, None));
        }
        panic!(
            "the core does not come to rest; it last said {:?}",
            said.last()
        );
    }

    /// Lets the core say what follows, moving the clock to each time it asks to be woken at, for a span.
    pub fn settle_for(&mut self, span: Millis) -> Vec<Fact> {
        let end = self.now + span;
        let mut said = self.settle();
        while let Some(at) = self
            .core
            .next(&self.state, &self.observed, self.now)
            .wake_at
            .filter(|at| *at <= end)
        {
            self.now = at.max(self.now + Millis(1));
            said.extend(self.settle());
        }
        self.now = self.now.max(end);
        said
    }

    /// The world as the core wants it.
    pub fn wanted(&self) -> C::Wanted {
        self.core.wanted(&self.state, &self.observed, self.now)
    }

    fn say(
        &mut self,
        draft: Draft,
        operation: Option<OperationId>,
        answers: Option<Place>,
    ) -> Vec<Fact> {
        let facts: Vec<Fact> = draft.events.into_iter().map(|event| event.fact).collect();
        let words = facts
            .iter()
            .cloned()
            .map(|fact| Words::Fact(Box::new(fact)))
            .collect();
        self.tell(self.core.writer(), operation, answers, words);
        facts
    }

    fn tell(
        &mut self,
        writer: Writer,
        operation: Option<OperationId>,
        answers: Option<Place>,
        words: Vec<Words>,
    ) -> Place {
        self.seq = self.seq.next();
        for (index, said) in (0_u32..).zip(words) {
            let place = Place {
                seq: self.seq,
                index,
            };
            let told = Told {
                place,
                time: self.now,
                writer: writer.clone(),
                operation,
                answers,
                said,
            };
            told.fold(&self.core, &mut self.state);
            self.told.push(told);
        }
        Place {
            seq: self.seq,
            index: 0,
        }
    }
}
