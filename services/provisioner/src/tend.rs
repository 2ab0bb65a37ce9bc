//! Tending machines: look at what is there, tell the engine, and do what is owed: make, start, remove.
//!
//! Nothing is decided here. While the lease is not held, or the log was not read to its end, this only
//! looks.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use gantry_decider::Backoff;
use gantry_events::{MachineId, Millis, Seq};
use gantry_provisioner_core::{Deed, Found, ProvisionerCore, Reading, Wanted, deeds};
use gantry_runtime::{Condition, Driven, Moment, Process, View};
use tokio::sync::watch;

use crate::providers::local::{Local, LocalError, Present};

/// How often machines are looked at without anything having happened.
const LOOK: Millis = Millis(2000);

/// How many machines are made, started or removed at a time: more would only wait for the same disk.
const AT_A_TIME: usize = 4;

/// A machine that nothing had to be done to for so long is given no wait before the next time.
const STEADY: Millis = Millis::from_secs(30);

/// Looks after machines until the process stops.
pub struct Tending {
    process: Process,
    driven: Driven<ProvisionerCore>,
    held: watch::Receiver<bool>,
    local: Local,
    /// What was wanted when it was last looked.
    wanted: Option<Wanted>,
    tries: BTreeMap<MachineId, Tries>,
    reachable: Condition,
}

/// How often in a row the same was done to a machine, and when last.
struct Tries {
    deed: Deed,
    count: u32,
    last: Moment,
}

impl Tending {
    /// Looks after the machines of an engine, and acts while `held` says so.
    pub fn new(
        process: &Process,
        driven: Driven<ProvisionerCore>,
        held: watch::Receiver<bool>,
        local: Local,
    ) -> Self {
        Self {
            process: process.clone(),
            driven,
            held,
            local,
            wanted: None,
            tries: BTreeMap::new(),
            reachable: process.health.condition("docker"),
        }
    }

    /// Looks and acts, whenever something changed and every two seconds, until the process stops.
    pub async fn tend(mut self) -> Result<(), Infallible> {
        let stopping = self.process.stopping();
        let mut pace = self.process.every(LOOK);
        let mut changes = None;
        loop {
            let view = self.driven.view.clone();
            let mut is_paced = false;
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = pace.tick() => is_paced = true,
                () = another_wish(view, &self.wanted) => {}
                () = next(&mut changes) => {}
            }
            // Dropped half-way a round leaves what the next one adopts.
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = self.look(&mut changes, is_paced) => {}
            }
        }
    }

    /// Changes are asked for at the pace alone: of an engine that cannot be reached they end at once.
    async fn look(&mut self, changes: &mut Option<BoxStream<'static, ()>>, is_paced: bool) {
        if is_paced && changes.is_none() {
            *changes = self.local.changes().await.ok();
        }
        self.round().await;
    }

    async fn round(&mut self) {
        let view = self.driven.view.borrow().clone();
        self.wanted = view.as_deref().and_then(wish);
        let present = self.local.list().await;
        match &present {
            Ok(_) => self.reachable.met(),
            Err(error) => self.reachable.unmet(&error.to_string()),
        }
        let Some(view) = view else {
            return;
        };
        match present {
            Ok(present) => {
                self.tell_all(readings(&view.wanted, view.seq, &present))
                    .await;
                self.pay(&present).await;
            }
            Err(error) => {
                tracing::warn!(%error, "machines cannot be seen");
                let wanted = view.wanted.machines.keys();
                self.tell_all(wanted.map(|machine| said(machine, &error)).collect())
                    .await;
            }
        }
    }

    /// Does what is owed, for as long as the lease is held. Goes by what is wanted after the look: a
    /// machine that was made and vanished meanwhile is not made again.
    async fn pay(&mut self, present: &BTreeMap<MachineId, Present>) {
        let view = self.driven.view.borrow().clone();
        let Some(view) = view.filter(|view| view.leading && *self.held.borrow()) else {
            return;
        };
        let found = present.iter().map(|(id, one)| (id.clone(), one.found));
        let owed = deeds(&view.wanted, &found.collect());
        self.forget_steady(&owed);
        let due: Vec<_> = owed
            .into_iter()
            .filter(|(machine, deed)| self.is_due(machine, deed))
            .collect();
        for (machine, deed) in &due {
            self.count(machine, deed);
        }
        let mut held = self.held.clone();
        let lost = async {
            // A lease whose task has ended is a lost one.
            let _ = held.wait_for(|held| !held).await;
        };
        let (local, readings, as_of) = (&self.local, &self.driven.readings, view.seq);
        let work = stream::iter(due).for_each_concurrent(AT_A_TIME, |(machine, deed)| async move {
            // The engine's inbox closes only when the process ends.
            let _ = readings
                .send(carry_out(local, machine, deed, as_of).await)
                .await;
        });
        tokio::select! {
            () = lost => tracing::warn!("the lease was lost; machines are left as they are"),
            () = work => {}
        }
    }

    async fn tell_all(&self, readings: Vec<Reading>) {
        for reading in readings {
            // The engine's inbox closes only when the process ends.
            let _ = self.driven.readings.send(reading).await;
        }
    }

    fn is_due(&self, machine: &MachineId, deed: &Deed) -> bool {
        let tries = self.tries.get(machine).filter(|tries| tries.deed == *deed);
        tries.is_none_or(|tries| tries.last.elapsed() >= Backoff::RESTART.after(tries.count))
    }

    fn count(&mut self, machine: &MachineId, deed: &Deed) {
        let before = self.tries.get(machine).filter(|tries| tries.deed == *deed);
        let tries = Tries {
            deed: deed.clone(),
            count: before.map_or(1, |tries| tries.count.saturating_add(1)),
            last: self.process.clock.moment(),
        };
        self.tries.insert(machine.clone(), tries);
    }

    fn forget_steady(&mut self, owed: &[(MachineId, Deed)]) {
        self.tries.retain(|machine, tries| {
            let owes = owed.iter().any(|(other, _)| other == machine);
            owes || tries.last.elapsed() < STEADY
        });
    }
}

/// What a look says about each machine that is wanted, or wanted away, and which these are.
fn readings(wanted: &Wanted, as_of: Seq, present: &BTreeMap<MachineId, Present>) -> Vec<Reading> {
    let reading = |machine: &MachineId| match present.get(machine).cloned() {
        Some(Present {
            found: Found::Remains,
            ..
        }) => absent(machine.clone(), as_of, true),
        Some(Present { provider_id, found }) => Reading::MachineSeen {
            machine: machine.clone(),
            provider_id,
            running: found == Found::Running,
        },
        None => absent(machine.clone(), as_of, false),
    };
    let known = Reading::Wanted(wanted.machines.keys().cloned().collect());
    let looked = wanted.machines.keys().map(reading);
    std::iter::once(known).chain(looked).collect()
}

fn absent(machine: MachineId, as_of: Seq, remains: bool) -> Reading {
    Reading::MachineAbsent {
        machine,
        as_of,
        remains,
    }
}

async fn carry_out(local: &Local, machine: MachineId, deed: Deed, as_of: Seq) -> Reading {
    let done = match &deed {
        Deed::Make(wanted) => local.make(&machine, wanted).await.map(Some),
        Deed::Start => local.start(&machine).await.map(Some),
        Deed::Remove => local.remove(&machine).await.map(|()| None),
    };
    match done {
        Ok(Some(provider_id)) => {
            tracing::info!(%machine, provider_id, "the machine runs");
            let running = true;
            Reading::MachineSeen {
                machine,
                provider_id,
                running,
            }
        }
        Ok(None) => {
            tracing::info!(%machine, "the machine is removed");
            absent(machine, as_of, false)
        }
        Err(error) => {
            tracing::warn!(%machine, %error, "not done to the machine: {}", deed.name());
            said(&machine, &error)
        }
    }
}

fn said(machine: &MachineId, error: &LocalError) -> Reading {
    Reading::ProviderSaid {
        machine: machine.clone(),
        error: error.to_string(),
    }
}

/// What is wanted, by one who may act.
fn wish(view: &View<ProvisionerCore>) -> Option<Wanted> {
    view.leading.then(|| view.wanted.clone())
}

/// Waits until something else is wanted than was.
async fn another_wish(
    mut view: watch::Receiver<Option<Arc<View<ProvisionerCore>>>>,
    wanted: &Option<Wanted>,
) {
    let other = |view: &Option<Arc<_>>| view.as_deref().and_then(wish) != *wanted;
    if view.wait_for(other).await.is_err() {
        // The engine has ended, and with it the process ends.
        std::future::pending().await
    }
}

/// The next change, or the end of them; never when nobody tells of any.
async fn next(changes: &mut Option<BoxStream<'static, ()>>) {
    let Some(stream) = changes else {
        return std::future::pending().await;
    };
    if stream.next().await.is_none() {
        *changes = None;
    }
}
