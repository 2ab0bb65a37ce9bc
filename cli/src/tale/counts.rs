//! What is counted on the way: replicas that are ready, replicas that have left, machines.

use std::collections::BTreeSet;

use gantry_events::{ProjectName, ReplicaId, ServiceName};

use super::say::service_of;
use super::{Line, Tale};

type Own = (ProjectName, ReplicaId);

impl Tale {
    /// One more slot of the service is filled.
    pub(super) fn ready(&mut self, own: &Own, line: Line) -> Line {
        let Some(slot) = self.placed.get(own) else {
            return line;
        };
        let service = slot.service.clone();
        let filled = self.filled.entry(service.clone()).or_default();
        filled.insert(slot.ordinal);
        let so_far = self.of_service(&service);
        with(line, so_far)
    }

    /// One more replica has left, of a service or of a node that is emptied.
    pub(super) fn stopped(&mut self, own: &Own, line: Line) -> Line {
        let is_moved = self
            .homes
            .get(own)
            .is_some_and(|home| self.emptied.contains(home));
        if self.goal.moves && is_moved {
            self.moved.insert(own.clone());
            let all = self.to_move();
            return with(line, Some((count_of(&self.moved), all)));
        }
        let Some(service) = service_of(own.1.as_str()).and_then(|name| name.parse().ok()) else {
            return line;
        };
        let count = self
            .goal
            .services
            .get(&service)
            .copied()
            .unwrap_or_default();
        let gone = self.gone.entry(service).or_default();
        gone.insert(own.1.clone());
        let so_far =
            (count.leaving > 0).then(|| (count_of(gone).min(count.leaving), count.leaving));
        with(line, so_far)
    }

    /// One more machine has joined.
    pub(super) fn joins(&mut self, machine: &str, line: Line) -> Line {
        self.joined.insert(machine.to_owned());
        let count = self.goal.machines;
        let there = count_of(&self.joined)
            .saturating_add(count.there)
            .min(count.wanted);
        with(line, (count.wanted > 0).then_some((there, count.wanted)))
    }

    /// One more machine has left.
    pub(super) fn leaves(&mut self, machine: &str, line: Line) -> Line {
        self.left.insert(machine.to_owned());
        let leaving = self.goal.machines.leaving;
        with(
            line,
            (leaving > 0).then(|| (count_of(&self.left).min(leaving), leaving)),
        )
    }

    /// How far all is, in a few words; empty where nothing is counted or all is there.
    pub fn progress(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for service in self.goal.services.keys() {
            let so_far = self.of_service(service).filter(|(now, all)| now < all);
            parts.extend(so_far.map(|(now, all)| format!("{service} {now}/{all}")));
        }
        let machines = self.goal.machines;
        let joined = count_of(&self.joined).saturating_add(machines.there);
        if joined < machines.wanted {
            parts.push(format!("{joined}/{} machines", machines.wanted));
        }
        if self.to_move() > 0 {
            parts.push(format!("{}/{} moved", self.moved.len(), self.to_move()));
        }
        if machines.leaving > 0 {
            parts.push(format!("{}/{} removed", self.left.len(), machines.leaving));
        }
        parts.join(", ")
    }

    fn of_service(&self, service: &ServiceName) -> Option<(u32, u32)> {
        let count = self
            .goal
            .services
            .get(service)
            .filter(|count| count.wanted > 0)?;
        let filled = self.filled.get(service).map_or(0, count_of);
        let now = filled.saturating_add(count.there).min(count.wanted);
        Some((now, count.wanted))
    }

    /// Replicas that were on nodes that are emptied.
    fn to_move(&self) -> u32 {
        let leaving = self
            .homes
            .values()
            .filter(|home| self.emptied.contains(*home));
        u32::try_from(leaving.count()).unwrap_or(u32::MAX)
    }
}

fn count_of<T>(set: &BTreeSet<T>) -> u32 {
    u32::try_from(set.len()).unwrap_or(u32::MAX)
}

/// `ready on n2, 2/3`
fn with(line: Line, so_far: Option<(u32, u32)>) -> Line {
    match so_far {
        Some((now, all)) => Line {
            what: format!("{}, {now}/{all}", line.what),
            ..line
        },
        None => line,
    }
}
