//! Odd input everywhere.

use reqwest::Method;

use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn no_input_gives_a_500() {
    let world = World::start().await;
    let end = world.deploy().await;
    let odd = [
        "",
        "0",
        "-1",
        "1.5",
        "18446744073709551616",
        "9223372036854775808",
        "%00",
        "%FF",
        "a%20b",
        "'; DROP TABLE versions",
        "..%2F..",
        "🦀",
        "~~",
        "1~~",
        "x:y:z",
        "state:",
        ":",
        "true",
        "r",
        "r99999999999",
        "*",
        "%",
        "_",
        "2026-01-31T12:00:00Z/web-1/x",
    ];
    let paths = [
        "/v1/projects/{}",
        "/v1/projects/shop/releases/{}",
        "/v1/projects/shop/services/{}",
        "/v1/projects/shop/replicas/{}",
        "/v1/operations/{}",
        "/v1/nodes/{}",
        "/v1/pools/{}",
        "/v1/projects?limit={}",
        "/v1/projects?cursor={}",
        "/v1/projects?filter={}",
        "/v1/projects?at_seq={}",
        "/v1/projects?all={}",
        "/v1/projects?{}",
        "/v1/machines?filter=node:{}",
        "/v1/events?after={}",
        "/v1/events?scope={}",
        "/v1/events?kind={}",
        "/v1/events?id={}",
        "/v1/events?type={}",
        "/v1/events?operation={}",
        "/v1/events?actor={}",
        "/v1/events?wait={}",
        "/v1/projects/shop/services/web/logs?since={}",
        "/v1/projects/shop/services/web/logs?tail={}",
        "/v1/projects/shop/services/web/logs?replica={}",
        "/v1/projects?at={}",
        "/v1/why/{}/shop",
        "/v1/why/service/shop/{}",
        "/v1/why/release/{}/1",
        "/v1/history/node/{}",
        "/v1/history/release/shop/{}",
        "/v1/history/project/shop?cursor={}",
        "/v1/history/project/shop?limit={}",
    ];
    world.get(&format!("/v1/projects?min_seq={end}")).await;
    for path in paths {
        for value in odd {
            let path = path.replace("{}", value);
            let status = world.get(&path).await.status().as_u16();
            assert!(matches!(status, 200 | 400 | 404 | 410), "{status} {path}");
        }
    }
    for body in [
        "", "null", "[]", "0", "\"\"", "{}", "{\"a\":", "\u{0}", "- a\n- b", "? {}",
    ] {
        for (method, path) in [
            (Method::PUT, "/v1/projects/shop/config"),
            (Method::POST, "/v1/projects/shop/services/web/scale"),
            (Method::POST, "/v1/pools"),
            (Method::POST, "/v1/pools/farm/scale"),
            (Method::POST, "/v1/projects/shop/plan"),
            (Method::POST, "/v1/nodes/join"),
        ] {
            let answer = world.ask(method, path).body(body).send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(matches!(status, 400 | 422), "{status} {path} {body}");
        }
    }
}
