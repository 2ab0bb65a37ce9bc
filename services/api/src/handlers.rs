//! Handlers, a file for each kind: parse, ask or command, answer. Which path is whose stands in
//! [`crate::router`].

pub(crate) mod balancer;
pub(crate) mod event;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod node;
pub(crate) mod operation;
pub(crate) mod plan;
pub(crate) mod pool;
pub(crate) mod project;
pub(crate) mod release;
pub(crate) mod replica;
pub(crate) mod service;
pub(crate) mod version;
pub(crate) mod why;

use std::collections::BTreeMap;

use gantry_rest::{PROBLEM_JSON, Problem};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

/// Every path may answer with a problem.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(Problem::name())))
            .build();
        let response = ResponseBuilder::new()
            .description("A problem: its `code` says which.")
            .content(PROBLEM_JSON, content)
            .build();
        let _ = Problem::schema;
        BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}
