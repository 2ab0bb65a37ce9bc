//! What a file takes from beside it: put in where the file stands, refused where it does not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gantry_spec::{FaultCode, MAX_BYTES, MAX_CONTENT, parse, parse_here};

fn file(files: &str) -> String {
    format!("gantry: 1\nproject: shop\nservices:\n  web:\n    image: a\n    files: {files}\n")
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "./text" | "a/../text" => Ok("one\ntwo\u{feff}\n".into()),
        "bytes" => Ok(vec![0, 255]),
        "limit" => Ok(vec![b'x'; MAX_CONTENT]),
        "large" => Ok(vec![b'x'; MAX_CONTENT + 1]),
        "gone" => Err("there is no such file".to_owned()),
        other => panic!("{other} was never to be read"),
    }
}

#[test]
fn what_stands_beside_the_file_is_put_in() {
    let text =
        file("{/a: {from: ./text}, /b: {from: bytes}, /c: {from: a/../text}, /d: {from: limit}}");
    let project = parse_here(&text, None, &read).unwrap().project;
    let files = &project.services.values().next().unwrap().files;
    let bytes = |path: &str| files[&path.parse().unwrap()].bytes().to_vec();
    assert_eq!(bytes("/a"), "one\ntwo\u{feff}\n".as_bytes());
    assert_eq!(bytes("/b"), [0, 255]);
    assert_eq!(bytes("/c"), bytes("/a"));
    assert_eq!(parse(&project.canonical()).unwrap().project, project);
}

#[test]
fn what_cannot_be_put_in_is_told_where_it_is_named() {
    let rows = [
        ("gone", FaultCode::Unreadable),
        ("large", FaultCode::TooLarge),
        ("/etc/passwd", FaultCode::BadPath),
        ("../x", FaultCode::BadPath),
        ("a/../../x", FaultCode::BadPath),
        (".", FaultCode::BadPath),
        ("\"\"", FaultCode::BadPath),
        ("a/..", FaultCode::BadPath),
        ("[a]", FaultCode::WrongType),
        ("null", FaultCode::NoValue),
        ("\"a\\0b\"", FaultCode::BadValue),
    ];
    for (path, code) in rows {
        let faults =
            parse_here(&file(&format!("{{/a: {{from: {path}}}}}")), None, &read).unwrap_err();
        assert_eq!(faults.len(), 1, "{path}\n{faults:?}");
        assert_eq!(
            (
                faults[0].code,
                faults[0].line,
                faults[0].column,
                faults[0].pointer.as_str()
            ),
            (code, 6, 24, "/services/web/files/~1a/from"),
            "{path}"
        );
    }
}

#[test]
fn a_file_that_came_alone_may_not_name_what_stands_beside_it() {
    let faults = parse(&file("{/a: {from: ./text}}")).unwrap_err();
    assert_eq!(
        (faults.len(), faults[0].code, faults[0].pointer.as_str()),
        (1, FaultCode::NotInlined, "/services/web/files/~1a/from")
    );
}

#[test]
fn what_an_environment_brings_is_read_only_where_it_is_deployed() {
    let text = format!(
        "{}environments:\n  dev: {{services: {{web: {{files: {{/a: {{from: gone}}}}}}}}}}\n",
        file("{/a: {from: ./text}}")
    );
    assert!(parse_here(&text, None, &read).is_ok());
    let faults = parse_here(&text, Some("dev"), &read).unwrap_err();
    assert_eq!(
        (faults[0].code, faults[0].line, faults[0].pointer.as_str()),
        (
            FaultCode::Unreadable,
            8,
            "/environments/dev/services/web/files/~1a/from"
        )
    );
}

#[test]
fn all_files_together_are_held_to_the_size_that_is_sent() {
    let files: Vec<_> = (0..4).map(|n| format!("/f{n}: {{from: limit}}")).collect();
    let faults = parse_here(&file(&format!("{{{}}}", files.join(", "))), None, &read).unwrap_err();
    assert_eq!((faults.len(), faults[0].code), (1, FaultCode::TooLarge));
    assert!(
        faults[0].message.contains(&MAX_BYTES.to_string()),
        "{}",
        faults[0]
    );
    assert!(
        faults[0].message.contains(&(4 * MAX_CONTENT).to_string()),
        "{}",
        faults[0]
    );
}
