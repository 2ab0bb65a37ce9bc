//! Problems as they travel: their form, and what a file's faults become.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use gantry_rest::{Problem, ProblemCode};
use serde_json::json;

#[test]
fn a_problem_reads_as_rfc_9457_has_it() {
    let problem = Problem::from(gantry_events::Problem::new(
        gantry_events::ProblemCode::ImageNotFound,
        "no such image",
    ));
    let expected = json!({
        "type": "urn:gantry:problem:image-not-found",
        "title": "Image not found",
        "status": 422,
        "detail": "no such image",
        "code": "image-not-found",
        "trace_id": null,
    });
    assert_eq!(serde_json::to_value(&problem).unwrap(), expected);
}

#[test]
fn a_file_that_is_no_yaml_is_malformed_and_one_that_is_wrong_is_invalid() {
    let rows = [
        ("a: [", ProblemCode::MalformedBody),
        (
            "gantry: 1\nproject: shop\nservics: {}\n",
            ProblemCode::InvalidFile,
        ),
    ];
    for (file, code) in rows {
        let problem = Problem::from(gantry_spec::parse(file).unwrap_err());
        assert_eq!(problem.code, code, "{problem}");
    }
}

#[test]
fn a_fault_keeps_its_place_and_its_suggestion() {
    let faults = gantry_spec::parse("gantry: 1\nproject: shop\nservics: {}\n").unwrap_err();
    let problem = Problem::from(faults);
    let error = problem
        .errors
        .iter()
        .find(|e| e.pointer == "/servics")
        .unwrap();
    assert_eq!((error.line, error.column), (Some(3), Some(1)));
    assert_eq!(error.code.as_deref(), Some("unknown-key"));
    assert!(
        error
            .suggestion
            .as_deref()
            .is_some_and(|text| text.contains("services"))
    );
    assert!(problem.to_string().contains("\n  3:1: "), "{problem}");
}
