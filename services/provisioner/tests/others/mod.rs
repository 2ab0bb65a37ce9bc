//! Everybody else in a scene: the user with a list of wishes, the api that admits, the nodes that join,
//! the scheduler that empties them. What they owe follows from the log and from which machines run.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test takes what it needs, and ends at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};

use gantry_bus::{Append, ControlKey, Ledger, Marker, Message, NodeKey, Stored};
use gantry_events::{
    Actor, Capacity, Command, CommandBatch, Commit, Decider, Digest, Event, Fact, Intent, LogId,
    LogSubject, MachineId, NodeAdmitted, NodeDrained, NodeId, NodeJoined, OperationId, Seq, Time,
    Writer,
};
use uuid::Uuid;

/// One line of the user's list.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A command, which is waited for.
    Ask(Intent),
    /// Somebody removes a machine behind everybody's back, which is waited for to be made good.
    Vanish(MachineId),
}

/// What happens next in the world around the provisioner.
#[derive(Debug)]
pub enum Owed {
    /// Somebody writes.
    Write(Append),
    /// A machine vanishes.
    Vanish(MachineId),
    /// The others wait for the provisioner.
    Nothing,
    /// The list is done.
    Over,
}

/// Everybody else.
pub struct Others {
    log: LogId,
    key: ControlKey,
    ledger: Ledger,
    read: Seq,
    wishes: Vec<Wish>,
    made: usize,
    asked: u32,
    ended: u32,
    vanished: BTreeSet<MachineId>,
    unreplaced: u32,
    keys: BTreeMap<NodeId, NodeKey>,
    machines: BTreeMap<MachineId, Seen>,
    /// Every type the provisioner has said.
    pub said: Vec<&'static str>,
}

#[derive(Default)]
struct Seen {
    node: Option<NodeId>,
    admitted: bool,
    joined: bool,
    ready: bool,
    leaving: bool,
    drained: bool,
    over: bool,
}

impl Others {
    /// Others who write to this log.
    pub fn new(log: LogId, key: ControlKey, wishes: Vec<Wish>) -> Self {
        Self {
            log,
            ledger: Ledger::of_control_plane(log, key.clone()),
            key,
            read: Seq(0),
            wishes,
            made: 0,
            asked: 0,
            ended: 0,
            vanished: BTreeSet::new(),
            unreplaced: 0,
            keys: BTreeMap::new(),
            machines: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    /// The last sequence they know.
    pub fn read_to(&self) -> Seq {
        self.read
    }

    /// A node's own key.
    pub fn key_of(&mut self, node: &NodeId) -> &NodeKey {
        self.keys
            .entry(node.clone())
            .or_insert_with(NodeKey::generate)
    }

    /// They read on.
    pub fn read(&mut self, stored: &Stored) {
        self.read = stored.seq;
        match self.ledger.check(stored).unwrap() {
            Message::Commands(_, batch) => self.asked += batch.commands.len() as u32,
            Message::Commit(writer, commit) => {
                for event in &commit.events {
                    if writer == Writer::Provisioner {
                        self.said.push(event.fact.type_name());
                    }
                    self.take(&event.fact);
                }
            }
        }
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::MachineRequested(f) => {
                let doubled = self.machines.insert(
                    f.machine.clone(),
                    Seen {
                        node: Some(f.node.clone()),
                        ..Seen::default()
                    },
                );
                assert!(doubled.is_none(), "{} is asked for twice", f.machine);
                self.unreplaced = self.unreplaced.saturating_sub(1);
            }
            Fact::MachineReady(f) => self.of(&f.machine).ready = true,
            Fact::MachineLeaving(f) => self.of(&f.machine).leaving = true,
            Fact::MachineKept(f) => {
                let seen = self.of(&f.machine);
                (seen.leaving, seen.drained) = (false, false);
            }
            Fact::MachineRemoving(f) => {
                let seen = self.of(&f.machine);
                assert!(seen.drained || !seen.joined, "removed before it is drained");
            }
            Fact::MachineRemoved(f) => self.of(&f.machine).over = true,
            Fact::MachineGone(f) => {
                self.of(&f.machine).over = true;
                self.unreplaced += 1;
            }
            Fact::NodeAdmitted(f) => self.of(&f.machine).admitted = true,
            Fact::NodeJoined(f) => self.at(&f.node).joined = true,
            Fact::NodeDrained(f) => self.at(&f.node).drained = true,
            Fact::OperationSucceeded(_)
            | Fact::OperationUnchanged(_)
            | Fact::OperationSuperseded(_) => self.ended += 1,
            Fact::OperationFailed(f) => panic!("{}", f.problem.detail),
            Fact::OperationRefused(f) => panic!("{}", f.problem.detail),
            _ => {}
        }
    }

    fn of(&mut self, machine: &MachineId) -> &mut Seen {
        self.machines.get_mut(machine).unwrap()
    }

    fn at(&mut self, node: &NodeId) -> &mut Seen {
        let mut machines = self.machines.values_mut();
        machines
            .find(|one| one.node.as_ref() == Some(node))
            .unwrap()
    }

    /// What they do next, given the machines that run.
    pub fn owe(&mut self, running: &BTreeSet<MachineId>, now: Time) -> Owed {
        if let Some((machine, node)) = self.first(running, |seen| !seen.admitted) {
            let public_key = self.key_of(&node).public_key();
            let admitted = NodeAdmitted {
                node,
                machine,
                public_key,
            };
            return Owed::Write(self.write(Writer::Api, admitted, now));
        }
        if let Some((_, node)) = self.first(running, |seen| !seen.joined) {
            let joined = NodeJoined {
                node: node.clone(),
                address: [10, 0, 0, 7].into(),
                capacity: Capacity::default(),
            };
            return Owed::Write(self.write(Writer::Node(node), joined, now));
        }
        let empties = |seen: &Seen| seen.leaving && seen.joined && !seen.drained;
        if let Some((_, node)) = self.first(running, empties) {
            return Owed::Write(self.write(Writer::Scheduler, NodeDrained { node }, now));
        }
        if self.ended < self.asked || self.machines.values().any(|one| !one.over && !one.ready) {
            return Owed::Nothing;
        }
        let gone = |id: &MachineId| self.machines[id].over;
        if self.unreplaced > 0 || !self.vanished.iter().all(gone) {
            return Owed::Nothing;
        }
        self.wish(now)
    }

    fn wish(&mut self, now: Time) -> Owed {
        // A command that is not in the log was not made, and is made again.
        let asks = |wish: &&Wish| matches!(wish, Wish::Ask(_));
        let asked = self.wishes[..self.made].iter().filter(asks).count();
        if asked as u32 > self.asked {
            self.made -= 1;
        }
        let Some(wish) = self.wishes.get(self.made).cloned() else {
            return Owed::Over;
        };
        self.made += 1;
        match wish {
            Wish::Vanish(machine) => {
                self.vanished.insert(machine.clone());
                Owed::Vanish(machine)
            }
            Wish::Ask(intent) => Owed::Write(self.command(intent, now)),
        }
    }

    fn first(
        &self,
        running: &BTreeSet<MachineId>,
        wanted: impl Fn(&Seen) -> bool,
    ) -> Option<(MachineId, NodeId)> {
        let mut machines = self.machines.iter();
        let (id, seen) =
            machines.find(|(id, seen)| running.contains(*id) && !seen.over && wanted(seen))?;
        Some((id.clone(), seen.node.clone()?))
    }

    fn write(&mut self, writer: Writer, fact: impl Into<Fact>, now: Time) -> Append {
        let subject = LogSubject::Facts(writer.clone());
        let commit = Commit {
            actor: writer.actor(),
            operation: None,
            answers: None,
            cause: None,
            as_of: self.read,
            core: "test/1".to_owned(),
            time: now,
            traceparent: None,
            prev: self.ledger.head(&subject).prev,
            evidence: Vec::new(),
            events: vec![Event { fact: fact.into() }],
        };
        let marker = match &writer {
            Writer::Node(node) => self.key_of(node).marker(),
            _ => Marker::Control(self.key.clone()),
        };
        self.seal(subject, serde_json::to_vec(&commit).unwrap(), &marker)
    }

    fn command(&mut self, intent: Intent, now: Time) -> Append {
        let subject = LogSubject::Commands(Decider::Provisioner);
        let command = Command {
            operation: OperationId(Uuid::from_u128(self.asked.into())),
            actor: Actor::User("mia".to_owned()),
            time: now,
            request: Digest::of(&self.asked.to_le_bytes()),
            traceparent: None,
            intent,
            unchanged_since: None,
        };
        let batch = CommandBatch {
            as_of: self.read,
            prev: self.ledger.head(&subject).prev,
            commands: vec![command],
        };
        let marker = Marker::Control(self.key.clone());
        self.seal(subject, serde_json::to_vec(&batch).unwrap(), &marker)
    }

    fn seal(&self, subject: LogSubject, payload: Vec<u8>, marker: &Marker) -> Append {
        let mark = marker.mark(self.log, &subject.to_string(), &payload);
        let expects = self.ledger.head(&subject).stored;
        Append {
            subject,
            payload,
            mark,
            expects,
        }
    }
}
