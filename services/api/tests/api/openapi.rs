//! The document of the interface, which others build on.

use std::path::Path;

use gantry_testkit::golden;

#[test]
fn the_document_is_the_one_that_was_agreed_on() {
    let document = serde_json::to_string_pretty(&gantry_api::openapi()).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    golden::check(&file, &document);
}

#[test]
fn the_page_of_paths_lists_every_path_with_its_methods() {
    let page = include_str!("../../src/router.rs");
    let said = page.lines().filter_map(|line| line.split_once(")) // "));
    let mut listed: Vec<String> = said
        .flat_map(|(_, said)| {
            let (methods, path) = said.rsplit_once(' ').unwrap();
            let path = path.to_owned();
            let methods = methods.split(' ');
            methods
                .map(move |method| format!("{method} /v1{path}"))
                .collect::<Vec<_>>()
        })
        .collect();
    let document = serde_json::to_value(gantry_api::openapi()).unwrap();
    let mut served: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        served.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    listed.sort();
    served.sort();
    assert_eq!(listed, served);
}
