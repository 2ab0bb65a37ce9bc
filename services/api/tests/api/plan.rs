//! Plans: what a file would change, and nothing done.

use gantry_events::{ServiceScaled, Writer};
use reqwest::Method;
use serde_json::{Value, json};

use crate::commands::commands;
use crate::world::*;

async fn plan(world: &World, file: &str) -> Value {
    let request = world.ask(Method::POST, "/v1/projects/shop/plan");
    let answer = request.body(file.to_owned()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_a_new_project_adds_all_of_it() {
    let world = World::start().await;
    let plan = plan(&world, FILE).await;
    assert_eq!(plan["release"], Value::Null);
    assert_eq!(
        plan["changes"],
        json!([{"change": "add", "service": "web"}])
    );
    assert_eq!(plan["replicas"]["web"]["added"], 1);
    assert_eq!(commands(&world).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_what_differs_from_what_is_wanted_now_and_writes_nothing() {
    let world = World::start().await;
    world.deploy().await;
    let scaled = ServiceScaled {
        project: shop(),
        service: web(),
        replicas: 4,
    };
    let seq = world.say(Writer::Scheduler, vec![scaled.into()]).await;
    world.get(&format!("/v1/projects?min_seq={seq}")).await;
    let before = commands(&world).await.len();
    let same = plan(&world, &FILE.replace("8080", "8080, replicas: 4")).await;
    assert_eq!(
        (&same["changes"], &same["release"]),
        (&json!([]), &json!(1))
    );
    let plan = plan(&world, &FILE.replace("web:1", "web:2")).await;
    let fields = plan["changes"][0]["fields"].as_array().unwrap();
    let pointers: Vec<_> = fields
        .iter()
        .map(|f| f["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/services/web/image", "/services/web/replicas"]);
    let replicas = &plan["replicas"]["web"];
    assert_eq!(
        (&replicas["replaced"], &replicas["removed"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(commands(&world).await.len(), before);
}
