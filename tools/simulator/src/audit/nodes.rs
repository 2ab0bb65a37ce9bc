//! Nodes as the scheduler tells of them: which takes replicas, which is silent, which is lost and why.

use std::collections::BTreeMap;

use gantry_events::{Commit, Fact, Millis, NodeId, NodeLost, Seq, Time};

use super::Word;
use crate::checks::Broken;

/// Silence after which a node may be lost, and the same while many are silent at once.
const LOST_AFTER: Millis = Millis::from_secs(15);
const LOST_AFTER_WIDESPREAD: Millis = Millis::from_secs(60);

/// One node.
#[derive(Debug, Default)]
struct Node {
    joined: Seq,
    gone: Option<Seq>,
    open: bool,
    silent_since: Option<Time>,
    lost: bool,
}

/// All nodes.
#[derive(Debug, Default)]
pub struct Nodes(BTreeMap<NodeId, Node>);

impl Nodes {
    /// Whether the node takes replicas.
    pub fn takes(&self, node: &NodeId) -> bool {
        let takes = |node: &Node| node.open && node.silent_since.is_none() && !node.lost;
        self.0.get(node).is_some_and(takes)
    }

    /// Who is said to be heard in a commit was heard before anything else in it was decided.
    pub(super) fn hear_first(&mut self, commit: &Commit) {
        for event in &commit.events {
            if let Fact::NodeReturned(f) = &event.fact {
                self.change(&f.node, Node::returns);
            }
        }
    }

    pub(super) fn take(&mut self, word: &Word<'_>) -> Result<(), Broken> {
        match word.fact {
            Fact::NodeJoined(f) => {
                let fresh = || Node {
                    joined: word.seq,
                    open: true,
                    ..Node::default()
                };
                self.0.entry(f.node.clone()).or_insert_with(fresh);
            }
            Fact::NodeSuspected(f) => self.change(&f.node, |one| one.silent_since = Some(f.since)),
            Fact::NodeReturned(f) => self.change(&f.node, Node::returns),
            Fact::NodeLost(f) => {
                self.check_guard(word, f)?;
                self.change(&f.node, |one| one.lost = true);
            }
            Fact::NodeCordoned(f) => self.change(&f.node, |one| one.open = false),
            Fact::NodeDraining(f) => self.change(&f.node, |one| one.open = false),
            Fact::NodeUncordoned(f) => self.change(&f.node, |one| one.open = true),
            Fact::MachineRemoved(f) => self.change(&f.node, |one| one.gone = Some(word.seq)),
            Fact::MachineGone(f) => self.change(&f.node, |one| one.gone = Some(word.seq)),
            Fact::ReplicaPlaced(f) if !self.takes(&f.node) => {
                return Err(Broken(format!(
                    "{} is placed on {}, which takes nothing",
                    f.replica, f.node
                )));
            }
            // foreign: the rest tells nothing of nodes
            _ => {}
        }
        Ok(())
    }

    /// A node is lost only after its time, and after the long time where many are silent with it.
    fn check_guard(&self, word: &Word<'_>, lost: &NodeLost) -> Result<(), Broken> {
        let known = word.commit.as_of;
        let is_gone = |node: &Node| node.gone.is_some_and(|gone| gone <= known);
        if self.0.get(&lost.node).is_none_or(is_gone) {
            return Ok(());
        }
        let living: Vec<&Node> = self
            .0
            .values()
            .filter(|node| node.joined <= known && !is_gone(node) && !node.lost)
            .collect();
        let silent = living.iter().filter(|node| node.silent_since.is_some());
        let silent = silent.count();
        let widespread = silent >= 2 && silent * 3 > living.len();
        let needed = match widespread {
            true => LOST_AFTER_WIDESPREAD,
            false => LOST_AFTER,
        };
        let silence = word.commit.time.since(lost.since);
        if silence >= needed {
            return Ok(());
        }
        Err(Broken(format!(
            "{} is lost after {silence}, with {silent} of {} silent",
            lost.node,
            living.len()
        )))
    }

    fn change(&mut self, node: &NodeId, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.0.get_mut(node) {
            change(node);
        }
    }
}

impl Node {
    fn returns(&mut self) {
        self.silent_since = None;
        self.lost = false;
    }
}
