//! `Service`: one engine in its simulated process, which may be killed and started at any time.

use gantry_bus::{Ledger, Marker, MemoryLog, Stored};
use gantry_decider::Core;
use gantry_events::{LogSubject, Seq, Time};
use gantry_runtime::{Engine, Input, Output, Snapshot};

use crate::chance::Chance;
use crate::faults::Scene;
use crate::line::Line;

/// How a service begins anew after it was killed.
#[derive(Clone, Debug)]
pub struct Birth<C> {
    /// Its core.
    pub core: C,
    /// Checks messages, as at the log's beginning.
    pub ledger: Ledger,
    /// Marks what it writes.
    pub marker: Marker,
    /// Whether it believes messages whose mark does not fit: a planted bug.
    pub trusting: bool,
}

/// A simulated process with one engine.
pub struct Service<C: Core + Clone> {
    birth: Birth<C>,
    engine: Option<Engine<C>>,
    goal: Seq,
    line: Line,
    wake_at: Option<Time>,
    /// Whether the duty of deciding is its own, as far as it was told.
    leads: bool,
    /// What a node keeps on its disk instead of replaying the log.
    snapshot: Option<Snapshot<C::State>>,
    own_only: Option<String>,
    /// An engine that only folds: what a replay of the log gives.
    mirror: Engine<C>,
}

/// Something that can happen next to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Its process starts.
    Start,
    /// The next message of the log reaches it.
    Deliver,
    /// It has read to the end that the log had at its start.
    GoLive,
    /// One of its appends gets on.
    Carry,
    /// An answer reaches it.
    Answer,
    /// The time it asked for has come.
    Wake,
}

impl<C: Core + Clone> Birth<C> {
    /// An engine at the beginning of the log.
    pub fn engine(&self) -> Engine<C> {
        let birth = self.clone();
        Engine::new(birth.core, birth.ledger, birth.marker)
    }
}

impl<C: Core + Clone> Service<C> {
    /// A service that is not started. Those that see their own subject only keep snapshots.
    pub fn new(birth: Birth<C>, own_only: bool) -> Self {
        let subject = LogSubject::Facts(birth.core.writer()).to_string();
        Self {
            mirror: birth.engine(),
            birth,
            engine: None,
            goal: Seq(0),
            line: Line::default(),
            wake_at: None,
            leads: true,
            snapshot: None,
            own_only: own_only.then_some(subject),
        }
    }

    /// Its engine, while it runs.
    pub fn engine(&self) -> Option<&Engine<C>> {
        self.engine.as_ref()
    }

    /// Its engine once it may decide.
    pub fn live(&self) -> Option<&Engine<C>> {
        self.engine.as_ref().filter(|engine| engine.is_live())
    }

    /// When it wants to be woken.
    pub fn wake_at(&self) -> Option<Time> {
        self.wake_at
    }

    /// Whether it decides, as far as it was told.
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// It is told whether the duty of deciding is its own; a process that starts knows what was told last.
    pub fn lead(&mut self, leads: bool, now: Time) {
        self.leads = leads;
        self.step(Input::Lead(leads), now);
    }

    /// Its engine, and one that folded the very same messages and did nothing else; it looks at every mark.
    /// Nothing while it is still behind what was compared before.
    pub fn reflected(&mut self, log: &MemoryLog) -> Option<(&Engine<C>, &Engine<C>)> {
        let goal = self.engine.as_ref()?.folded();
        let within = |stored: &Stored| stored.seq <= goal;
        while let Some(next) = self.next_message(log, self.mirror.folded()).filter(within) {
            self.mirror.step(Input::Stored(next), Time::default());
        }
        let engine = self.engine.as_ref()?;
        (self.mirror.folded() == goal).then_some((engine, &self.mirror))
    }

    /// What can happen to it now.
    pub fn chores(&self, log: &MemoryLog, now: Time) -> Vec<Chore> {
        let Some(engine) = &self.engine else {
            let carry = self.line.has_appends().then_some(Chore::Carry);
            return [Chore::Start].into_iter().chain(carry).collect();
        };
        let unread = self.last_message(log) > engine.folded();
        let due = self.wake_at.is_some_and(|at| at <= now) && engine.is_live();
        let reached = !engine.is_live() && engine.folded() >= self.goal;
        let all = [
            (unread, Chore::Deliver),
            (reached, Chore::GoLive),
            (self.line.has_appends(), Chore::Carry),
            (self.line.has_answers(), Chore::Answer),
            (due, Chore::Wake),
        ];
        all.into_iter()
            .filter_map(|(possible, chore)| possible.then_some(chore))
            .collect()
    }

    /// Whether it runs, may decide, knows all there is to know, and waits only for time to pass.
    pub fn is_idle(&self, log: &MemoryLog, now: Time) -> bool {
        let rests = self.live().is_some_and(Engine::is_at_rest);
        rests && self.chores(log, now).is_empty()
    }

    /// Lets some things happen to it, one after the other, at most so many.
    pub fn work(&mut self, most: u64, scene: &Scene, chance: &mut Chance) {
        for _ in 0..chance.between(1, most) {
            let chores = self.chores(&scene.log, scene.now);
            match chance.pick(&chores).copied() {
                Some(chore) => self.perform(chore, scene, chance),
                None => return,
            }
        }
    }

    /// Lets one of them happen.
    pub fn perform(&mut self, chore: Chore, scene: &Scene, chance: &mut Chance) {
        let Scene { log, now, faults } = scene;
        match chore {
            Chore::Start => {
                self.start(log);
                self.step(Input::Lead(self.leads), *now);
            }
            Chore::Deliver => self.deliver(log, *now, chance.percent(faults.doubled)),
            Chore::GoLive => self.step(Input::Live, *now),
            Chore::Carry => self.line.carry(log, faults, chance),
            Chore::Answer => {
                if let Some(outcome) = self.line.answer() {
                    self.step(Input::Answered(outcome), *now);
                }
            }
            Chore::Wake => {
                self.wake_at = None;
                self.step(Input::Wake, *now);
            }
        }
    }

    /// A reading of the world reaches it, if it runs.
    pub fn read(&mut self, reading: C::Reading, now: Time) {
        self.step(Input::Reading(reading), now);
    }

    /// SIGKILL.
    pub fn crash(&mut self) {
        self.engine = None;
        self.wake_at = None;
        self.line.hang_up();
    }

    fn start(&mut self, log: &MemoryLog) {
        let mut engine = self.birth.engine();
        if let Some(snapshot) = &self.snapshot {
            engine.resume(snapshot.clone());
        }
        self.goal = self.last_message(log);
        self.engine = Some(engine);
    }

    fn deliver(&mut self, log: &MemoryLog, now: Time, twice: bool) {
        let Some(stored) = self
            .engine
            .as_ref()
            .and_then(|engine| self.next_message(log, engine.folded()))
        else {
            return;
        };
        let stored = if self.birth.trusting {
            self.believed(stored)
        } else {
            stored
        };
        if twice {
            self.step(Input::Stored(stored.clone()), now);
        }
        self.step(Input::Stored(stored), now);
    }

    /// The message as a service reads it that does not look at marks.
    fn believed(&self, mut stored: Stored) -> Stored {
        let mark =
            self.birth
                .marker
                .mark(self.birth.ledger.log(), &stored.subject, &stored.payload);
        if !stored.subject.starts_with("evt.node.") {
            stored.mark = Some(mark);
        }
        stored
    }

    fn next_message(&self, log: &MemoryLog, folded: Seq) -> Option<Stored> {
        match &self.own_only {
            None => log.get(folded.next()),
            Some(own) => log.next_on(own, folded),
        }
    }

    fn last_message(&self, log: &MemoryLog) -> Seq {
        match &self.own_only {
            None => log.last(),
            Some(own) => log.last_on(own),
        }
    }

    fn step(&mut self, input: Input<C::Reading>, now: Time) {
        let Some(engine) = &mut self.engine else {
            return;
        };
        let outputs = engine.step(input, now);
        if self.own_only.is_some() {
            self.snapshot = Some(engine.snapshot());
        }
        for output in outputs {
            match output {
                Output::Append(append) => self.line.send(append),
                Output::WakeAt(at) => self.wake_at = Some(at),
                // A gap cannot arise here: messages are delivered in order.
                Output::FollowFrom(_)
                | Output::Void { .. }
                | Output::Fault(_)
                | Output::Folded(_) => {}
            }
        }
    }
}
