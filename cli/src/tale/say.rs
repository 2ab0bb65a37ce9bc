//! The sentence for each fact that a deploy, a scaling, a removal or a pool brings about. What says
//! nothing to a person who waits is left out.

use gantry_events::{Fact, FailureReason, ReplicaFailed, ReplicaPlaced, ReplicaReady, Unfit};

use super::{LastWords, Line, Placed, Tale};
use crate::output::Tone;

impl Tale {
    pub(super) fn say(&mut self, fact: &Fact) -> Option<Line> {
        match fact {
            Fact::ReleaseCreated(d) if d.operation == self.operation => {
                Some(line(Tone::Plain, "release", format!("{} made", d.release)))
            }
            Fact::ReplicaPlaced(d) => Some(self.placed(d)),
            Fact::ReplicaReady(d) => self.ready(d),
            Fact::ReplicaFailed(d) => Some(self.failed(d)),
            Fact::PoolCreated(_)
            | Fact::MachineRequested(_)
            | Fact::MachineCreated(_)
            | Fact::MachineReady(_)
            | Fact::MachineOverdue(_) => self.of_machine(fact),
            Fact::OperationResolving(d) if d.operation == self.operation => {
                let what = format!("looking up {}", list(&d.images));
                Some(line(Tone::Dim, "images", what))
            }
            _ => of_replica(fact).or_else(|| self.of_service(fact)),
        }
    }

    fn placed(&mut self, d: &ReplicaPlaced) -> Line {
        let placed = Placed {
            slot: d.slot.clone(),
            node: d.node.clone(),
        };
        self.placed.insert(d.replica.clone(), placed);
        line(Tone::Plain, &d.replica, format!("placed on {}", d.node))
    }

    /// A replica that was ready before and is so again is news only to who saw it unready.
    fn ready(&mut self, d: &ReplicaReady) -> Option<Line> {
        let placed = self.placed.get(&d.replica)?;
        let (slot, node) = (placed.slot.clone(), placed.node.clone());
        let so_far = self.fill(&slot);
        let what = format!("ready on {node}{so_far}");
        Some(line(Tone::Good, &d.replica, what))
    }

    fn failed(&mut self, d: &ReplicaFailed) -> Line {
        if !d.log_tail.is_empty() {
            self.last_words = Some(LastWords {
                replica: d.replica.clone(),
                lines: d.log_tail.clone(),
            });
        }
        let why = match &d.reason {
            FailureReason::Unhealthy { probe } => format!("stayed unhealthy: {probe}"),
            FailureReason::NotReadyInTime { probe } => format!("not ready in time: {probe}"),
            FailureReason::CannotStart { said } => format!("cannot start: {said}"),
        };
        let exit = d.exit.map(|code| format!(", exit code {code}"));
        let what = format!("failed: {why}{}", exit.unwrap_or_default());
        line(Tone::Bad, &d.replica, what)
    }

    fn of_service(&self, fact: &Fact) -> Option<Line> {
        let told = match fact {
            Fact::ServiceScaled(d) => line(
                Tone::Plain,
                &d.service,
                format!("set to {} replicas", d.replicas),
            ),
            Fact::ServiceRemoved(d) => line(Tone::Plain, &d.service, "leaves"),
            Fact::ServiceEnded(d) => line(Tone::Good, &d.service, "is gone"),
            Fact::ServiceUnplaced(d) => {
                let unfit = d.explanation.unfit.iter();
                let nodes: Vec<_> = unfit.map(|(node, why)| reason(node, why)).collect();
                let nodes = if nodes.is_empty() {
                    String::new()
                } else {
                    format!("; {}", nodes.join(", "))
                };
                let why = &d.explanation.because;
                let what = format!("slot {} fits no node; {why}{nodes}", d.ordinal);
                line(Tone::Wait, &d.service, what)
            }
            Fact::RolloutFinished(d) if d.operation == self.operation => {
                line(Tone::Good, &d.service, "as asked for")
            }
            Fact::RolloutFailed(d) if d.operation == self.operation => line(
                Tone::Bad,
                &d.service,
                "given up; what ran before still runs",
            ),
            _ => return None,
        };
        Some(told)
    }

    fn of_machine(&mut self, fact: &Fact) -> Option<Line> {
        let told = match fact {
            Fact::PoolCreated(d) if d.operation == self.operation => line(
                Tone::Plain,
                &d.pool,
                format!("{} machines asked for", d.size),
            ),
            Fact::MachineRequested(d) => {
                line(Tone::Plain, &d.machine, format!("will be node {}", d.node))
            }
            Fact::MachineCreated(d) => {
                line(Tone::Plain, &d.machine, format!("made: {}", d.provider_id))
            }
            Fact::MachineReady(d) => {
                self.joined = self.joined.saturating_add(1).min(self.goal.machines);
                let so_far = format!(
                    "joined as {} ({} of {})",
                    d.node, self.joined, self.goal.machines
                );
                line(Tone::Good, &d.machine, so_far)
            }
            Fact::MachineOverdue(d) => line(
                Tone::Wait,
                &d.machine,
                format!("waits for {}", d.waiting_for),
            ),
            _ => return None,
        };
        Some(told)
    }
}

fn of_replica(fact: &Fact) -> Option<Line> {
    let told = match fact {
        Fact::ReplicaUnready(d) => line(Tone::Wait, &d.replica, format!("not ready: {}", d.reason)),
        Fact::ReplicaRestarted(d) => {
            let exit = d.exit.map(|code| format!(" with exit code {code}"));
            let what = format!(
                "ended{}, starts again in {} (restart {})",
                exit.unwrap_or_default(),
                d.backoff,
                d.restarts
            );
            line(Tone::Wait, &d.replica, what)
        }
        Fact::ReplicaOverdue(d) => line(
            Tone::Wait,
            &d.replica,
            format!("waits for {}", d.waiting_for),
        ),
        Fact::ReplicaDraining(d) => line(Tone::Dim, &d.replica, "gets no new requests"),
        Fact::ReplicaStopped(d) => line(Tone::Dim, &d.replica, "stopped"),
        _ => return None,
    };
    Some(told)
}

fn line(tone: Tone, about: impl ToString, what: impl Into<String>) -> Line {
    Line {
        tone,
        about: about.to_string(),
        what: what.into(),
    }
}

fn reason(node: &gantry_events::NodeId, why: &Unfit) -> String {
    match why {
        Unfit::Cpu { free, asked } => format!("{node} has {free} of {asked} cores free"),
        Unfit::Label { label, asked } => format!("{node} has no label {label}={asked}"),
        Unfit::Full { most } => format!("{node} has {most} replicas of it, the most on one node"),
        Unfit::Unavailable { state } => format!("{node} is {state}"),
        Unfit::Memory { free, asked } => format!("{node} has {free} of {asked} free"),
    }
}

fn list<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let texts: Vec<_> = texts.into_iter().map(String::as_str).collect();
    texts.join(", ")
}
