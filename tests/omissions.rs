//! What belongs in a backup and is not in it is said wherever the backup is.

use serde_json::{Value, json};

use crate::harness::{Receiver, Sidecar, component};

/// A sidecar whose backup lacks a letter, which the operator has allowed.
pub(crate) fn without_a_letter() -> Sidecar {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("letter.txt");
    let store = sidecar.folder().join("store");
    std::fs::create_dir(&store).unwrap();
    let config = json!({"greeting": "Hello", "file": file, "allow_missing": true});
    sidecar
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow.read", json!([file]))
        .set("strategy.config", config)
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": store, "prefix": "p"}]),
        )
}

fn names_the_letter(omissions: &Value) {
    let one = &omissions[0];
    assert!(
        one["what"].as_str().unwrap().ends_with("letter.txt"),
        "{omissions}"
    );
    assert_eq!(one["code"], "missing");
    assert_eq!(omissions.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_backup_lacks_is_in_its_manifest_the_lists_and_the_notification() {
    let receiver = Receiver::start();
    let hook = json!([{"on": ["success"], "webhook": receiver.url}]);
    let sidecar = without_a_letter().set("notify", hook);
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    names_the_letter(&made["artifact"]["omissions"]);
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    names_the_letter(&listed["backups"][0]["manifest"]["omissions"]);
    sidecar
        .run(&["list"])
        .succeeds()
        .stdout_contains("letter.txt: there is no such file");
    let runs = sidecar.run(&["runs", "--json"]).succeeds().json();
    names_the_letter(&runs["runs"][0]["artifact"]["omissions"]);
    let told = receiver.next().json();
    names_the_letter(&told["artifact"]["omissions"]);
    assert!(told["text"].as_str().unwrap().contains("without"), "{told}");
}

#[test]
fn a_client_of_the_api_learns_what_a_backup_lacks() {
    let server = without_a_letter().serve();
    let job = server.over(&server.start_run());
    assert_eq!(job["state"], "succeeded");
    names_the_letter(&job["artifact"]["omissions"]);
}

#[test]
fn a_complete_backup_lacks_nothing() {
    let sidecar = without_a_letter();
    std::fs::write(sidecar.folder().join("letter.txt"), "Dear").unwrap();
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    assert!(made["artifact"].get("omissions").is_none(), "{made}");
}

#[test]
fn what_is_not_allowed_to_be_missing_fails_the_run() {
    without_a_letter()
        .set("strategy.config.allow_missing", false)
        .backup()
        .exits(1)
        .stderr_contains("letter.txt");
}
