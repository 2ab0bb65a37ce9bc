//! Steps: what each does, and how it ends.

use std::net::SocketAddr;

use gantry_events::Millis;
use gantry_node_worker::host;
use gantry_node_worker::probe;
use gantry_node_worker_core::{Action, Answer, Asks, Outcome, Probe, Run};
use gantry_spec::HealthCheck;

use crate::world::{self, World, creation, docker, server, spec, until};
use crate::{found, make};

#[tokio::test]
async fn a_replica_is_made_started_probed_found_again_stopped_and_removed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = World::new("life");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let image = server().image;
    assert_eq!(
        engine.carry_out(&replica, &Action::Pull { image }).await,
        Outcome::Pulled
    );

    let create = || Action::Create(Box::new(creation(server(), 28_411)));
    let made = make(&engine, &replica, create()).await;
    assert_eq!((made.run, made.port), (Run::Created, Some(28_411)));
    assert_eq!(
        make(&engine, &replica, create()).await,
        made,
        "made twice is made once"
    );

    let id = made.id.clone();
    let started = make(
        &engine,
        &replica,
        Action::Start {
            container: id.clone(),
        },
    )
    .await;
    let since = started.running_since().expect("it runs");
    assert_eq!(
        make(
            &engine,
            &replica,
            Action::Start {
                container: id.clone()
            }
        )
        .await,
        started
    );

    let address = SocketAddr::new(
        host::address_towards("10.254.254.254:1").await.unwrap(),
        28_411,
    );
    let asking = |path: &str, port| Probe {
        since,
        asks: Asks::Http {
            path: path.to_owned(),
            address: SocketAddr::new(address.ip(), port),
        },
        interval: Millis(200),
        timeout: Millis(2000),
    };
    until("an answer", || async {
        probe::ask(&engine, &asking("/index.html", 28_411)).await == Answer::Good
    })
    .await;
    let missing = probe::ask(&engine, &asking("/none", 28_411)).await;
    assert_eq!(missing, Answer::Bad("GET /none answered 404".to_owned()));
    assert!(matches!(
        probe::ask(&engine, &asking("/", 28_412)).await,
        Answer::Bad(_)
    ));
    let tcp = Probe {
        asks: Asks::Tcp { address },
        ..asking("/", 28_411)
    };
    assert_eq!(probe::ask(&engine, &tcp).await, Answer::Good);

    let adopted = found(&world.engine()).await;
    assert_eq!(
        adopted,
        [(replica.clone(), started)],
        "another worker finds it as it is"
    );

    let stopped = make(
        &engine,
        &replica,
        Action::Stop {
            container: id.clone(),
            grace: Millis(5000),
        },
    )
    .await;
    assert_eq!(stopped.exit(), Some(0), "it was asked, not killed");
    let tail = engine
        .carry_out(
            &replica,
            &Action::ReadTail {
                container: id.clone(),
            },
        )
        .await;
    assert_eq!(tail, Outcome::Tail(vec!["begun".to_owned()]));
    for _ in 0..2 {
        let removed = engine
            .carry_out(
                &replica,
                &Action::Remove {
                    container: id.clone(),
                },
            )
            .await;
        assert!(
            matches!(
                removed,
                Outcome::Done {
                    container: None,
                    ..
                }
            ),
            "{removed:?}"
        );
    }
}

#[tokio::test]
async fn a_container_that_is_not_ours_is_neither_seen_nor_taken() {
    let world = World::new("strange");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let name = format!("{}.web-aaaaaa", world.project);
    let (made, _) = docker(&["create", "--name", &name, &world::image(), "sh"]);
    assert!(made);
    assert_eq!(found(&engine).await, []);
    let taken = engine
        .carry_out(
            &replica,
            &Action::Create(Box::new(creation(server(), 28_421))),
        )
        .await;
    assert!(matches!(taken, Outcome::Refuse { .. }), "{taken:?}");
    assert!(docker(&["rm", &name]).0, "it is still there");
}

#[tokio::test]
async fn what_can_never_be_is_refused_and_what_may_be_later_is_tried_again() {
    let world = World::new("refuse");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let image = "127.0.0.1:28431/none:1".parse().unwrap();
    let away = engine.carry_out(&replica, &Action::Pull { image }).await;
    assert!(matches!(away, Outcome::Retry { .. }), "{away:?}");

    let wrong = spec(&["no-such-program"], HealthCheck::Tcp);
    let made = make(
        &engine,
        &replica,
        Action::Create(Box::new(creation(wrong, 28_432))),
    )
    .await;
    let refused = engine
        .carry_out(&replica, &Action::Start { container: made.id })
        .await;
    assert!(matches!(refused, Outcome::Refuse { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_taken_port_gives_the_container_up_so_that_another_can_be_picked() {
    let world = World::new("port");
    let (engine, replica) = (world.engine(), world.replica("web-aaaaaa"));
    let _holder = std::net::TcpListener::bind("0.0.0.0:28441").unwrap();
    let made = make(
        &engine,
        &replica,
        Action::Create(Box::new(creation(server(), 28_441))),
    )
    .await;
    let taken = engine
        .carry_out(&replica, &Action::Start { container: made.id })
        .await;
    assert!(matches!(taken, Outcome::Retry { .. }), "{taken:?}");
    assert_eq!(found(&engine).await, []);
}
