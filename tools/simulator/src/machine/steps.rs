//! The steps that a worker asks for: begun, carried out by the engine, and judged.

use gantry_events::{ReplicaKey, ReplicaPhase, Time};
use gantry_node_worker_core::{Action, Outcome, Reading, Work};

use super::Machine;
use crate::bug::Bug;
use crate::chance::Chance;

/// A step that was carried out.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What it was, for people.
    pub line: String,
    /// The replica that was sent SIGTERM, if it gave no reason for that by itself.
    pub ended: Option<ReplicaKey>,
}

/// Something that was done to a replica against what was asked for.
#[derive(Clone, Debug)]
pub struct Outrage(pub String);

impl Machine {
    /// Begins a step that is due, or ends one that was begun.
    pub fn act(&mut self, now: Time, chance: &mut Chance) -> Result<Option<Step>, Outrage> {
        let due: Vec<ReplicaKey> = self.doing.keys().cloned().collect();
        if let Some(replica) = chance.pick(&due).cloned() {
            return self.end_step(&replica, now).map(Some);
        }
        let Some(work) = self.work(now) else {
            return Ok(None);
        };
        for (replica, step) in work.steps {
            if self.is_due(&replica, step.number) {
                self.begun.insert(replica.clone(), step.number);
                self.doing.insert(replica, (step.number, step.action));
            }
        }
        Ok(None)
    }

    /// Whether something can be done now.
    pub fn can_act(&self, now: Time) -> bool {
        let due = |work: Work| {
            work.steps
                .iter()
                .any(|(replica, step)| self.is_due(replica, step.number))
        };
        !self.doing.is_empty() || self.work(now).is_some_and(due)
    }

    fn is_due(&self, replica: &ReplicaKey, number: u64) -> bool {
        let seen = self.bug != Some(Bug::ActPerEvent) || self.changed.contains(replica);
        let fresh = self.begun.get(replica).is_none_or(|begun| *begun < number);
        seen && fresh && !self.doing.contains_key(replica)
    }

    fn end_step(&mut self, replica: &ReplicaKey, now: Time) -> Result<Step, Outrage> {
        let Some((number, action)) = self.doing.remove(replica) else {
            return Ok(Step::default());
        };
        self.judge(replica, &action)?;
        let ends = matches!(action, Action::Stop { .. } | Action::Remove { .. });
        let ended = (ends && self.is_blameless(replica)).then(|| replica.clone());
        let outcome = self.engine.carry_out(replica, &action, now);
        let line = format!(
            "{} {}: {} -> {}",
            self.admission.node,
            replica,
            name(&action),
            brief(&outcome)
        );
        self.worker.read(
            Reading::Did {
                replica: replica.clone(),
                number,
                outcome,
            },
            now,
        );
        Ok(Step { line, ended })
    }

    fn is_blameless(&self, replica: &ReplicaKey) -> bool {
        let faulty = self.engine.vessel(replica).is_none_or(|one| one.faulty);
        self.engine.running().contains(replica) && !faulty
    }

    /// Nothing that should run and gave no reason may be ended.
    fn judge(&self, replica: &ReplicaKey, action: &Action) -> Result<(), Outrage> {
        let ends = matches!(action, Action::Stop { .. } | Action::Remove { .. });
        let wanted = self.told.as_ref().and_then(|set| set.replicas.get(replica));
        let should_run = wanted.is_some_and(|wanted| wanted.phase == ReplicaPhase::Run);
        if ends && should_run && self.is_blameless(replica) {
            let node = &self.admission.node;
            return Err(Outrage(format!(
                "{node} would {} {replica}, which it was told to run and which answers",
                name(action)
            )));
        }
        Ok(())
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Pull { .. } => "pull",
        Action::Create(_) => "create",
        Action::Start { .. } => "start",
        Action::Stop { .. } => "stop",
        Action::ReadTail { .. } => "read tail",
        Action::Remove { .. } => "remove",
    }
}

fn brief(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } | Outcome::Pulled | Outcome::Tail(_) => "done".to_owned(),
        Outcome::Unread { because } => format!("unread: {because}"),
        Outcome::Retry { because } => format!("again: {because}"),
        Outcome::Refuse { because } => format!("refused: {because}"),
    }
}
