//! `Desk`: the api's part in a simulation. It writes commands and admissions, and says what was
//! accepted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gantry_bus::{Append, Appending, ControlKey, Landing, Ledger, Marker, MemoryLog};
use gantry_events::{
    Actor, Command, CommandBatch, Commit, Decider, Digest, Event, Intent, LogId, LogSubject,
    NodeAdmitted, NodeId, OperationId, Seq, Time, Writer,
};

use crate::bug::Bug;
use crate::chance::Chance;
use crate::faults::Faults;
use crate::line::Line;

/// The api at its desk.
pub struct Desk {
    log_id: LogId,
    key: ControlKey,
    ledger: Ledger,
    folded: Seq,
    lanes: BTreeMap<LogSubject, Lane>,
    /// Operations a client was told to be accepted.
    pub accepted: BTreeSet<OperationId>,
    /// Nodes that have been admitted.
    pub admitted: BTreeSet<NodeId>,
    bug: Option<Bug>,
    asked: u64,
}

#[derive(Default)]
struct Lane {
    appending: Appending,
    line: Line,
    waiting: VecDeque<Paper>,
    sent: Option<Paper>,
}

/// Something to be written.
enum Paper {
    Command(Box<Command>),
    Admission(NodeAdmitted),
}

impl Desk {
    /// A desk on this log.
    pub fn new(log_id: LogId, key: ControlKey, bug: Option<Bug>) -> Self {
        let subjects = [
            LogSubject::Commands(Decider::Scheduler),
            LogSubject::Commands(Decider::Provisioner),
            LogSubject::Facts(Writer::Api),
        ];
        Self {
            ledger: Ledger::of_control_plane(log_id, key.clone()),
            log_id,
            key,
            folded: Seq(0),
            lanes: subjects
                .into_iter()
                .map(|subject| (subject, Lane::default()))
                .collect(),
            accepted: BTreeSet::new(),
            admitted: BTreeSet::new(),
            bug,
            asked: 0,
        }
    }

    /// A client asks for something.
    pub fn ask(&mut self, intent: Intent, unchanged_since: Option<Seq>, now: Time) {
        self.asked += 1;
        let operation = OperationId::of_key("user:sim", &self.asked.to_string());
        let subject = LogSubject::Commands(intent.decider());
        let command = Command {
            operation,
            actor: Actor::User("sim".to_owned()),
            time: now,
            request: Digest::of(self.asked.to_string().as_bytes()),
            traceparent: None,
            intent,
            unchanged_since,
        };
        if self.bug == Some(Bug::AcknowledgeBeforeAppend) {
            self.accepted.insert(operation);
        }
        self.lane(&subject)
            .waiting
            .push_back(Paper::Command(Box::new(command)));
    }

    /// A node asks to be admitted; it asks again until it is.
    pub fn admit(&mut self, admission: NodeAdmitted) {
        let lane = self.lane(&LogSubject::Facts(Writer::Api));
        let same = |paper: &Paper| matches!(paper, Paper::Admission(waiting) if waiting.node == admission.node);
        if !lane.waiting.iter().chain(&lane.sent).any(same) {
            lane.waiting.push_back(Paper::Admission(admission));
        }
    }

    /// Whether something is under way here.
    pub fn is_busy(&self, log: &MemoryLog) -> bool {
        self.folded < log.last()
            || self.lanes.values().any(|lane| {
                !lane.waiting.is_empty() || !lane.appending.is_idle() || lane.line.has_appends()
            })
    }

    /// One step of its work.
    pub fn work(&mut self, log: &MemoryLog, now: Time, faults: &Faults, chance: &mut Chance) {
        while let Some(stored) = log.get(self.folded.next()) {
            self.folded = stored.seq;
            // Void messages move the head as well; only that counts here.
            let _ = self.ledger.check(&stored);
            let landings: Vec<Paper> = self
                .lanes
                .values_mut()
                .filter_map(|lane| lane.settle(&stored))
                .collect();
            for paper in landings {
                match paper {
                    Paper::Command(command) => self.accepted.insert(command.operation),
                    Paper::Admission(admission) => self.admitted.insert(admission.node),
                };
            }
        }
        let subjects: Vec<LogSubject> = self.lanes.keys().cloned().collect();
        for subject in subjects {
            self.write(&subject, now);
            let lane = self.lane(&subject);
            lane.line.carry(log, faults, chance);
            if let Some(outcome) = lane.line.answer() {
                lane.appending.answered(&outcome, now);
            }
            if let Some(append) = lane.appending.retry(now) {
                lane.line.send(append);
            }
        }
    }

    /// SIGKILL: what was not stored was not accepted either.
    pub fn crash(&mut self) {
        self.folded = Seq(0);
        self.ledger = Ledger::of_control_plane(self.log_id, self.key.clone());
        for lane in self.lanes.values_mut() {
            lane.waiting.clear();
            lane.sent = None;
            lane.appending = Appending::default();
            lane.line.hang_up();
        }
    }

    fn lane(&mut self, subject: &LogSubject) -> &mut Lane {
        self.lanes
            .get_mut(subject)
            .expect("the desk has a lane for each of its subjects")
    }

    fn write(&mut self, subject: &LogSubject, now: Time) {
        let head = self.ledger.head(subject);
        let (log_id, key, as_of) = (self.log_id, self.key.clone(), self.folded);
        let lane = self.lane(subject);
        if !lane.appending.is_idle() {
            return;
        }
        let Some(paper) = lane.waiting.pop_front() else {
            return;
        };
        let payload = match &paper {
            Paper::Command(command) => serde_json::to_vec(&CommandBatch {
                as_of,
                prev: head.prev,
                commands: vec![(**command).clone()],
            }),
            Paper::Admission(admission) => serde_json::to_vec(&Commit {
                actor: Writer::Api.actor(),
                operation: None,
                answers: None,
                cause: None,
                as_of,
                core: "sim/1".to_owned(),
                time: now,
                traceparent: None,
                prev: head.prev,
                evidence: Vec::new(),
                events: vec![Event::from(admission.clone())],
            }),
        }
        .expect("string keys only");
        let mark = Marker::Control(key).mark(log_id, &subject.to_string(), &payload);
        let append = lane.appending.begin(Append {
            subject: subject.clone(),
            payload,
            mark,
            expects: head.stored,
        });
        lane.line.send(append);
        lane.sent = Some(paper);
    }
}

impl Lane {
    /// What landed, if this message is it. What lost its place is written again.
    fn settle(&mut self, stored: &gantry_bus::Stored) -> Option<Paper> {
        match self.appending.stored(stored)? {
            Landing::Landed => self.sent.take(),
            Landing::Lost => {
                self.waiting.extend(self.sent.take());
                None
            }
        }
    }
}
