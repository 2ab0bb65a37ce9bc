//! A node joins with its token and its own key.

use gantry_bus::{NodeKey, join_token};
use gantry_events::{MachineRequested, Time, Writer};
use gantry_rest::{Client, JoinNode};
use serde_json::Value;

use crate::world::*;

async fn ask_for(world: &World, attempt: u32) {
    let requested = MachineRequested {
        machine: "m1".parse().unwrap(),
        node: "n1".parse().unwrap(),
        pool: "farm".parse().unwrap(),
        attempt,
        until: Time::from_unix_millis(1_700_000_060_000),
        labels: Default::default(),
    };
    world.say(Writer::Provisioner, vec![requested.into()]).await;
    world.read("/v1/machines/m1").await;
}

fn token(world: &World, attempt: u32) -> String {
    let role = world.server.secrets.role_file("api", &Writer::Api).unwrap();
    join_token(&role.join_key.unwrap(), &"m1".parse().unwrap(), attempt)
}

fn asks(token: String, key: &NodeKey) -> JoinNode {
    JoinNode {
        machine: "m1".parse().unwrap(),
        token,
        public_key: key.public_key(),
    }
}

async fn refused(client: &Client, asks: &JoinNode) -> (u16, String) {
    let error = client.join(asks).await.unwrap_err();
    let problem = error.problem().unwrap();
    (problem.status, problem.code.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_its_token_is_admitted_and_may_use_its_own_subjects() {
    let world = World::start().await;
    ask_for(&world, 1).await;
    // Without a bearer token: the join token stands for it.
    let client = Client::new(&world.url, None).unwrap();
    let key = NodeKey::generate();
    let answer = client.join(&asks(token(&world, 1), &key)).await.unwrap();
    assert_eq!(answer.node.as_str(), "n1");
    assert_eq!(answer.log, world.server.secrets.log);
    let credential = key.credential(&answer.jwt).unwrap();
    let bus = gantry_bus::NatsBus::connect(&world.server.url(), &credential)
        .await
        .unwrap();
    crate::server::connected(bus).await;
    let again = client.join(&asks(token(&world, 1), &key)).await.unwrap();
    assert_eq!(again, answer);
    let events: Value = world
        .get("/v1/events?type=node.admitted.v1")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    assert_eq!(world.read("/v1/nodes/n1").await["state"], "joining");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_token_of_the_latest_attempt_opens_and_only_one_key_enters() {
    let world = World::start().await;
    let client = Client::new(&world.url, None).unwrap();
    let (ours, theirs) = (NodeKey::generate(), NodeKey::generate());
    let invalid = (401, "join-token-invalid".to_owned());
    assert_eq!(
        refused(&client, &asks(token(&world, 1), &ours)).await,
        invalid
    );
    ask_for(&world, 2).await;
    for wrong in [token(&world, 1), token(&world, 3), String::new()] {
        assert_eq!(refused(&client, &asks(wrong, &ours)).await, invalid);
    }
    client.join(&asks(token(&world, 2), &ours)).await.unwrap();
    let taken = (409, "node-key-taken".to_owned());
    assert_eq!(
        refused(&client, &asks(token(&world, 2), &theirs)).await,
        taken
    );
    ask_for(&world, 3).await;
    client.join(&asks(token(&world, 3), &theirs)).await.unwrap();
}
