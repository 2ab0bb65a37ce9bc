//! Tending machines: look at what is there, tell the engine, and make what is wanted and missing.
//!
//! Nothing is decided here. While the lease is not held, or the log was not read to its end, this only
//! looks.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use gantry_decider::Backoff;
use gantry_events::{MachineId, Millis};
use gantry_provisioner_core::{Provider, ProvisionerCore, Reading, Wanted, WantedMachine, missing};
use gantry_runtime::{Condition, Driven, Moment, Process, View};
use tokio::sync::watch;

use crate::providers::local::{Local, LocalError, Present};

/// How often machines are looked at without anything having happened.
const LOOK: Millis = Millis(2000);

/// How many machines are made or started at a time: more would only wait for the same disk.
const AT_A_TIME: usize = 4;

/// A machine that ran so long since it was last made or started is given no wait before the next time.
const STEADY: Millis = Millis::from_secs(30);

/// Looks after machines until the process stops.
pub struct Tending {
    process: Process,
    driven: Driven<ProvisionerCore>,
    held: watch::Receiver<bool>,
    local: Local,
    tries: BTreeMap<MachineId, Tries>,
    reachable: Condition,
}

/// How often in a row a machine was made or started, and when last.
struct Tries {
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
            tries: BTreeMap::new(),
            reachable: process.health.condition("docker"),
        }
    }

    /// Looks and acts, whenever something changed and every two seconds, until the process stops.
    pub async fn tend(mut self) -> Result<(), Infallible> {
        let stopping = self.process.stopping();
        let mut view = self.driven.view.clone();
        let mut pace = self.process.every(LOOK);
        let mut changes = None;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = pace.tick() => {}
                Ok(()) = view.changed() => {}
                () = next(&mut changes) => {}
            }
            // Dropped half-way a round leaves what the next one adopts.
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = self.look(&mut changes) => {}
            }
        }
    }

    async fn look(&mut self, changes: &mut Option<BoxStream<'static, ()>>) {
        if changes.is_none() {
            *changes = self.local.changes().await.ok();
        }
        self.round().await;
    }

    async fn round(&mut self) {
        let view = self.driven.view.borrow().clone();
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
                self.tell_all(readings(&view.wanted, &present)).await;
                self.forget_steady(&present);
                self.mend(&view, &present).await;
            }
            Err(error) => {
                tracing::warn!(%error, "machines cannot be seen");
                let said = view
                    .wanted
                    .keys()
                    .map(|machine| said(machine, &error))
                    .collect();
                self.tell_all(said).await;
            }
        }
    }

    /// Makes and starts what is missing, for as long as the lease is held.
    async fn mend(
        &mut self,
        view: &Arc<View<ProvisionerCore>>,
        present: &BTreeMap<MachineId, Present>,
    ) {
        if !view.leading || !*self.held.borrow() {
            return;
        }
        let running: BTreeSet<MachineId> = present
            .iter()
            .filter(|(_, one)| one.running)
            .map(|(id, _)| id.clone())
            .collect();
        let due: Vec<_> = missing(&view.wanted, &running)
            .filter(|(id, _)| self.is_due(id))
            .collect();
        for (machine, _) in &due {
            self.count(machine);
        }
        let mut held = self.held.clone();
        let lost = async {
            // A lease whose task has ended is a lost one.
            let _ = held.wait_for(|held| !held).await;
        };
        let (local, readings) = (&self.local, &self.driven.readings);
        let work =
            stream::iter(due).for_each_concurrent(AT_A_TIME, |(machine, wanted)| async move {
                // The engine's inbox closes only when the process ends.
                let _ = readings.send(ensure(local, machine, wanted).await).await;
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

    fn is_due(&self, machine: &MachineId) -> bool {
        let tries = self.tries.get(machine);
        tries.is_none_or(|tries| tries.last.elapsed() >= Backoff::RESTART.after(tries.count))
    }

    fn count(&mut self, machine: &MachineId) {
        let last = self.process.clock.moment();
        let tries = self
            .tries
            .entry(machine.clone())
            .or_insert(Tries { count: 0, last });
        *tries = Tries {
            count: tries.count.saturating_add(1),
            last,
        };
    }

    fn forget_steady(&mut self, present: &BTreeMap<MachineId, Present>) {
        self.tries.retain(|machine, tries| {
            let runs = present.get(machine).is_some_and(|one| one.running);
            !runs || tries.last.elapsed() < STEADY
        });
    }
}

/// What a look says about each machine that is wanted.
fn readings(wanted: &Wanted, present: &BTreeMap<MachineId, Present>) -> Vec<Reading> {
    let reading = |machine: &MachineId| match present.get(machine).cloned() {
        Some(Present {
            provider_id,
            running,
        }) => Reading::MachineSeen {
            machine: machine.clone(),
            provider_id,
            running,
        },
        None => Reading::MachineAbsent {
            machine: machine.clone(),
        },
    };
    wanted.keys().map(reading).collect()
}

async fn ensure(local: &Local, machine: &MachineId, wanted: &WantedMachine) -> Reading {
    let ensured = match wanted.provider {
        Provider::Local => local.ensure(machine, wanted).await,
    };
    match ensured {
        Ok(provider_id) => {
            tracing::info!(%machine, provider_id, "the machine runs");
            Reading::MachineSeen {
                machine: machine.clone(),
                provider_id,
                running: true,
            }
        }
        Err(error) => {
            tracing::warn!(%machine, %error, "the machine could not be made or started");
            said(machine, &error)
        }
    }
}

fn said(machine: &MachineId, error: &LocalError) -> Reading {
    Reading::ProviderSaid {
        machine: machine.clone(),
        error: error.to_string(),
    }
}

/// The next change; never when nobody tells of any. A stream that ended is asked for anew.
async fn next(changes: &mut Option<BoxStream<'static, ()>>) {
    let Some(stream) = changes else {
        return std::future::pending().await;
    };
    if stream.next().await.is_none() {
        *changes = None;
    }
}
