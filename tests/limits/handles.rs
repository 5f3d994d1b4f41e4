//! Open files: a module holds what it may, and the server goes on.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::greedy;
use crate::harness::{Answer, Sidecar, started_by, within};

/// A sidecar whose strategy opens one file very often.
fn opening(take: &str) -> Sidecar {
    let sidecar = greedy(json!({}));
    let granted = sidecar.folder().join("granted");
    std::fs::create_dir(&granted).unwrap();
    std::fs::write(granted.join("file"), "one").unwrap();
    let path = granted.to_str().unwrap().to_owned();
    let config = json!({"take": take, "number": 100_000, "read": [path.clone()]});
    sidecar
        .set("strategy.config", config)
        .set("modules.greedy.allow.read", json!([path]))
}

#[test]
fn the_server_answers_while_a_module_holds_all_that_it_may() {
    let sidecar = opening("host-files");
    let few = |command| started_by(&["prlimit", "--nofile=1024:1024"], command);
    let mut server = sidecar.serve_within(few);
    let run = server.start_run();
    within(
        Duration::from_secs(20),
        "the module holds its files",
        || server.log().contains("holds ").then_some(()),
    );
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let clients: Vec<TcpStream> = (0..300)
        .map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap())
        .collect();
    assert_eq!(
        Answer::get(&format!("{}/healthz", server.url), None).status,
        200
    );
    assert_eq!(server.get("/backup/jobs").status, 200);
    drop(clients);
    server.ask("DELETE", &run, &[]);
    assert_eq!(server.over(&run)["state"], "cancelled");
}

#[test]
fn a_module_that_opens_too_much_is_told_how_much_it_may() {
    let run = opening("wasi-files").run(&["backup", "--json"]);
    let error = &run.json()["error"];
    assert_eq!(error["code"], "too-many-handles", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("files, directories and streams open"),
        "{message}"
    );
}
