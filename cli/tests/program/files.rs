//! The verbs of the file, none of which asks an api: what they write, print and refuse.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::stage::{Ran, run};

/// An address where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

const FILE: &str = "\
gantry: 1
project: shop
services:
  web:
    image: shop:1
    port: 8080
    replicas: 3
    domains: [shop.example.com]
    env: {LOG_LEVEL: info, SPELLED: \"null\", VERSION: 1.10, LINES: \"a\\nb: c\\n\"}
    files:
      /etc/shop/features.toml: {from: ./conf/features.toml}
environments:
  staging:
    services:
      web: {replicas: 1, domains: [staging.example.com], env: {LOG_LEVEL: debug}}
";

fn shop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "gantry.yaml", FILE);
    std::fs::create_dir(folder.path().join("conf")).unwrap();
    write(&folder, "conf/features.toml", "fast = true\n");
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

fn here(folder: &TempDir, words: &[&str]) -> Ran {
    run(NOBODY, folder.path(), words)
}

fn document(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_host_without_a_certificate_is_warned_of_and_the_file_is_valid() {
    let ran = here(&shop(), &["validate"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            Some(0),
            "gantry.yaml is valid: project shop, 1 service; environments: staging\n"
        )
    );
    insta::assert_snapshot!(ran.err, @r"
    gantry.yaml:8:15: shop.example.com is served over plain HTTP: there are no certificates in this version (warning: no-certificate)
        8 |     domains: [shop.example.com]
          |               ^
    ");
}

#[test]
fn an_environment_is_the_file_with_what_it_says_otherwise_laid_over_it() {
    let folder = shop();
    let ran = here(&folder, &["validate", "--env", "staging"]);
    assert_eq!(
        ran.out,
        "gantry.yaml is valid: project shop-staging, 1 service\n"
    );
    let merged = document(&here(
        &folder,
        &["config", "--env", "staging", "-o", "json"],
    ));
    let web = &merged["services"]["web"];
    assert_eq!(
        (&merged["project"], &web["replicas"], &web["domains"]),
        (
            &"shop-staging".into(),
            &1.into(),
            &vec!["staging.example.com"].into()
        )
    );
    assert_eq!(
        (&web["env"]["LOG_LEVEL"], &web["env"]["VERSION"]),
        (&"debug".into(), &"1.10".into())
    );
    assert_eq!(merged.get("environments"), None);
}

#[test]
fn an_environment_that_is_not_there_is_refused_with_those_that_are() {
    let ran = here(&shop(), &["deploy", "--env", "stagign"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    insta::assert_snapshot!(ran.err, @r"
    gantry.yaml:12:1: the file has no environment `stagign`; did you mean `staging`?
       12 | environments:
          | ^
    error: the file has 1 fault, each shown above
    ");
}

#[test]
fn what_config_prints_is_a_file_that_says_the_same() {
    let folder = shop();
    let plain = document(&here(&folder, &["config", "-o", "json"]));
    let content = &plain["services"]["web"]["files"]["/etc/shop/features.toml"]["content"];
    assert_eq!(content, "fast = true\n");
    let yaml = here(&folder, &["config"]);
    assert!(yaml.out.contains("\n    rollout:\n"), "{}", yaml.out);
    let again = tempfile::tempdir().unwrap();
    write(&again, "gantry.yaml", &yaml.out);
    assert_eq!(document(&here(&again, &["config", "-o", "json"])), plain);
}

#[test]
fn a_file_from_beside_is_read_from_the_folder_of_the_projects_file_and_nowhere_else() {
    let folder = shop();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = folder.path().join("gantry.yaml");
    let words = ["config", "-o", "json", "-f", path.to_str().unwrap()];
    document(&here(&elsewhere, &words));
    std::fs::remove_file(folder.path().join("conf/features.toml")).unwrap();
    write(&elsewhere, "secret", "x");
    let link = folder.path().join("conf/features.toml");
    symlink(elsewhere.path().join("secret"), link).unwrap();
    let ran = here(&folder, &["validate"]);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.err, @r"
    gantry.yaml:11:39: `./conf/features.toml` cannot be read: a link leads out of the folder of the project's file
       11 |       /etc/shop/features.toml: {from: ./conf/features.toml}
          |                                       ^
    error: the file has 1 fault, each shown above
    ");
}

#[test]
fn the_project_of_a_file_is_known_without_what_stands_beside_it() {
    let folder = shop();
    std::fs::remove_dir_all(folder.path().join("conf")).unwrap();
    let ran = here(&folder, &["ps"]);
    assert_eq!(ran.code, Some(4), "the api is asked: {ran:?}");
}

#[test]
fn the_schema_is_printed_whole() {
    let folder = tempfile::tempdir().unwrap();
    let schema = document(&here(&folder, &["schema"]));
    assert_eq!(schema, gantry_spec::schema());
    let yaml = here(&folder, &["schema", "-o", "yaml"]);
    assert!(yaml.out.contains("title: gantry.yaml"), "{}", yaml.out);
}

#[test]
fn each_shell_gets_its_completion() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let ran = here(&folder, &["completion", shell]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("rollback"), "{shell}: {}", ran.out);
    }
    assert_eq!(here(&folder, &["completion", "dos"]).code, Some(2));
}

#[test]
fn every_example_is_valid_in_each_of_its_environments() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for example in ["hello", "shop"] {
        let ran = run(NOBODY, &examples.join(example), &["validate"]);
        assert_eq!(ran.code, Some(0), "{example}: {ran:?}");
    }
    let words = ["validate", "--env", "staging"];
    let ran = run(NOBODY, &examples.join("shop"), &words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// A folder of this name with what `init` wrote into it.
fn begun(name: &str, words: &[&str]) -> (TempDir, Ran) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join(name);
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(inner.join("Dockerfile"), "FROM scratch\nEXPOSE 3000\n").unwrap();
    let ran = run(NOBODY, &inner, words);
    (folder, ran)
}

#[test]
fn a_first_file_is_valid_named_after_its_folder_and_never_overwritten() {
    let (folder, ran) = begun("My_Shop", &["init"]);
    let inner = folder.path().join("My_Shop");
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "gantry.yaml is written: project my-shop\n"),
        "{ran:?}"
    );
    let said = document(&run(NOBODY, &inner, &["config", "-o", "json"]));
    assert_eq!(
        (&said["project"], &said["services"]["web"]["port"]),
        (&"my-shop".into(), &3000.into())
    );
    let before = std::fs::read(inner.join("gantry.yaml")).unwrap();
    let again = run(NOBODY, &inner, &["init", "-p", "other"]);
    assert_eq!(again.code, Some(3), "{again:?}");
    assert!(again.err.contains("nothing was written"), "{}", again.err);
    assert_eq!(std::fs::read(inner.join("gantry.yaml")).unwrap(), before);
}

#[test]
fn init_says_in_json_what_it_made() {
    let (_folder, ran) = begun("shop", &["init", "-o", "json", "-f", "other.yaml"]);
    let made = document(&ran);
    assert_eq!(
        made,
        serde_json::json!({"file": "other.yaml", "project": "shop", "not_carried": []})
    );
}

const COMPOSE: &str = "\
services:
  web:
    image: shop:1
    ports: [\"80:8080\"]
    restart: always
";

#[test]
fn a_compose_file_is_converted_and_what_was_not_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "compose.yaml", COMPOSE);
    let words = ["init", "--from", "compose.yaml", "-p", "shop"];
    let ran = here(&folder, &words);
    assert_eq!(ran.out, "gantry.yaml is written: project shop\n", "{ran:?}");
    insta::assert_snapshot!(ran.err, @r"
    compose.yaml:5:5: `restart` was not carried over; a replica that ends is always started again
        5 |     restart: always
          |     ^
    1 thing of compose.yaml could not be carried over, each shown above
    look it through, then `gantry deploy`
    ");
    let said = document(&here(&folder, &["config", "-o", "json"]));
    assert_eq!(said["services"]["web"]["port"], 8080);
}

#[test]
fn what_is_no_compose_file_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["a: [", "a: b", ""] {
        write(&folder, "compose.yaml", text);
        let ran = here(&folder, &["init", "--from", "compose.yaml"]);
        assert_eq!(ran.code, Some(2), "{text}: {ran:?}");
    }
    let ran = here(&folder, &["init", "--from", "none.yaml"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(!Path::exists(&folder.path().join("gantry.yaml")));
}
