//! What an event says to people: a sentence, without who and when.

use gantry_events::{Command, Fact, FailureReason, Intent, ReplicaDraining, RetireReason};

use crate::Said;
use crate::node::fold::replicas;
use crate::pool::machines;

/// What a command asks for, or a fact says, in a sentence.
pub fn sentence(said: &Said<'_>) -> String {
    match said {
        Said::Command(command) => asked(command),
        Said::Fact(fact) => of_project(fact).unwrap_or_else(|| of_cluster(fact)),
    }
}

fn asked(command: &Command) -> String {
    let what = match &command.intent {
        Intent::ConfigPut(d) => format!("make project {} as a file says", d.project),
        Intent::ScaleService(d) => format!(
            "give {} of {} {}",
            d.service,
            d.project,
            replicas(d.replicas)
        ),
        Intent::RemoveService(d) => format!("remove {} of {}", d.service, d.project),
        Intent::Rollback(d) => format!("make project {} as {} had it", d.project, d.to),
        Intent::RestartService(d) => format!("restart {} of {}", d.service, d.project),
        Intent::CordonNode(d) => format!("place nothing more on {}", d.node),
        Intent::UncordonNode(d) => format!("let {} take replicas again", d.node),
        Intent::DrainNode(d) => format!("move all that runs on {} elsewhere", d.node),
        Intent::CreatePool(d) => format!("make pool {} of {}", d.pool, machines(d.size)),
        Intent::ScalePool(d) => format!("give pool {} {}", d.pool, machines(d.size)),
        Intent::RemovePool(d) => format!("remove pool {}", d.pool),
    };
    format!("asked to {what}")
}

fn of_project(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::OperationRefused(d) => format!("refused: {}", d.problem.detail),
        Fact::OperationUnchanged(_) => "nothing had to change".to_owned(),
        Fact::OperationResolving(d) => {
            format!("took the file on and looked up {} images", d.images.len())
        }
        Fact::OperationSucceeded(_) => "all that was asked for is true".to_owned(),
        Fact::OperationFailed(d) => format!("gave up: {}", d.problem.detail),
        Fact::OperationSuperseded(d) => format!("operation {} overtook it", d.by),
        Fact::ReleaseCreated(d) => match d.rollback_of {
            Some(good) => format!(
                "made release {} of {}, to go back to {good}",
                d.release, d.project
            ),
            None => format!("made release {} of {}", d.release, d.project),
        },
        Fact::RolloutStarted(d) => format!(
            "began to change {}, to be given up at {}",
            d.service, d.until
        ),
        Fact::RolloutAdvanced(d) => format!(
            "{} of {} slots of {} are as asked for",
            d.done, d.of, d.service
        ),
        Fact::RolloutFinished(d) => format!("{} is as asked for", d.service),
        Fact::RolloutFailed(d) => {
            format!("gave up the change of {}: {}", d.service, d.problem.detail)
        }
        Fact::RolloutSuperseded(d) => {
            format!("operation {} took over the change of {}", d.by, d.service)
        }
        Fact::ServiceConfigured(d) => format!(
            "{} set {} to {}",
            d.release,
            d.service,
            replicas(d.replicas)
        ),
        Fact::ServiceRestarted(d) => format!(
            "{} is to be restarted, for the {}. time",
            d.service, d.round
        ),
        Fact::ServiceScaled(d) => format!("{} is to have {}", d.service, replicas(d.replicas)),
        Fact::ServiceRemoved(d) => format!("{} is to be no more", d.service),
        Fact::ServiceEnded(d) => format!("the last replica of {} has left", d.service),
        Fact::ServiceUnplaced(d) => format!(
            "slot {} of {} fits no node: {}",
            d.ordinal, d.service, d.explanation.because
        ),
        // foreign: replicas and the cluster have their sentences below.
        _ => return of_replica(fact),
    })
}

fn of_replica(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::ReplicaPlaced(d) => {
            let (slot, because) = (&d.slot, &d.explanation.because);
            let why = if because.is_empty() {
                String::new()
            } else {
                format!(": {because}")
            };
            format!(
                "placed {} on {} for slot {} of {} ({}){why}",
                d.replica, d.node, slot.ordinal, slot.service, d.release
            )
        }
        Fact::ReplicaDraining(d) => leaves(d),
        Fact::ReplicaStopping(d) => format!(
            "told {} to stop; no balancer routes to it any more",
            d.replica
        ),
        Fact::ReplicaOverdue(d) => format!(
            "{} is late: it still waits for {}",
            d.replica, d.waiting_for
        ),
        Fact::ReplicaLost(d) => format!("{} is lost with {}", d.replica, d.node),
        Fact::ReplicaRegained(d) => format!("{} counts again: {} is back", d.replica, d.node),
        Fact::ReplicaReady(d) => match d.address {
            Some(address) => format!(
                "{} answers its probe on {}, at {address}",
                d.replica, d.node
            ),
            None => format!("{} is ready on {}", d.replica, d.node),
        },
        Fact::ReplicaUnready(d) => format!("{} does not answer its probe: {}", d.replica, d.reason),
        Fact::ReplicaRestarted(d) => {
            let exit = d
                .exit
                .map(|code| format!(" with exit code {code}"))
                .unwrap_or_default();
            format!(
                "{} ended{exit} and is started again in {}, for the {}. time",
                d.replica, d.backoff, d.restarts
            )
        }
        Fact::ReplicaFailed(d) => {
            let why = match &d.reason {
                FailureReason::Unhealthy { probe } => format!("it stayed unhealthy: {probe}"),
                FailureReason::NotReadyInTime { probe } => {
                    format!("it was not ready in time: {probe}")
                }
                FailureReason::CannotStart { said } => format!("it cannot be started: {said}"),
            };
            let exit = d
                .exit
                .map(|code| format!(" (exit code {code})"))
                .unwrap_or_default();
            format!("{} gave {} up: {why}{exit}", d.node, d.replica)
        }
        Fact::ReplicaStopped(d) => {
            let exit = d
                .exit
                .map(|code| format!(" with exit code {code}"))
                .unwrap_or_default();
            let probe = d
                .probe
                .as_ref()
                .map(|probe| format!("; it never was ready: {probe}"));
            format!(
                "{} stopped on {}{exit}{}",
                d.replica,
                d.node,
                probe.unwrap_or_default()
            )
        }
        // foreign: the cluster has its sentences below.
        _ => return None,
    })
}

fn leaves(fact: &ReplicaDraining) -> String {
    let why = match &fact.why {
        RetireReason::Replaced { by } => format!("{by} takes its place"),
        RetireReason::ScaledDown => "its service has fewer replicas now".to_owned(),
        RetireReason::Removed => "its service was removed".to_owned(),
        RetireReason::Abandoned => {
            "the change it was made for was given up or overtaken".to_owned()
        }
        RetireReason::MakesWay => "it makes way for a newer replica of its slot".to_owned(),
        RetireReason::Returned => {
            "its slot was filled elsewhere while its node was away".to_owned()
        }
    };
    format!("{} gets no new requests: {why}", fact.replica)
}

fn of_cluster(fact: &Fact) -> String {
    match fact {
        Fact::LogBegun(d) => format!("the log of {} began", d.cluster),
        Fact::NodeAdmitted(d) => {
            format!("let {} in with its key, on machine {}", d.node, d.machine)
        }
        Fact::NodeJoined(d) => format!(
            "{} is at work with {} cores and {} of memory",
            d.node, d.capacity.cpu, d.capacity.memory
        ),
        Fact::NodeSuspected(d) => {
            let wide = if d.widespread {
                ", as many others are"
            } else {
                ""
            };
            format!(
                "{} is silent since {}{wide}; lost at {} if it stays so",
                d.node, d.since, d.until
            )
        }
        Fact::NodeReturned(d) => format!("{} is heard again", d.node),
        Fact::NodeLost(d) => format!(
            "gave {} up: nothing was heard of it since {}",
            d.node, d.since
        ),
        Fact::NodeCordoned(d) => format!("{} takes no more replicas", d.node),
        Fact::NodeUncordoned(d) => format!("{} takes replicas again", d.node),
        Fact::NodeDraining(d) => format!(
            "all that runs on {} is to move elsewhere until {}",
            d.node, d.until
        ),
        Fact::NodeOverdue(d) => format!("{} is not empty in time: {}", d.node, d.waiting_for),
        Fact::NodeDrained(d) => format!("nothing is left on {}", d.node),
        Fact::PoolCreated(d) => format!("pool {} is to have {}", d.pool, machines(d.size)),
        Fact::PoolScaled(d) => format!("pool {} is to have {}", d.pool, machines(d.size)),
        Fact::PoolClosing(d) => format!("pool {} is to be no more", d.pool),
        Fact::PoolRemoved(d) => format!("the last machine of pool {} has left", d.pool),
        Fact::MachineRequested(d) => format!(
            "asked for machine {} in pool {}, to be node {} (attempt {})",
            d.machine, d.pool, d.node, d.attempt
        ),
        Fact::MachineCreated(d) => format!("machine {} was made as {}", d.machine, d.provider_id),
        Fact::MachineStarted(d) => {
            format!("machine {} had stopped and was started again", d.machine)
        }
        Fact::MachineReady(d) => format!("machine {} has joined as {}", d.machine, d.node),
        Fact::MachineOverdue(d) => format!(
            "machine {} is late: it still waits for {}",
            d.machine, d.waiting_for
        ),
        Fact::MachineLeaving(d) => format!(
            "machine {} is to leave, once {} is empty",
            d.machine, d.node
        ),
        Fact::MachineKept(d) => format!("machine {} stays after all", d.machine),
        Fact::MachineRemoving(d) => format!("machine {} is to be removed", d.machine),
        Fact::MachineRemoved(d) => format!("machine {} was removed", d.machine),
        Fact::MachineGone(d) => format!(
            "machine {} is no more, and nobody asked for that",
            d.machine
        ),
        Fact::TableApplied(d) if d.is_none_yet() => {
            format!("{} is there, and has no table yet", d.balancer)
        }
        Fact::TableApplied(d) => format!(
            "{} routes to {} by the table of {}",
            d.balancer,
            replicas(u32::try_from(d.routed.len()).unwrap_or(u32::MAX)),
            d.table
        ),
        // foreign: those of projects have their sentences above.
        _ => fact.type_name().to_owned(),
    }
}
