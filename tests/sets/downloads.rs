//! What a client gets that does not wait for a set, or waits for one that is slow to begin.

use std::fs;

use serde_json::json;

use super::{application, comes_back_from_a_file, custom, destroy, state};
use crate::harness::Raw;

#[test]
fn a_set_is_no_download_and_its_members_are() {
    let sidecar = application().set("stores", json!([]));
    let server = sidecar.serve();
    let accepted = server.ask("POST", "/backup/export", &[("Prefer", "respond-async")]);
    let accepted = accepted.json();
    assert_eq!(accepted.get("download_url"), None, "{accepted}");
    let job = server.over(accepted["status_url"].as_str().unwrap());
    assert_eq!(
        (&job["state"], job.get("download_url")),
        (&json!("succeeded"), None)
    );
    let member = accepted["members"][0]["download_url"].as_str().unwrap();
    let own = format!("{}/artifact", accepted["status_url"].as_str().unwrap());
    for method in ["GET", "HEAD"] {
        assert_eq!(server.ask(method, &own, &[]).status, 404);
    }
    let refused = server.get(&own).json();
    assert_eq!(refused["code"], "set-not-kept");
    let hint = refused["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("db at {member}")), "{hint}");
    let dump = server.get(member);
    assert_eq!((dump.status, dump.body.as_slice()), (200, &b"state 1"[..]));
}

#[test]
fn the_first_byte_comes_while_the_application_is_still_going_into_maintenance() {
    let sidecar = application().set("app.export.first_byte_within", "50ms");
    let gate = sidecar.gate("before");
    let sidecar = sidecar.set("set.quiesce.before", gate.wait());
    let server = sidecar.serve();
    let mut answer = Raw::ask(&server, "POST /backup/export HTTP/1.1", &[]);
    let open = gate.reached();
    let first = answer.chunk().unwrap();
    assert_eq!(first, b"P");
    drop(open);
    let (rest, _) = answer.chunks();
    let file = sidecar.folder().join("set.zip");
    fs::write(&file, [first, rest].concat()).unwrap();
    destroy(&sidecar);
    sidecar.run(&["restore", file.to_str().unwrap()]).succeeds();
    assert_eq!(state(&sidecar), "state 1");
}

#[test]
fn an_artifact_may_be_called_like_a_manifest() {
    for name in ["x.manifest.json", "manifest.json"] {
        let sidecar = application().set("strategies.db.artifact.filename", name);
        comes_back_from_a_file(&sidecar, "set.zip");
    }
}

#[test]
fn a_member_that_waits_is_cancelled_at_once() {
    let sidecar = application();
    let gate = sidecar.gate("first member");
    let first = custom(&format!("{}; echo dump", gate.wait()));
    let sidecar = sidecar.set("strategies.db", first);
    let server = sidecar.serve();
    let accepted = server.ask("POST", "/backup/export", &[("Prefer", "respond-async")]);
    let accepted = accepted.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let open = gate.reached();
    let second = text(&accepted["members"][1]["status_url"]);
    // The first member stands at its gate until this is answered.
    assert_eq!(server.ask("DELETE", &second, &[]).status, 200);
    drop(open);
    let set = server.over(&text(&accepted["status_url"]));
    assert_eq!(set["error"]["code"], "set-incomplete");
    assert_eq!(server.get(&second).json()["state"], "cancelled");
}
