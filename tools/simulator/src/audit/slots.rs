//! Replicas as the log tells of them: where each is, which slot it fills, and how far it is.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::{
    Digest, Fact, NodeId, ProjectName, ReplicaId, ReplicaKey, ReplicaPlaced, RouteTable, Seq,
    ServiceName, Slot, Time, Writer, host_of,
};

use super::Word;
use crate::checks::Broken;

/// One replica.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The slot it fills.
    pub slot: Slot,
    /// What it runs.
    pub spec: Digest,
    /// How often its service had been restarted by then.
    pub round: u32,
    /// Where.
    pub node: NodeId,
    /// Where that was said.
    pub placed: Seq,
    /// Where it was first said to be ready.
    pub ready: Option<Seq>,
    /// How far it is.
    pub stage: Stage,
    /// Whether its node was ever lost, or it ever left its probe unanswered: it may be replaced for that.
    pub doubtful: bool,
    /// Whether its node is lost.
    pub lost: bool,
    /// Whether its node was found empty while it was lost and about to stop: nobody waits for that any more.
    pub given_up: bool,
    /// Whether it takes requests once it is ready.
    pub has_port: bool,
}

/// How far a replica is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was never ready.
    Coming,
    /// It answers.
    Ready,
    /// It answered once.
    Unready,
    /// No new requests, and none at all from this time on.
    Draining(Time),
    /// It should stop; the time is the one that it had to drain.
    Stopping(Time),
    /// Its node gave it up.
    Failed,
}

/// All replicas.
#[derive(Debug, Default)]
pub struct Slots {
    copies: BTreeMap<ReplicaKey, Copy>,
    all: BTreeMap<ReplicaKey, Slot>,
    filled: BTreeSet<(ProjectName, Slot, u32)>,
}

impl Slots {
    /// The replicas of one service that have not gone.
    pub fn of<'a>(
        &'a self,
        project: &'a ProjectName,
        service: &'a ServiceName,
    ) -> impl Iterator<Item = (&'a ReplicaKey, &'a Copy)> {
        self.copies
            .iter()
            .filter(move |(key, copy)| key.project == *project && copy.slot.service == *service)
    }

    /// A replica that has not gone.
    pub fn copy(&self, key: &ReplicaKey) -> Option<&Copy> {
        self.copies.get(key)
    }

    /// A replica on the node that was placed by then and runs, for all that is known.
    pub fn left_on(&self, node: &NodeId, by: Seq) -> Option<&ReplicaKey> {
        let is_left = |copy: &Copy| {
            let runs = !copy.lost && !copy.given_up && copy.stage != Stage::Failed;
            copy.node == *node && copy.placed <= by && runs
        };
        let mut copies = self.copies.iter();
        copies.find(|(_, copy)| is_left(copy)).map(|(key, _)| key)
    }

    /// The slot of a replica that was ever placed.
    pub fn slot(&self, key: &ReplicaKey) -> Option<&Slot> {
        self.all.get(key)
    }

    /// At most one replica a slot is routed.
    pub fn check_table(&self, table: &RouteTable) -> Result<(), Broken> {
        for (host, route) in &table.routes {
            let mut seen = BTreeMap::new();
            for replica in route.backends.keys() {
                let Some(slot) = self.all.get(replica) else {
                    return Err(Broken(format!(
                        "{host} routes to {replica}, which was never placed"
                    )));
                };
                if let Some(other) = seen.insert(slot, replica) {
                    return Err(Broken(format!(
                        "{host} routes to {replica} and {other}, of one slot"
                    )));
                }
            }
        }
        Ok(())
    }

    /// What a table of one who knows the whole log routes nowhere has nobody that answers, but for those that were
    /// given up with their nodes: their service may be gone by now.
    pub fn check_nobody_is_forgotten(&self, table: &RouteTable) -> Result<(), Broken> {
        for (key, copy) in &self.copies {
            let host = host_of(&key.project, &copy.slot.service);
            let route = table.routes.get(&host);
            let is_empty = route.is_none_or(|route| route.backends.is_empty());
            let answers = copy.has_port && !copy.lost && copy.stage == Stage::Ready;
            if answers && is_empty {
                return Err(Broken(format!("{host} leads nowhere, and {key} answers")));
            }
        }
        Ok(())
    }

    pub(super) fn take(&mut self, word: &Word<'_>) -> Result<(), Broken> {
        let by_node = |node: &NodeId| *word.writer == Writer::Node(node.clone());
        match word.fact {
            Fact::ReplicaPlaced(placed) => return self.place(word.seq, placed),
            Fact::ReplicaReady(f) if by_node(&f.node) => {
                let has_port = f.address.is_some();
                self.change(&f.project, &f.replica, |copy| {
                    copy.has_port = has_port;
                    copy.ready = copy.ready.or(Some(word.seq));
                    copy.becomes(Stage::Ready);
                });
            }
            Fact::ReplicaUnready(f) if by_node(&f.node) => {
                self.change(&f.project, &f.replica, |copy| copy.becomes(Stage::Unready));
            }
            Fact::ReplicaRestarted(f) if by_node(&f.node) => {
                self.change(&f.project, &f.replica, |copy| copy.becomes(Stage::Unready));
            }
            Fact::ReplicaFailed(f) if by_node(&f.node) => {
                self.change(&f.project, &f.replica, |copy| copy.stage = Stage::Failed);
            }
            Fact::ReplicaStopped(f) if by_node(&f.node) => self.forget(&f.project, &f.replica),
            Fact::ReplicaDraining(f) => self.change(&f.project, &f.replica, |copy| {
                copy.stage = Stage::Draining(f.until);
            }),
            Fact::ReplicaStopping(f) => self.change(&f.project, &f.replica, Copy::stops),
            Fact::ReplicaLost(f) => self.change(&f.project, &f.replica, |copy| {
                (copy.lost, copy.doubtful) = (true, true);
            }),
            Fact::ReplicaRegained(f) => self.change(&f.project, &f.replica, |copy| {
                copy.lost = false;
            }),
            Fact::NodeDrained(f) => self.give_up(&f.node),
            Fact::MachineRemoved(f) => self.copies.retain(|_, copy| copy.node != f.node),
            Fact::MachineGone(f) => self.copies.retain(|_, copy| copy.node != f.node),
            // foreign: the rest tells nothing of single replicas
            _ => {}
        }
        Ok(())
    }

    fn place(&mut self, seq: Seq, placed: &ReplicaPlaced) -> Result<(), Broken> {
        let slot = &placed.slot;
        let epoch = (placed.project.clone(), slot.clone(), placed.epoch);
        if !self.filled.insert(epoch) {
            return Err(Broken(format!(
                "{}/{} has two replicas for epoch {}",
                slot.service, slot.ordinal, placed.epoch
            )));
        }
        let key = ReplicaKey {
            project: placed.project.clone(),
            replica: placed.replica.clone(),
        };
        let copy = Copy {
            slot: slot.clone(),
            spec: placed.spec,
            round: placed.round,
            node: placed.node.clone(),
            placed: seq,
            ready: None,
            stage: Stage::Coming,
            doubtful: false,
            lost: false,
            given_up: false,
            has_port: false,
        };
        self.all.insert(key.clone(), slot.clone());
        self.copies.insert(key, copy);
        Ok(())
    }

    fn give_up(&mut self, node: &NodeId) {
        for copy in self.copies.values_mut().filter(|copy| copy.node == *node) {
            copy.given_up |= copy.lost && matches!(copy.stage, Stage::Stopping(..));
        }
    }

    fn change(
        &mut self,
        project: &ProjectName,
        replica: &ReplicaId,
        change: impl FnOnce(&mut Copy),
    ) {
        let key = ReplicaKey {
            project: project.clone(),
            replica: replica.clone(),
        };
        if let Some(copy) = self.copies.get_mut(&key) {
            change(copy);
        }
    }

    fn forget(&mut self, project: &ProjectName, replica: &ReplicaId) {
        self.copies.remove(&ReplicaKey {
            project: project.clone(),
            replica: replica.clone(),
        });
    }
}

impl Copy {
    /// Whether it fills its slot or is about to.
    pub fn holds(&self) -> bool {
        let stays = matches!(self.stage, Stage::Coming | Stage::Ready | Stage::Unready);
        stays && !self.lost
    }

    fn becomes(&mut self, stage: Stage) {
        self.doubtful |= stage == Stage::Unready;
        if matches!(self.stage, Stage::Coming | Stage::Ready | Stage::Unready) {
            self.stage = stage;
        }
    }

    /// The time for requests in flight stays that of the drain.
    fn stops(&mut self) {
        if let Stage::Draining(until) = self.stage {
            self.stage = Stage::Stopping(until);
        }
    }
}
