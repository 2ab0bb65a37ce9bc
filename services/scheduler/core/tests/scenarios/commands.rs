//! What is refused, and why.

use gantry_events::{ConfigPut, Intent, ScaleService};

use crate::scene::{NONE, Scene, deployed, deployed_with, file, file_of};

#[test]
fn commands_about_what_is_not_there_are_refused() {
    let mut scene = Scene::of(&["n1", "n2", "n3"]);
    assert_eq!(scene.scale("web", 2), ["refuse ProjectNotFound"]);
    scene.deploy(&file(&[("web", "web:1", 1)]));
    assert_eq!(scene.scale("api", 2), ["refuse ServiceNotFound"]);
    assert_eq!(scene.remove("api"), ["refuse ServiceNotFound"]);
    assert_eq!(scene.scale("web", 1001), ["refuse InvalidConfig"]);
    assert_eq!(scene.scale("web", 1), ["unchanged"]);
    assert_eq!(scene.put("{}"), ["refuse InvalidConfig"]);
    let of_another = file(&[]).replace("shop", "shelf");
    assert_eq!(scene.put(&of_another), ["refuse InvalidConfig"]);
    scene.holds();
}

#[test]
fn a_command_based_on_what_was_changed_since_is_refused() {
    let mut scene = deployed();
    let read = scene.stage.seq();
    let scale = |scene: &Scene, replicas| {
        Intent::ScaleService(ScaleService {
            project: scene.project.clone(),
            service: "web".parse().unwrap(),
            replicas,
        })
    };
    let up = scale(&scene, 4);
    let said = scene.command_since(up, Some(read));
    assert_eq!(said[0], "scale web to 4");
    let further = scale(&scene, 5);
    let said = scene.command_since(further, Some(read));
    assert_eq!(said, ["refuse VersionConflict"]);
    let put = |scene: &Scene, image| {
        Intent::ConfigPut(ConfigPut {
            project: scene.project.clone(),
            config: file(&[("web", image, 3)]),
        })
    };
    let late = put(&scene, "web:2");
    assert_eq!(
        scene.command_since(late, Some(read)),
        ["refuse VersionConflict"]
    );
    // One that is still being looked up was put earlier all the same.
    let read = scene.stage.seq();
    let (first, second) = (put(&scene, "web:2"), put(&scene, "web:3"));
    assert_eq!(scene.command_since(first, Some(read)), ["resolve 1"]);
    assert_eq!(
        scene.command_since(second, Some(read)),
        ["refuse VersionConflict"]
    );
    // What nodes and replicas do meanwhile is no change of what was asked for.
    scene.run(NONE);
    let read = scene.stage.seq();
    scene.unready("web.0#1");
    let again = scale(&scene, 6);
    assert_eq!(scene.command_since(again, Some(read))[0], "scale web to 6");
    scene.holds();
}

#[test]
fn a_host_leads_to_one_service() {
    let domains = r#","domains":["shop.example.com"]"#;
    let mut scene = deployed_with(domains);
    scene.project = "shelf".parse().unwrap();
    let taken = file_of("shelf", &[("ui", "ui:1", 1)], domains);
    assert_eq!(scene.put(&taken), ["refuse DomainTaken"]);
    let implied = r#","domains":["web.shop.localhost"]"#;
    let taken = file_of("shelf", &[("ui", "ui:1", 1)], implied);
    assert_eq!(scene.put(&taken), ["refuse DomainTaken"]);
    // A release that gave the host up may have to go back to it, until it has succeeded.
    scene.project = "shop".parse().unwrap();
    scene.deploy(&file(&[("web", "web:2", 3)]));
    scene.project = "shelf".parse().unwrap();
    let other = file_of("shelf", &[("ui", "ui:1", 1)], domains);
    assert_eq!(scene.put(&other), ["refuse DomainTaken"]);
    scene.project = "shop".parse().unwrap();
    scene.run(NONE);
    scene.project = "shelf".parse().unwrap();
    assert_eq!(scene.put(&other), ["resolve 1"]);
    scene.holds();
}
