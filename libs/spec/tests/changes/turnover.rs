//! How many replicas a change of the file touches.

use gantry_spec::turnover;

use crate::project;

#[test]
fn a_change_of_the_container_replaces_and_all_else_does_not() {
    let rows = [
        ("web: {image: a}", "web: {image: a}", ""),
        ("", "web: {image: a, replicas: 2}", "web: 2 added"),
        ("web: {image: a, replicas: 3}", "", "web: 3 removed"),
        ("web: {image: a}", "web: {image: b}", "web: 1 replaced"),
        (
            "web: {image: a, replicas: 2}",
            "web: {image: b, replicas: 5}",
            "web: 2 replaced, 3 added",
        ),
        (
            "web: {image: a, replicas: 5}",
            "web: {image: a, env: {A: 1}, replicas: 2}",
            "web: 2 replaced, 3 removed",
        ),
        (
            "web: {image: a, replicas: 2}",
            "web: {image: a, replicas: 4}",
            "web: 2 added",
        ),
        (
            "web: {image: a, replicas: 0}",
            "web: {image: b, replicas: 0}",
            "web: no replica touched",
        ),
        (
            "web: {image: a, port: 80}",
            "web: {image: a, port: 80, domains: [a.b], rollout: {surge: 2}, place: {prefer: {a: b}, per_node: 1}}",
            "web: no replica touched",
        ),
        (
            "web: {image: a, replicas: 3}",
            "web: {image: a, replicas: 2, place: {require: {zone: eu}}}",
            "web: 2 moved where their nodes do not fit, 1 removed",
        ),
        (
            "web: {image: a, files: {/a: {content: x}}}",
            "web: {image: a, files: {/a: {content: y}}}",
            "web: 1 replaced",
        ),
        (
            "same: {image: a}, web: {image: a}",
            "same: {image: a}, web: {image: a, port: 80}",
            "web: 1 replaced",
        ),
    ];
    for (old, new, told) in rows {
        let turnover = turnover(Some(&project(old)), &project(new));
        let lines: Vec<_> = turnover
            .iter()
            .map(|(name, counts)| format!("{name}: {counts}"))
            .collect();
        assert_eq!(lines.join("; "), told, "{old} to {new}");
    }
}

#[test]
fn without_an_old_file_every_replica_is_added() {
    let counts = turnover(None, &project("web: {image: a, replicas: 3}"));
    assert_eq!(counts.values().next().unwrap().added, 3);
}
