//! What holds while tables are swapped, seen from inside: moments that no request can be aimed at.

use gantry_events::{Backend, Draining, LogId, Route, Seq};

use super::*;

const HOST: &str = "web.shop.localhost";

fn tables() -> Tables {
    let (process, _) = Process::start();
    let limits = Limits {
        failures: 3,
        silent: Millis(3000),
        skip: Millis(5000),
    };
    Tables::new(process, 1, limits, CancellationToken::new())
}

fn key() -> ReplicaKey {
    "shop/web-a".parse().unwrap()
}

fn table(seq: u64, routed: bool, drains: bool) -> RouteTable {
    let backend = Backend {
        address: ([127, 0, 0, 1], 1).into(),
    };
    let backends = routed.then(|| (key(), backend)).into_iter().collect();
    let draining = drains
        .then(|| {
            (
                key(),
                Draining {
                    drain: Millis(60_000),
                },
            )
        })
        .into_iter()
        .collect();
    let log = LogId("00000000-0000-0000-0000-000000000007".parse().unwrap());
    RouteTable {
        log,
        seq: Seq(seq),
        routes: [(HOST.to_owned(), Route { backends })].into(),
        domains: BTreeMap::new(),
        draining,
    }
}

fn begin(tables: &Tables) -> Option<Flight> {
    match tables.choose(HOST, &[], Millis(0)) {
        Ok(Chosen::Flight(flight)) => Some(flight),
        Ok(Chosen::Redirect(_) | Chosen::Exhausted) | Err(_) => None,
    }
}

#[tokio::test]
async fn a_request_that_began_on_the_table_before_the_last_still_holds_its_replica() {
    let tables = tables();
    tables.apply(table(1, true, false));
    let flight = begin(&tables).unwrap();
    tables.apply(table(2, false, false));
    assert!(begin(&tables).is_none());
    let status = tables.apply(table(3, false, true));
    assert_eq!(
        (status.released, status.in_flight),
        ([].into(), [(key(), 1)].into())
    );
    let mut changes = tables.changes();
    drop(flight);
    changes.changed().await.unwrap();
    assert_eq!(tables.status().unwrap().released, [key()].into());
}

#[tokio::test]
async fn a_request_placed_while_a_table_is_being_built_is_not_overlooked() {
    let tables = tables();
    tables.apply(table(1, true, false));
    let known = tables.live.load_full().unwrap().replicas.clone();
    let built = tables.build(table(2, false, true), &known);
    let _flight = begin(&tables).unwrap();
    assert!(
        built
            .replicas
            .iter()
            .any(|replica| replica.in_flight() == 1)
    );
}
