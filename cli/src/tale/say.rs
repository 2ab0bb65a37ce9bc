//! Which facts a person who waits is told, and what is counted beside. The sentences are those that every
//! fact has.

use gantry_events::{EntityRef, Fact, Kind, ProjectName, ReplicaId, Scope, ServiceName};

use super::sentence;
use super::{LastWords, Line, Tale};
use crate::output::Tone;

impl Tale {
    /// What to say about this fact, if anything. What another operation does, or what says nothing to a
    /// person who waits, is left out.
    pub(super) fn say(&mut self, fact: &Fact) -> Option<Line> {
        if !self.concerns(fact) {
            return None;
        }
        self.remember(fact);
        let line = sentence::line(fact);
        match fact {
            Fact::ReleaseCreated(d) => Some(self.released(d.rollback_of.is_some(), line)),
            Fact::OperationResolving(_) => Some(about("images", line)),
            // One that was ready before and is so again is news only to who saw it unready.
            Fact::ReplicaReady(d) => {
                let own = (d.project.clone(), d.replica.clone());
                self.placed
                    .contains_key(&own)
                    .then(|| self.ready(&own, line))
            }
            Fact::ReplicaStopped(d) => {
                Some(self.stopped(&(d.project.clone(), d.replica.clone()), line))
            }
            Fact::MachineReady(d) => Some(self.joins(d.machine.as_str(), line)),
            Fact::MachineRemoved(d) => Some(self.leaves(d.machine.as_str(), line)),
            Fact::RolloutFailed(d) => Some(Line {
                what: "given up".to_owned(),
                about: d.service.to_string(),
                tone: Tone::Bad,
            }),
            fact => is_told(fact).then_some(line),
        }
    }

    /// Whether the fact is this operation's, or about something that it changes.
    fn concerns(&self, fact: &Fact) -> bool {
        let own = |operation| operation == self.operation;
        match fact {
            Fact::ReleaseCreated(d) => own(d.operation),
            Fact::OperationResolving(d) => own(d.operation),
            Fact::RolloutFinished(d) => own(d.operation),
            Fact::RolloutFailed(d) => own(d.operation),
            Fact::PoolCreated(d) => own(d.operation),
            Fact::PoolScaled(d) => own(d.operation),
            Fact::PoolClosing(d) => own(d.operation),
            _ => self.concerns_entity(fact),
        }
    }

    fn concerns_entity(&self, fact: &Fact) -> bool {
        let subject = fact.subject();
        let Scope::Project(project) = fact.scope() else {
            return self.goal.nodes.is_empty() || self.is_of_node(&subject);
        };
        if self.goal.moves {
            return self.moves(&project, fact);
        }
        let services = &self.goal.services;
        let service = match subject.kind {
            Kind::Service | Kind::Rollout => Some(subject.id),
            Kind::Replica => service_of(&subject.id).map(str::to_owned),
            _ => return true,
        };
        let service: Option<ServiceName> = service.and_then(|name| name.parse().ok());
        services.is_empty() || service.is_none_or(|name| services.contains_key(&name))
    }

    /// Whether a fact of the cluster is about one of the nodes that the operation is about.
    fn is_of_node(&self, subject: &EntityRef) -> bool {
        let nodes = &mut self.goal.nodes.iter();
        subject.kind == Kind::Node && nodes.any(|node| node.as_str() == subject.id)
    }

    /// Whether a replica leaves one of the nodes that are emptied, or takes the place of one that does.
    fn moves(&self, project: &ProjectName, fact: &Fact) -> bool {
        match fact {
            Fact::ReplicaPlaced(d) => {
                let slot = (project.clone(), d.slot.clone());
                let home = self.slots.get(&slot);
                home.is_some_and(|home| self.emptied.contains(home))
            }
            Fact::ServiceUnplaced(_) => true,
            _ => {
                let id: Option<ReplicaId> = fact.subject().id.parse().ok();
                let own = id.map(|id| (project.clone(), id));
                own.is_some_and(|own| {
                    let home = self.homes.get(&own);
                    self.placed.contains_key(&own)
                        || home.is_some_and(|home| self.emptied.contains(home))
                })
            }
        }
    }

    fn remember(&mut self, fact: &Fact) {
        match fact {
            Fact::ReplicaPlaced(d) => {
                let own = (d.project.clone(), d.replica.clone());
                self.homes.insert(own.clone(), d.node.clone());
                self.placed.insert(own, d.slot.clone());
            }
            Fact::NodeDraining(d) => {
                self.emptied.insert(d.node.clone());
            }
            Fact::ReplicaRestarted(d) => self.hear_last_words(&d.replica, None, &d.log_tail),
            Fact::ReplicaFailed(d) => self.hear_last_words(&d.replica, None, &d.log_tail),
            Fact::ReplicaStopped(d) => {
                self.hear_last_words(&d.replica, d.probe.as_deref(), &d.log_tail);
            }
            Fact::ReplicaReady(d) => {
                self.last_words.take_if(|last| last.replica == d.replica);
            }
            _ => {}
        }
    }

    fn hear_last_words(&mut self, replica: &ReplicaId, probe: Option<&str>, lines: &[String]) {
        if probe.is_none() && lines.is_empty() {
            return;
        }
        self.last_words = Some(LastWords {
            replica: replica.clone(),
            probe: probe.map(str::to_owned),
            lines: lines.to_vec(),
        });
    }

    /// Once the way leads back, nothing is counted any more: what was changed already changes back.
    fn released(&mut self, back: bool, mut line: Line) -> Line {
        let again = std::mem::replace(&mut self.released, true);
        if back && again {
            self.goal
                .services
                .values_mut()
                .for_each(|count| count.wanted = 0);
            line.tone = Tone::Bad;
            line.what = format!("{}: the way back", line.what);
        }
        line
    }
}

/// Whether a fact says something to a person who waits. Steps in between do not, nor do ends: those are
/// told when all is over.
fn is_told(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::ReplicaPlaced(_)
            | Fact::ReplicaDraining(_)
            | Fact::ReplicaUnready(_)
            | Fact::ReplicaRestarted(_)
            | Fact::ReplicaOverdue(_)
            | Fact::ReplicaFailed(_)
            | Fact::ReplicaLost(_)
            | Fact::ReplicaRegained(_)
            | Fact::ServiceScaled(_)
            | Fact::ServiceRestarted(_)
            | Fact::ServiceRemoved(_)
            | Fact::ServiceEnded(_)
            | Fact::ServiceUnplaced(_)
            | Fact::RolloutFinished(_)
            | Fact::NodeSuspected(_)
            | Fact::NodeReturned(_)
            | Fact::NodeLost(_)
            | Fact::NodeCordoned(_)
            | Fact::NodeUncordoned(_)
            | Fact::NodeDraining(_)
            | Fact::NodeOverdue(_)
            | Fact::NodeDrained(_)
            | Fact::PoolCreated(_)
            | Fact::PoolScaled(_)
            | Fact::PoolClosing(_)
            | Fact::PoolRemoved(_)
            | Fact::MachineRequested(_)
            | Fact::MachineCreated(_)
            | Fact::MachineOverdue(_)
            | Fact::MachineLeaving(_)
            | Fact::MachineKept(_)
            | Fact::MachineGone(_)
    )
}

/// A replica's id is its service's name, `-` and a suffix without one.
pub fn service_of(replica: &str) -> Option<&str> {
    replica.rsplit_once('-').map(|(service, _)| service)
}

fn about(about: &str, line: Line) -> Line {
    let about = about.to_owned();
    Line { about, ..line }
}
