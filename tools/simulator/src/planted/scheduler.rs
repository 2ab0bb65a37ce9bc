//! Bugs of the scheduler.

use gantry_decider::{Draft, Next};
use gantry_events::{
    Event, Fact, Millis, NodeLost, NodeSuspected, OperationSucceeded, ReplicaDraining, ReplicaId,
    ReplicaPlaced, ReplicaStopping, RetireReason, Scope, Time,
};
use gantry_scheduler_core::{Presence, Project, SchedulerCore, State};

use super::{Flaws, places};
use crate::bug::Bug;

/// Time that a bug which stops too early gives: any will do.
const GRACE: Millis = Millis::from_secs(10);

impl Flaws for SchedulerCore {
    fn flawed_next(&self, bug: Bug, state: &State, mut next: Next, now: Time) -> Next {
        if bug == Bug::ForgetADeadline {
            next.wake_at = None;
        }
        let Some(mut draft) = next.draft.take() else {
            return next;
        };
        if bug == Bug::LostWithoutGuard {
            return unguarded(state, draft, now);
        }
        // What keeps its replicas loses them only where a release is taken back.
        let goes_back = |event: &Event| matches!(&event.fact, Fact::ReleaseCreated(release) if release.rollback_of.is_some());
        let applies = bug != Bug::RollbackStopsOld || draft.events.iter().any(goes_back);
        if applies {
            let events = draft.events.into_iter();
            draft.events = events
                .flat_map(|event| flawed(bug, state, event, now))
                .collect();
        }
        Next {
            draft: Some(draft),
            ..next
        }
    }

    fn flawed_answer(&self, bug: Bug, mut draft: Draft) -> Draft {
        if bug == Bug::NeverEnds {
            let overtaken = |fact: &Fact| matches!(fact, Fact::OperationSuperseded(_));
            draft.events.retain(|event| !overtaken(&event.fact));
        }
        if bug == Bug::RestartDoesNothing {
            restart_in_name(&mut draft);
        }
        draft
    }
}

fn flawed(bug: Bug, state: &State, event: Event, now: Time) -> Vec<Event> {
    let more = match (bug, &event.fact) {
        (Bug::PlaceTwice, Fact::ReplicaPlaced(placed)) => {
            let replica = ReplicaId::of(&placed.project, &placed.slot, placed.epoch, 1);
            let mut twin = placed.clone();
            twin.replica = replica;
            vec![Event::from(twin)]
        }
        (Bug::PlaceOnClosed | Bug::IgnoreLabels | Bug::CrowdANode, Fact::ReplicaPlaced(placed)) => {
            let node = places::wrong_node(bug, state, placed);
            let node = node.unwrap_or_else(|| placed.node.clone());
            let placed = placed.clone();
            return vec![Event::from(ReplicaPlaced { node, ..placed })];
        }
        (Bug::DoubleAll, Fact::ReplicaPlaced(placed)) => places::others(state, placed),
        (Bug::ShareADomain, Fact::ServiceConfigured(configured)) => {
            let mut configured = configured.clone();
            configured
                .domains
                .extend(places::domains_of_others(state, &configured.project));
            return vec![Event::from(configured)];
        }
        (Bug::StopBeforeDrain, Fact::ReplicaDraining(draining)) => {
            vec![Event::from(stop(draining, now))]
        }
        (Bug::KeepTheReturned, Fact::ReplicaDraining(draining))
            if draining.why == RetireReason::Returned =>
        {
            return Vec::new();
        }
        (Bug::TooManyMakeWay, Fact::ReplicaDraining(draining))
            if draining.why == RetireReason::MakesWay =>
        {
            others_of(state, draining)
        }
        (Bug::RollbackStopsOld, Fact::ServiceConfigured(configured)) => {
            let project = state.projects.get(&configured.project);
            let kept = project.into_iter().flat_map(|project| &project.replicas);
            let same = kept.filter(|(_, replica)| {
                replica.slot.service == configured.service
                    && replica.version.spec == configured.spec
                    && replica.is_ready()
            });
            let drain = |(id, _): (&ReplicaId, _)| {
                Event::from(ReplicaDraining {
                    project: configured.project.clone(),
                    replica: id.clone(),
                    why: RetireReason::Abandoned,
                    drain: configured.rollout.drain,
                    until: now + configured.rollout.drain,
                })
            };
            same.map(drain).collect()
        }
        // foreign: what other bugs are about, and what this one leaves as it is
        _ => Vec::new(),
    };
    std::iter::once(event).chain(more).collect()
}

fn stop(draining: &ReplicaDraining, now: Time) -> ReplicaStopping {
    ReplicaStopping {
        project: draining.project.clone(),
        replica: draining.replica.clone(),
        grace: GRACE,
        until: now + GRACE,
    }
}

/// Every other ready replica of the service makes way as well.
fn others_of(state: &State, draining: &ReplicaDraining) -> Vec<Event> {
    let Some(project) = state.projects.get(&draining.project) else {
        return Vec::new();
    };
    let Some(service) = project.replicas.get(&draining.replica) else {
        return Vec::new();
    };
    let service = service.slot.service.clone();
    let others = |project: &Project| -> Vec<Event> {
        project
            .replicas_of(&service)
            .filter(|(id, replica)| **id != draining.replica && replica.is_ready())
            .map(|(id, _)| {
                Event::from(ReplicaDraining {
                    replica: id.clone(),
                    ..draining.clone()
                })
            })
            .collect()
    };
    others(project)
}

/// However many are silent, each is lost after the short time.
fn unguarded(state: &State, mut draft: Draft, now: Time) -> Next {
    let mut wake_at = None;
    let mut events = Vec::new();
    for event in draft.events {
        let Fact::NodeSuspected(suspected) = &event.fact else {
            events.push(event);
            continue;
        };
        match state.nodes.get(&suspected.node).map(|node| &node.presence) {
            Some(Presence::Suspect { since, until, .. }) if *until <= now => {
                events.push(Event::from(NodeLost {
                    node: suspected.node.clone(),
                    since: *since,
                }));
            }
            Some(Presence::Suspect { until, .. }) => wake_at = Some(*until),
            Some(Presence::Heard | Presence::Lost | Presence::Gone { .. }) | None => {
                events.push(Event::from(NodeSuspected {
                    widespread: false,
                    until: now + Millis::from_secs(12),
                    ..suspected.clone()
                }));
            }
        }
    }
    draft.events = events;
    Next {
        draft: Some(draft).filter(|draft| !draft.is_empty()),
        wake_at,
    }
}

/// The restart is said, and said to be done.
fn restart_in_name(draft: &mut Draft) {
    let restarts = |event: &Event| matches!(event.fact, Fact::ServiceRestarted(_));
    if !draft.events.iter().any(restarts) {
        return;
    }
    for event in &mut draft.events {
        if let Fact::RolloutStarted(started) = &event.fact {
            *event = Event::from(OperationSucceeded {
                operation: started.operation,
                scope: Scope::Project(started.project.clone()),
            });
        }
    }
}
