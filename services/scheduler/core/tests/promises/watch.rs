//! Follows the log commit by commit with a state of its own, and checks each commit of the scheduler.

use std::collections::{BTreeMap, BTreeSet};

use gantry_events::*;
use gantry_scheduler_core::{BALANCER_LEASE, SchedulerCore, State};
use gantry_testkit::Told;
use gantry_testkit::told::Words;

use crate::ledger::Ledger;
use crate::slots;

/// What was seen so far.
#[derive(Default)]
pub struct Watch {
    /// The log folded a second time.
    pub state: State,
    read: usize,
    ledger: Ledger,
    releases: BTreeMap<Digest, ReleaseNumber>,
    /// When each balancer was last heard, and since when anybody listens.
    balancers: BTreeMap<BalancerId, Time>,
    since: Option<Time>,
}

/// One commit of the scheduler: what was so before, what it says, what is so after it.
pub struct Step<'a> {
    pub before: &'a State,
    pub after: &'a State,
    pub facts: &'a [&'a Fact],
    pub time: Time,
    /// Balancers whose word counts.
    pub counting: &'a BTreeSet<BalancerId>,
}

impl Step<'_> {
    /// Whether every balancer that counts routes to the replica.
    pub fn routes(&self, replica: &ReplicaKey) -> bool {
        let mut tables = self.counting.iter().map(|it| &self.before.balancers[it]);
        tables.all(|table| table.routed.contains(replica))
    }
}

impl Watch {
    pub fn listens(&mut self, since: Time) {
        self.since = Some(since);
        self.balancers.clear();
    }

    pub fn hears(&mut self, balancers: &BTreeSet<BalancerId>, now: Time) {
        self.balancers
            .extend(balancers.iter().map(|it| (it.clone(), now)));
    }

    /// The release made of this file, if there was one.
    pub fn release_of(&self, config: Digest) -> Option<ReleaseNumber> {
        self.releases.get(&config).copied()
    }

    /// Operations that have not ended.
    pub fn open(&self) -> impl Iterator<Item = &OperationId> {
        self.ledger.open()
    }

    /// Reads on to the end of what was told.
    pub fn follow(&mut self, told: &[Told]) {
        let news = &told[self.read..];
        self.read = told.len();
        for commit in news.chunk_by(|a, b| a.place.seq == b.place.seq) {
            self.take(commit);
        }
    }

    fn take(&mut self, commit: &[Told]) {
        let before = self.state.clone();
        for told in commit {
            told.fold(&SchedulerCore, &mut self.state);
            self.ledger.note(told);
            if let Words::Fact(fact) = &told.said
                && let Fact::ReleaseCreated(it) = fact.as_ref()
            {
                self.releases.insert(it.config, it.release);
            }
        }
        let Some(Told {
            time,
            writer: Writer::Scheduler,
            ..
        }) = commit.first()
        else {
            return;
        };
        let facts: Vec<&Fact> = commit
            .iter()
            .filter_map(|told| match &told.said {
                Words::Fact(fact) => Some(fact.as_ref()),
                Words::Command(_) => None,
            })
            .collect();
        let step = Step {
            before: &before,
            after: &self.state,
            facts: &facts,
            time: *time,
            counting: &self.counting(*time),
        };
        slots::check(&step);
        self.ledger.check(&step);
    }

    /// Balancers that were heard within their lease; all there are, if none was.
    fn counting(&self, now: Time) -> BTreeSet<BalancerId> {
        let is_heard = |balancer: &&BalancerId| {
            let last = self.balancers.get(*balancer).copied().or(self.since);
            last.is_none_or(|last| now.since(last) < BALANCER_LEASE)
        };
        let all = || self.state.balancers.keys();
        let heard: BTreeSet<BalancerId> = all().filter(is_heard).cloned().collect();
        if heard.is_empty() {
            return all().cloned().collect();
        }
        heard
    }
}
