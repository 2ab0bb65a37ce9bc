//! Facts and replicas as short lines.

use gantry_events::*;
use gantry_scheduler_core::{Life, Replica};
use gantry_testkit::told::Words;

use super::Scene;

pub fn name(replica: &Replica) -> String {
    format!(
        "{}.{}#{}",
        replica.slot.service, replica.slot.ordinal, replica.epoch
    )
}

pub fn of_replica(replica: &Replica) -> String {
    format!("{} {} {}", name(replica), replica.node, life(&replica.life))
}

fn life(life: &Life) -> &'static str {
    match life {
        Life::Placed { .. } => "placed",
        Life::Ready { .. } => "ready",
        Life::Unready { .. } => "unready",
        Life::Draining { .. } => "draining",
        Life::Stopping { .. } => "stopping",
        Life::Failed => "failed",
        Life::Lost { .. } => "lost",
    }
}

fn why(reason: &RetireReason) -> &'static str {
    match reason {
        RetireReason::Replaced { .. } => "replaced",
        RetireReason::ScaledDown => "scaled down",
        RetireReason::Removed => "removed",
        RetireReason::Abandoned => "abandoned",
        RetireReason::MakesWay => "makes way",
        RetireReason::Returned => "returned",
    }
}

impl Scene {
    pub fn line(&self, fact: &Fact) -> String {
        self.of_operation(fact)
            .or_else(|| self.of_replicas(fact))
            .or_else(|| self.of_nodes(fact))
            .unwrap_or_else(|| format!("{} of another", fact.type_name()))
    }

    fn of_operation(&self, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::OperationRefused(it) => format!("refuse {:?}", it.problem.code),
            Fact::OperationUnchanged(_) => "unchanged".to_owned(),
            Fact::OperationResolving(it) => format!("resolve {}", it.images.len()),
            Fact::OperationSucceeded(_) => "succeed".to_owned(),
            Fact::OperationFailed(it) => {
                format!("fail {:?}: {}", it.problem.code, it.problem.detail)
            }
            Fact::OperationSuperseded(_) => "supersede".to_owned(),
            Fact::ReleaseCreated(it) => match it.rollback_of {
                Some(earlier) => format!("release {} as {earlier}", it.release),
                None => format!("release {}", it.release),
            },
            Fact::ServiceConfigured(it) => format!("configure {} to {}", it.service, it.replicas),
            Fact::ServiceScaled(it) => format!("scale {} to {}", it.service, it.replicas),
            Fact::ServiceRestarted(it) => format!("restart {} round {}", it.service, it.round),
            Fact::ServiceRemoved(it) => format!("remove {}", it.service),
            Fact::ServiceEnded(it) => format!("end {}", it.service),
            Fact::RolloutStarted(it) => format!("begin {}", it.service),
            Fact::RolloutAdvanced(it) => {
                format!("advance {} to {} of {}", it.service, it.done, it.of)
            }
            Fact::RolloutFinished(it) => format!("finish {}", it.service),
            Fact::RolloutFailed(it) => format!("give up {}", it.service),
            Fact::RolloutSuperseded(it) => format!("overtake {}", it.service),
            _ => return None,
        })
    }

    fn of_replicas(&self, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::ServiceUnplaced(it) => {
                let further = match it.further {
                    0 => String::new(),
                    further => format!(" and {further} more"),
                };
                let because = &it.explanation.because;
                format!("unplaced {}.{}{further}: {because}", it.service, it.ordinal)
            }
            Fact::ReplicaPlaced(it) => {
                let slot = format!("{}.{}#{}", it.slot.service, it.slot.ordinal, it.epoch);
                format!("place {slot} on {}", it.node)
            }
            Fact::ReplicaDraining(it) => {
                format!("drain {}: {}", self.name_of(&it.replica), why(&it.why))
            }
            Fact::ReplicaStopping(it) => format!("stop {}", self.name_of(&it.replica)),
            Fact::ReplicaOverdue(it) => {
                format!("overdue {}: {}", self.name_of(&it.replica), it.waiting_for)
            }
            Fact::ReplicaLost(it) => format!("lose {}", self.name_of(&it.replica)),
            Fact::ReplicaRegained(it) => format!("regain {}", self.name_of(&it.replica)),
            _ => return None,
        })
    }

    fn of_nodes(&self, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::NodeSuspected(it) if it.widespread => format!("suspect {} with others", it.node),
            Fact::NodeSuspected(it) => format!("suspect {}", it.node),
            Fact::NodeReturned(it) => format!("{} returns", it.node),
            Fact::NodeLost(it) => format!("lose {}", it.node),
            Fact::NodeCordoned(it) => format!("cordon {}", it.node),
            Fact::NodeUncordoned(it) => {
                let anew = it
                    .unplaced
                    .iter()
                    .map(|key| format!(" for {}", key.service));
                format!("uncordon {}{}", it.node, anew.collect::<String>())
            }
            Fact::NodeDraining(it) => format!("empty {}", it.node),
            Fact::NodeOverdue(it) => format!("overdue {}: {}", it.node, it.waiting_for),
            Fact::NodeDrained(it) => format!("{} is empty", it.node),
            _ => return None,
        })
    }

    fn name_of(&self, replica: &ReplicaId) -> String {
        let mut newest_first = self.stage.told.iter().rev();
        let placed = newest_first.find_map(|told| match &told.said {
            Words::Fact(fact) => match fact.as_ref() {
                Fact::ReplicaPlaced(it) if it.replica == *replica => Some(format!(
                    "{}.{}#{}",
                    it.slot.service, it.slot.ordinal, it.epoch
                )),
                _ => None,
            },
            Words::Command(_) => None,
        });
        placed.unwrap_or_else(|| replica.to_string())
    }
}
