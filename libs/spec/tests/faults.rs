//! What a person reads when a file is wrong: every fault with its place, code, sentence and way out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use gantry_spec::{Fault, parse};

fn rendered(faults: &[Fault]) -> String {
    faults.iter().fold(String::new(), |mut out, fault| {
        let code = serde_json::to_value(fault.code).unwrap();
        writeln!(
            out,
            "gantry.yaml:{fault}\n    {} at {:?}",
            code.as_str().unwrap(),
            fault.pointer
        )
        .unwrap();
        out
    })
}

#[test]
fn all_faults_of_a_file_are_told_at_once() {
    let faults = parse(include_str!("files/many-faults.yaml")).unwrap_err();
    insta::assert_snapshot!(rendered(&faults));
}
