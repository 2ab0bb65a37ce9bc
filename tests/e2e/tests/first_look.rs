//! What `make up` leaves: three replicas on three nodes that answer through the balancer.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::bail;
use gantry_e2e::{System, containers_of_machine, eventually, project, service};
use gantry_rest::{EventQuery, LogQuery};

#[tokio::test]
async fn three_replicas_on_three_nodes_answer_through_the_balancer() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    let (replicas, _) =
        eventually(Duration::from_secs(30), || system.ready("demo", "hello", 3)).await?;
    let nodes: BTreeSet<_> = replicas.iter().map(|replica| &replica.node).collect();
    assert_eq!(nodes.len(), 3, "one replica a node");

    let mut answered = BTreeSet::new();
    let all: BTreeSet<String> = replicas
        .iter()
        .map(|replica| replica.id.to_string())
        .collect();
    for _ in 0..30 {
        let (status, replica) = system.get("hello.demo.localhost", "/").await?;
        assert_eq!(status, 200);
        answered.insert(replica);
    }
    assert_eq!(answered, all);
    Ok(())
}

#[tokio::test]
async fn each_replica_is_one_container_in_the_engine_of_its_machine() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    for replica in system.ready("demo", "hello", 3).await? {
        let machine = system.node(&replica).await?.machine;
        assert_eq!(
            containers_of_machine(&machine, replica.id.as_str())
                .await?
                .len(),
            1,
            "{}",
            replica.id
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_host_is_told_so() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    let (status, _) = system.get("nobody.nowhere.localhost", "/").await?;
    assert_eq!(status, 404);
    Ok(())
}

#[tokio::test]
async fn a_replica_s_words_can_be_read_and_what_happened_stands_in_order() -> anyhow::Result<()> {
    let system = System::of_environment()?;
    let mut lines = system
        .api
        .logs(&project("demo"), &service("hello"), &LogQuery::default())
        .await?;
    // The example may be silent; reading to the end without an error is what counts.
    while lines.next().await?.is_some() {}

    let page = system
        .api
        .events(&EventQuery {
            scope: Some("demo".to_owned()),
            ..EventQuery::default()
        })
        .await?;
    let types: Vec<&str> = page
        .items
        .iter()
        .map(|event| event.type_name.as_str())
        .collect();
    for wanted in [
        "operation.accepted.v1",
        "release.created.v1",
        "replica.placed.v1",
        "replica.ready.v1",
    ] {
        if !types.contains(&wanted) {
            bail!("{wanted} is not among {types:?}");
        }
    }
    Ok(())
}
