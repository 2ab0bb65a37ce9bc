//! Watching the world: the engine's containers, and the machine itself.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use futures::StreamExt;
use gantry_events::Millis;
use gantry_node_worker_core::Reading;
use gantry_runtime::Process;
use tokio::sync::{Notify, mpsc};

use crate::docker::Engine;
use crate::host;
use crate::settings::Settings;

/// The engine is looked at this often, whatever its events say.
const LOOK: Millis = Millis::from_secs(5);

/// Wait before events are asked for again.
const AGAIN: Millis = Millis::from_secs(1);

/// The machine is looked at this often.
const HOST: Millis = Millis::from_secs(10);

/// Looks at the engine at a steady pace, and at once when told to.
pub async fn engine(
    process: Process,
    engine: Arc<Engine>,
    look: Arc<Notify>,
    readings: mpsc::Sender<Reading>,
) -> Result<(), Infallible> {
    let answers = process.health.condition("engine");
    let (stopping, mut every) = (process.stopping(), process.every(LOOK));
    loop {
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = every.tick() => {}
            () = look.notified() => {}
        }
        let reading = match engine.look().await {
            Ok(reading) => {
                answers.met();
                reading
            }
            Err(error) => {
                tracing::warn!(%error, "what runs is unknown");
                answers.unmet(&error.to_string());
                Reading::EngineSilent
            }
        };
        if readings.send(reading).await.is_err() {
            return Ok(());
        }
    }
}

/// Looks at each replica as soon as the engine says that something became of it.
pub async fn changes(
    process: Process,
    engine: Arc<Engine>,
    look: Arc<Notify>,
    readings: mpsc::Sender<Reading>,
) -> Result<(), Infallible> {
    let listen = async {
        loop {
            if let Ok(mut changes) = engine.changes().await {
                look.notify_one();
                while let Some(replica) = changes.next().await {
                    match engine.look_at(&replica).await {
                        Ok(reading) => drop(readings.send(reading).await),
                        Err(_) => look.notify_one(),
                    }
                }
            }
            process.sleep(AGAIN).await;
        }
    };
    tokio::select! {
        () = process.stopping().cancelled_owned() => Ok(()),
        never = listen => never,
    }
}

/// Looks at the machine at a steady pace; its address may change when its network does. Where the bus
/// cannot even be named, the address that it had last is its own if it still has it.
pub async fn host(
    process: Process,
    settings: Settings,
    had: Option<IpAddr>,
    readings: mpsc::Sender<Reading>,
) -> Result<(), Infallible> {
    let known = process.health.condition("address");
    let (stopping, mut every, mut last) = (process.stopping(), process.every(HOST), None);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = every.tick() => {}
        }
        let mut looked = host::look(settings.address, &settings.nats_url).await;
        if let (Err(_), None, Some(had)) = (&looked, last, had)
            && host::is_own(had).await
        {
            looked = host::look(Some(had), &settings.nats_url).await;
        }
        let host = match looked {
            Ok(host) => host,
            // What was known before still holds: names may not be resolved just now.
            Err(error) if last.is_none() => {
                known.unmet(&format!("the own address is not known: {error}"));
                process.sleep(AGAIN).await;
                every = process.every(HOST);
                continue;
            }
            Err(_) => continue,
        };
        known.met();
        if last.replace(host) != Some(host) && readings.send(Reading::Host(host)).await.is_err() {
            return Ok(());
        }
    }
}
