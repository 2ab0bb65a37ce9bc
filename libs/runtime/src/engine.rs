//! `Engine`: fold the log, decide, append; one synchronous step at a time.
//!
//! It folds its own commit only when that comes back in log order, and decides nothing before. So at
//! most one append is in flight, and what it holds as state is always what the log says.

use std::collections::VecDeque;

use gantry_bus::{Append, AppendOutcome, Appending, Head, Ledger, Marker, Stored, Void};
use gantry_decider::{Core, Deadline, Draft, PlacedCommand};
use gantry_events::{Commit, LogSubject, Place, Seq, Time, Writer};
use serde::{Deserialize, Serialize};

mod fold;

/// Something that happened to an engine.
#[derive(Clone, Debug)]
pub enum Input<R> {
    /// A message of the log, in order.
    Stored(Stored),
    /// The log has been read to the end it had at the start: decisions may begin.
    Live,
    /// Whether the duty of deciding is ours; without a word it is.
    Lead(bool),
    /// A reading of the world.
    Reading(R),
    /// What became of an append, as far as the server said.
    Answered(AppendOutcome),
    /// The time last asked for has come.
    Wake,
}

/// Something an engine asks of its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this append, once, and bring back the answer.
    Append(Append),
    /// Wake at this time; replaces any earlier wish.
    WakeAt(Time),
    /// Messages are missing: follow the log again from after this sequence.
    FollowFrom(Seq),
    /// A message is void; counted, and nothing else.
    Void {
        /// Its subject.
        subject: String,
        /// Why.
        why: Void,
    },
    /// This engine cannot go on: what it wrote is void, or it is behind what was written in its name.
    Fault(Void),
    /// A message was folded. Comes after every fold, once.
    Folded(Seq),
}

/// What an engine must remember of the past to go on without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot<S> {
    /// The last sequence folded.
    pub seq: Seq,
    /// The state at that sequence.
    pub state: S,
    /// Where the own subject stood.
    pub own: Head,
    /// Time of the last own commit.
    pub time: Time,
}

/// One core on one log.
#[derive(Clone, Debug)]
pub struct Engine<C: Core> {
    core: C,
    marker: Marker,
    ledger: Ledger,
    state: C::State,
    observed: C::Observed,
    folded: Seq,
    whole: bool,
    live: bool,
    leading: bool,
    queue: VecDeque<PlacedCommand>,
    answered: Option<Place>,
    last_time: Time,
    last_cause: Option<Place>,
    appending: Appending,
}

impl<C: Core> Engine<C> {
    /// An engine at the beginning of the log. Nodes, which are shown only their own subject, pass a
    /// ledger of one node and resume from a snapshot.
    pub fn new(core: C, ledger: Ledger, marker: Marker) -> Self {
        let whole = !matches!(core.writer(), Writer::Node(_));
        Self {
            core,
            marker,
            ledger,
            state: C::State::default(),
            observed: C::Observed::default(),
            folded: Seq(0),
            whole,
            live: false,
            leading: true,
            queue: VecDeque::new(),
            answered: None,
            last_time: Time::default(),
            last_cause: None,
            appending: Appending::default(),
        }
    }

    /// Goes on from a snapshot instead of from the beginning.
    pub fn resume(&mut self, snapshot: Snapshot<C::State>) {
        let own = self.own_subject();
        self.ledger.resume(&own, snapshot.own);
        self.state = snapshot.state;
        self.folded = snapshot.seq;
        self.last_time = snapshot.time;
    }

    /// What must be remembered to resume.
    pub fn snapshot(&self) -> Snapshot<C::State> {
        Snapshot {
            seq: self.folded,
            state: self.state.clone(),
            own: self.own(),
            time: self.last_time,
        }
    }

    /// Where the own subject stands.
    pub fn own(&self) -> Head {
        self.ledger.head(&self.own_subject())
    }

    /// The core.
    pub fn core(&self) -> &C {
        &self.core
    }

    /// What the log says, folded to [`Engine::folded`].
    pub fn state(&self) -> &C::State {
        &self.state
    }

    /// The last sequence folded.
    pub fn folded(&self) -> Seq {
        self.folded
    }

    /// Time of the last own commit.
    pub fn last_time(&self) -> Time {
        self.last_time
    }

    /// Whether the replay has reached the end that the log had at the start.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Whether no command waits for an answer and no append is in flight.
    pub fn is_at_rest(&self) -> bool {
        self.queue.is_empty() && self.appending.is_idle()
    }

    /// The world as it should be.
    pub fn wanted(&self, now: Time) -> C::Wanted {
        self.core
            .wanted(&self.state, &self.observed, self.later(now))
    }

    /// What is waited for.
    pub fn deadlines(&self) -> Vec<Deadline> {
        self.core.deadlines(&self.state)
    }

    /// Takes one input; the answer is what the driver should do.
    pub fn step(&mut self, input: Input<C::Reading>, now: Time) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Stored(stored) => self.stored(&stored, &mut outputs),
            Input::Live => self.live = true,
            Input::Lead(leading) => self.leading = leading,
            Input::Reading(reading) => {
                let now = self.later(now);
                self.core.observe(&mut self.observed, reading, now);
            }
            Input::Answered(outcome) => self.appending.answered(&outcome, now),
            Input::Wake => {}
        }
        self.advance(now, &mut outputs);
        outputs
    }

    fn own_subject(&self) -> LogSubject {
        LogSubject::Facts(self.core.writer())
    }

    fn later(&self, now: Time) -> Time {
        now.max(self.last_time)
    }

    fn advance(&mut self, now: Time, outputs: &mut Vec<Output>) {
        if !self.live || !self.leading {
            return;
        }
        if let Some(append) = self.appending.retry(now) {
            outputs.push(Output::Append(append));
        }
        if !self.appending.is_idle() {
            outputs.extend(self.appending.retry_at().map(Output::WakeAt));
            return;
        }
        let given = self.later(now);
        if let Some(waiting) = self.queue.front() {
            let draft = self.core.decide(&self.state, waiting, given);
            let answers = Some(waiting.clone());
            outputs.push(Output::Append(self.commit(draft, answers, given)));
            return;
        }
        let next = self.core.next(&self.state, &self.observed, given);
        if let Some(draft) = next.draft.filter(|draft| !draft.is_empty()) {
            outputs.push(Output::Append(self.commit(draft, None, given)));
            return;
        }
        outputs.extend(next.wake_at.map(|at| Output::WakeAt(at.max(now))));
    }

    fn commit(&mut self, draft: Draft, answers: Option<PlacedCommand>, time: Time) -> Append {
        let subject = self.own_subject();
        let head = self.ledger.head(&subject);
        let command = answers.as_ref().map(|waiting| &waiting.command);
        let place = answers.as_ref().map(|waiting| waiting.place);
        let commit = Commit {
            actor: draft
                .actor
                .or_else(|| command.map(|c| c.actor.clone()))
                .unwrap_or_else(|| self.core.writer().actor()),
            operation: draft.operation.or_else(|| command.map(|c| c.operation)),
            answers: place,
            cause: draft.cause.or(place).or(self.last_cause),
            as_of: self.folded,
            core: self.core.version().to_owned(),
            time,
            traceparent: command.and_then(|c| c.traceparent.clone()),
            prev: head.prev,
            evidence: draft.evidence,
            events: draft.events,
        };
        let payload = serde_json::to_vec(&commit).expect("a commit has string keys only");
        let mark = self
            .marker
            .mark(self.ledger.log(), &subject.to_string(), &payload);
        self.appending.begin(Append {
            subject,
            payload,
            mark,
            expects: head.stored,
        })
    }
}
