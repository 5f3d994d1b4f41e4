//! A server that reads its configuration again: at SIGHUP, and when a file of it has changed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Answer, Server, Sidecar, TOKEN, send};
use crate::page::client::Client;

const IN_FORCE: &str = "the new configuration is in force";
const REFUSED: &str = "the new configuration is refused, the one before stays in force";

fn exports(server: &Server, text: &str) {
    let answer = server.export();
    let body = String::from_utf8(answer.body).unwrap();
    assert_eq!((answer.status, body.as_str()), (200, text));
}

#[test]
fn a_configuration_that_has_changed_comes_into_force() {
    let sidecar = Sidecar::printing("one");
    let mut server = sidecar.serve();
    exports(&server, "one");
    sidecar.command("printf two").write_config();
    server.logs(IN_FORCE);
    exports(&server, "two");
    // What was made before is still known.
    let jobs = server.get("/backup/jobs").json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 2, "{jobs}");
}

#[test]
fn a_signal_has_it_read_at_once() {
    let sidecar = Sidecar::printing("one");
    let mut server = sidecar.serve();
    send(server.pid(), Signal::HUP);
    server.logs("SIGHUP: reading the configuration again");
    server.logs(IN_FORCE);
    exports(&server, "one");
}

#[test]
fn one_that_is_wrong_is_refused_and_says_where() {
    let sidecar = Sidecar::printing("one");
    let mut server = sidecar.serve();
    let sidecar = sidecar.set("strategy.timeout", "soon");
    sidecar.write_config();
    let said = server.logs(REFUSED);
    assert!(said.contains("strategy.timeout"), "{said}");
    exports(&server, "one");
    let sidecar = sidecar.set("strategy.timeout", "1h").set("app.port", 1);
    sidecar.write_config();
    let said = server.logs(REFUSED);
    assert!(said.contains("app.port"), "{said}");
    // Corrected, it is taken.
    let sidecar = sidecar.set("app.port", 0).command("printf three");
    sidecar.write_config();
    server.logs(IN_FORCE);
    exports(&server, "three");
}

#[test]
fn a_connection_that_is_open_stays_so() {
    let sidecar = Sidecar::printing("one");
    let mut server = sidecar.serve();
    let place = server.url.strip_prefix("http://").unwrap();
    let mut open = TcpStream::connect(place).unwrap();
    send(server.pid(), Signal::HUP);
    server.logs(IN_FORCE);
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut answer = [0; 15];
    open.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[test]
fn the_run_in_progress_is_completed_before() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!("{}; printf one", gate.wait());
    let sidecar = sidecar.command(&line).capture();
    let mut server = sidecar.serve();
    let url = server.start_run();
    let open = gate.reached();
    sidecar.command("printf two").write_config();
    server.logs("a file has changed");
    assert_eq!(server.get(&url).json()["state"], "running");
    drop(open);
    server.logs(IN_FORCE);
    let run = server.get(&url).json();
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(server.get(&format!("{url}/artifact")).body, b"one");
    exports(&server, "two");
}

#[test]
fn a_token_that_was_removed_is_refused_although_a_run_is_in_progress() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!("{}; printf one", gate.wait());
    let tokens = json!({"night": {"scope": "run", "token": "the-token-of-the-thief"}});
    let sidecar = sidecar.command(&line).capture();
    let sidecar = sidecar.set("secrets.tokens", tokens);
    let mut server = sidecar.serve();
    let status = |server: &Server| {
        let url = format!("{}/backup/status", server.url);
        Answer::get(&url, Some("the-token-of-the-thief")).status
    };
    let page = Client::signed_in_with(&server, "the-token-of-the-thief");
    assert!(!page.reads("/ui/runs").contains("name=\"token\""));
    let url = server.start_run();
    let open = gate.reached();
    sidecar.set("secrets.tokens", json!({})).write_config();
    send(server.pid(), Signal::HUP);
    server.logs("the new tokens and grants are in force");
    let id = url.rsplit('/').next().unwrap();
    let waits = server.logs("waits for the run in progress");
    assert!(
        waits.contains(&format!("DELETE /backup/jobs/{id}")),
        "{waits}"
    );
    assert_eq!(status(&server), 401);
    assert!(page.reads("/ui/runs").contains("name=\"token\""));
    // The run itself is none of theirs.
    assert_eq!(server.get(&url).json()["state"], "running");
    drop(open);
    server.logs(IN_FORCE);
    assert_eq!(server.get(&url).json()["state"], "succeeded");
    assert_eq!(status(&server), 401);
}

#[test]
fn one_that_is_wrong_ends_no_waiting_for_the_one_before() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!("{}; printf one", gate.wait());
    let sidecar = sidecar.command(&line).capture();
    let mut server = sidecar.serve();
    server.start_run();
    let open = gate.reached();
    let sidecar = sidecar.command("printf two");
    sidecar.write_config();
    server.logs("waits for the run in progress");
    sidecar.set("strategy.timeout", "soon").write_config();
    server.logs(REFUSED);
    drop(open);
    server.logs(IN_FORCE);
    exports(&server, "two");
}

#[test]
fn another_token_in_its_file_is_the_token_from_then_on() {
    let sidecar = Sidecar::printing("x");
    let file = sidecar.folder().join("token");
    std::fs::write(&file, "the-token-of-yesterday").unwrap();
    let tokens = serde_json::json!({"fleet": {"scope": "read", "token_file": file}});
    let mut server = sidecar.set("secrets.tokens", tokens).serve();
    let url = format!("{}/backup/status", server.url);
    let status = |token: &str| Answer::get(&url, Some(token)).status;
    assert_eq!(status("the-token-of-yesterday"), 200);
    std::fs::write(&file, "the-token-of-today").unwrap();
    server.logs(IN_FORCE);
    let found = ["the-token-of-today", TOKEN, "the-token-of-yesterday"].map(status);
    assert_eq!(found, [200, 200, 401]);
}
