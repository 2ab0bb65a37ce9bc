//! The key `rollout`: how many slots change at once, which way, and how long each step may take.

use gantry_events::{Millis, RolloutPolicy};

use crate::fault::{Fault, FaultCode, Faults};
use crate::model::{Health, Replicas};
use crate::table::Table;
use crate::tree::Field;
use crate::units::parse_duration;
use crate::value::{quantity, shown, text, whole};
use crate::words;

/// Which of two replicas of a slot comes first: a spelling of what surge and unavailable say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    StartFirst,
    StopFirst,
}

pub(super) fn rollout(field: &Field, faults: &mut Faults) -> RolloutPolicy {
    let usual = RolloutPolicy::default();
    let Some(table) = Table::open(field, &words::ROLLOUT, faults) else {
        return usual;
    };
    let order = table.read("order", faults, order);
    let surge = table.read("surge", faults, slots);
    let unavailable = table.read("unavailable", faults, slots);
    // Where one of them cannot be read nothing is known about what they say together.
    let whole = |key: &str, read: bool| read || !table.has(key);
    if whole("order", order.is_some())
        && whole("surge", surge.is_some())
        && whole("unavailable", unavailable.is_some())
    {
        faults.keep(agree(field, order, surge, unavailable));
    }
    let (most_surge, most_unavailable) = match order {
        Some(Order::StopFirst) => (0, 1),
        Some(Order::StartFirst) | None => (usual.surge, usual.unavailable),
    };
    RolloutPolicy {
        surge: surge.unwrap_or(most_surge),
        unavailable: unavailable.unwrap_or(most_unavailable),
        drain: table.read("drain", faults, drain).unwrap_or(usual.drain),
        grace: table.read("grace", faults, grace).unwrap_or(usual.grace),
        deadline: table
            .read("deadline", faults, deadline)
            .unwrap_or(usual.deadline),
    }
}

/// What is written about slots says one thing.
fn agree(
    field: &Field,
    order: Option<Order>,
    surge: Option<u32>,
    unavailable: Option<u32>,
) -> Result<(), Fault> {
    let (message, way_out) = match (order, surge, unavailable) {
        (Some(Order::StartFirst), Some(0), _) => (
            "`order: start-first` starts a new replica beside the old one, and `surge: 0` allows none",
            "write `surge: 1`, or `order: stop-first`",
        ),
        (Some(Order::StartFirst), _, Some(1..)) => (
            "`order: start-first` stops an old replica only once the new one is ready, and `unavailable` lets some stop before",
            "remove `order` for some of each, or `unavailable`",
        ),
        (Some(Order::StopFirst), Some(1..), _) => (
            "`order: stop-first` starts a new replica only once the old one has stopped, and `surge` lets some start before",
            "remove `order` for some of each, or `surge`",
        ),
        (Some(Order::StopFirst), _, Some(0)) => (
            "`order: stop-first` leaves a slot without a ready replica for a while, and `unavailable: 0` allows none",
            "write `unavailable: 1`, or `order: start-first`",
        ),
        (None, Some(0), None | Some(0)) => (
            "with `surge: 0` and `unavailable: 0` no replica could ever be replaced",
            "write `unavailable: 1` to stop one first, or `surge: 1` to start one first",
        ),
        _ => return Ok(()),
    };
    Err(field
        .fault(FaultCode::Contradiction, message)
        .suggest(way_out))
}

fn order(field: &Field) -> Result<Order, Fault> {
    match text(field)? {
        "start-first" => Ok(Order::StartFirst),
        "stop-first" => Ok(Order::StopFirst),
        other => {
            let message = format!("`{}` is no order", shown(other));
            let fault = field.fault(FaultCode::BadValue, message);
            Err(fault.suggest("write `start-first` or `stop-first`"))
        }
    }
}

fn slots(field: &Field) -> Result<u32, Fault> {
    let percent = text(field)?.strip_suffix('%').is_some();
    whole(field, "number of replicas", 0..=Replicas::MOST).map_err(|fault| match percent {
        true => fault.suggest("write how many replicas, not which share of them"),
        false => fault,
    })
}

fn drain(field: &Field) -> Result<Millis, Fault> {
    quantity(field, parse_duration, Millis(0)..=Millis::from_secs(3600))
}

/// A range of ours: less leaves a program no time to end, more blocks a node's drain.
fn grace(field: &Field) -> Result<Millis, Fault> {
    let range = Millis::from_secs(1)..=Millis::from_secs(3600);
    quantity(field, parse_duration, range)
}

fn deadline(field: &Field) -> Result<Millis, Fault> {
    let range = Millis::from_secs(1)..=Millis::from_secs(86_400);
    quantity(field, parse_duration, range)
}

/// A replica that takes all the time it may to start is then too late for its rollout.
pub(super) fn leaves_time_to_start(
    field: &Field,
    rollout: &RolloutPolicy,
    health: &Health,
) -> Result<(), Fault> {
    if rollout.deadline >= health.start_within {
        return Ok(());
    }
    let message = format!(
        "a rollout is given up after {} without progress, and a replica may take {} to be ready",
        rollout.deadline, health.start_within
    );
    Err(field.fault(FaultCode::DeadlineBeforeReady, message))
}
