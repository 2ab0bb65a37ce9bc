//! Every path on one page.

use axum::routing::get;
use axum::{Json, Router, middleware};
use gantry_rest::{Problem, ProblemCode};
use gantry_runtime::health_routes;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Api;
use crate::auth::authenticate;
use crate::docs;
use crate::dress::{Front, Room, after_panic, dress};
use crate::handlers::{
    balancer, event, log, machine, node, operation, plan, pool, project, release, replica, service,
    version, why,
};
use crate::refusal::Refusal;

#[derive(OpenApi)]
#[openapi(
    info(title = "Gantry", description = "Deploys load-balanced services to machines, from one file.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(Problem, ProblemCode)),
    security(("token" = []))
)]
struct Frame;

/// Everything under `/v1` that takes a bearer token.
fn with_token() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(project::list_projects)) // GET /projects
        .routes(routes!(project::get_project, project::delete_project)) // GET DELETE /projects/{project}
        .routes(routes!(project::get_config, project::put_config)) // GET PUT /projects/{project}/config
        .routes(routes!(plan::plan)) // POST /projects/{project}/plan
        .routes(routes!(release::list_releases)) // GET /projects/{project}/releases
        .routes(routes!(release::get_release)) // GET /projects/{project}/releases/{release}
        .routes(routes!(release::roll_back)) // POST /projects/{project}/releases/{release}/rollback
        .routes(routes!(service::list_services)) // GET /projects/{project}/services
        .routes(routes!(service::get_service, service::delete_service)) // GET DELETE /projects/{project}/services/{service}
        .routes(routes!(service::scale_service)) // POST /projects/{project}/services/{service}/scale
        .routes(routes!(service::restart_service)) // POST /projects/{project}/services/{service}/restart
        .routes(routes!(replica::list_service_replicas)) // GET /projects/{project}/services/{service}/replicas
        .routes(routes!(log::get_logs)) // GET /projects/{project}/services/{service}/logs
        .routes(routes!(replica::list_replicas)) // GET /projects/{project}/replicas
        .routes(routes!(replica::get_replica)) // GET /projects/{project}/replicas/{replica}
        .routes(routes!(node::list_nodes)) // GET /nodes
        .routes(routes!(node::get_node)) // GET /nodes/{node}
        .routes(routes!(node::cordon_node)) // POST /nodes/{node}/cordon
        .routes(routes!(node::uncordon_node)) // POST /nodes/{node}/uncordon
        .routes(routes!(node::drain_node)) // POST /nodes/{node}/drain
        .routes(routes!(pool::list_pools, pool::create_pool)) // GET POST /pools
        .routes(routes!(pool::get_pool, pool::delete_pool)) // GET DELETE /pools/{pool}
        .routes(routes!(pool::scale_pool)) // POST /pools/{pool}/scale
        .routes(routes!(machine::list_machines)) // GET /machines
        .routes(routes!(machine::get_machine)) // GET /machines/{machine}
        .routes(routes!(balancer::list_balancers)) // GET /balancers
        .routes(routes!(balancer::get_balancer)) // GET /balancers/{balancer}
        .routes(routes!(operation::list_operations)) // GET /operations
        .routes(routes!(operation::get_operation)) // GET /operations/{operation}
        .routes(routes!(event::get_events)) // GET /events
        .routes(routes!(why::get_why)) // GET /why/{kind}/{id}
        .routes(routes!(why::get_why_in_project)) // GET /why/{kind}/{project}/{id}
        .routes(routes!(why::get_history)) // GET /history/{kind}/{id}
        .routes(routes!(why::get_history_in_project)) // GET /history/{kind}/{project}/{id}
        .routes(routes!(version::get_version)) // GET /version
        .routes(routes!(version::get_schema)) // GET /schema
}

/// A node that joins has no token of its own yet: its join token stands for it.
fn without_token() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(node::join_node)) // POST /nodes/join
}

/// The document that describes the interface, made from the code.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented(with_token().merge(without_token())).1
}

fn documented(v1: OpenApiRouter<Api>) -> (Router<Api>, utoipa::openapi::OpenApi) {
    let framed = OpenApiRouter::with_openapi(Frame::openapi()).nest("/v1", v1);
    let (routes, mut document) = framed.split_for_parts();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    if let Some(components) = &mut document.components {
        components.add_security_scheme("token", token);
    }
    (routes, document)
}

/// The whole interface.
pub(crate) fn router(api: &Api) -> Router {
    let front = Front {
        room: Room::of(api.settings.requests_at_once),
        metrics: api.process.metrics.clone(),
    };
    let guard = middleware::from_fn_with_state(api.clone(), authenticate);
    let document = openapi();
    let guarded = documented(with_token().route_layer(guard)).0;
    let open = documented(without_token()).0;
    guarded
        .merge(open)
        .merge(docs::routes())
        .route("/v1/openapi.json", get(|| async { Json(document) }))
        .fallback(nowhere)
        .with_state(api.clone())
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(front, dress))
        // Outside of the room: whether it is alive is told even when it is full.
        .merge(health_routes(&api.process))
}

async fn nowhere() -> Refusal {
    let detail = "there is no such path; /v1/openapi.json lists them all";
    Refusal::new(ProblemCode::NotFound, detail)
}
