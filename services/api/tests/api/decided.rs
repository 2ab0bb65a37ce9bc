//! Problems that a decider names: each ends an operation, and is answered with its own status.

use gantry_events::{OperationFailed, OperationId, Problem, ProblemCode, Scope, Writer};
use reqwest::Method;

use crate::problems;
use crate::server::until;
use crate::world::*;

/// Every code that a decider may name.
pub const DECIDED: [ProblemCode; 17] = [
    ProblemCode::InvalidConfig,
    ProblemCode::ProjectNotFound,
    ProblemCode::ServiceNotFound,
    ProblemCode::ImageNotFound,
    ProblemCode::RegistryUnreachable,
    ProblemCode::NoNodeFits,
    ProblemCode::DeadlinePassed,
    ProblemCode::PoolExists,
    ProblemCode::ProviderUnknown,
    ProblemCode::VersionConflict,
    ProblemCode::ReleaseNotFound,
    ProblemCode::NodeNotFound,
    ProblemCode::PoolNotFound,
    ProblemCode::DomainTaken,
    ProblemCode::NodeLeaving,
    ProblemCode::DrainBlocked,
    ProblemCode::MachineFailed,
];

#[tokio::test(flavor = "multi_thread")]
async fn the_problem_of_a_decider_is_answered_with_its_status_and_its_operation() {
    let world = World::start().await;
    for code in DECIDED {
        let key = format!("{code:?}");
        let operation = OperationId::of_key("token:operator", &key);
        let asked = world
            .ask(Method::POST, "/v1/projects/shop/services/web/restart")
            .header("Idempotency-Key", &key)
            .header("Prefer", "wait=20");
        let decide = async {
            let path = format!("/v1/operations/{operation}");
            until("the command is accepted", async || {
                world.get(&path).await.status() == 200
            })
            .await;
            let failed = OperationFailed {
                operation,
                scope: Scope::Project(shop()),
                problem: Problem::new(code, "it cannot be done"),
            };
            world.say(Writer::Scheduler, vec![failed.into()]).await;
        };
        let (answer, ()) = futures::future::join(asked.send(), decide).await;
        let problem = problems::problem(answer.unwrap(), code.into(), &key).await;
        assert_eq!(problem["operation"], operation.to_string(), "{key}");
        assert_eq!(problem["detail"], "it cannot be done", "{key}");
    }
}
