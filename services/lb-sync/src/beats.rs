//! Beats: each second this lb-sync says that it is there, and which table is live. Who waits for its
//! balancer thereby knows when to wait no more.

use gantry_bus::{BusError, NatsBus};
use gantry_events::{BalancerBeat, BalancerId, LogId, Millis, Seq};
use gantry_runtime::Process;
use tokio::sync::watch;

/// Time between two beats.
const BEAT: Millis = Millis::from_secs(1);

/// Beats until the process stops. While the bus is away it is silent: a beat would only come late.
pub(crate) async fn beat(
    process: Process,
    bus: NatsBus,
    (balancer, log): (BalancerId, LogId),
    live: watch::Receiver<Option<Seq>>,
) -> Result<(), BusError> {
    let (stopping, mut every) = (process.stopping(), process.every(BEAT));
    let subject = format!("hb.balancer.{balancer}");
    while stopping.run_until_cancelled(every.tick()).await.is_some() {
        if !bus.link().borrow().up {
            continue;
        }
        let beat = BalancerBeat {
            balancer: balancer.clone(),
            log,
            table: *live.borrow(),
        };
        let payload = serde_json::to_vec(&beat).expect("a beat has string keys only");
        bus.publish(&subject, payload).await?;
    }
    Ok(())
}
