//! `modules.lock`: a module that changed, or asks for something else, waits until the operator accepts it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Registry, Sidecar, component, free_port, sha256};

/// The same module as another file: with an empty custom section.
fn another_build() -> Vec<u8> {
    let mut wasm = fs::read(component("hello")).unwrap();
    wasm.extend(b"\0\x09\x05buildtwo");
    wasm
}

/// A sidecar whose module is a file of its own, which may run anything that begins with `echo`.
fn hello() -> (Sidecar, PathBuf) {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("hello.wasm");
    fs::copy(component("hello"), &file).unwrap();
    let sidecar = sidecar
        .strategy("hello")
        .set("strategy.config.greeting", "Hello")
        .set("modules.hello.source", "hello.wasm")
        .set("modules.hello.allow.commands", json!(["echo *"]));
    (sidecar, file)
}

fn lock(sidecar: &Sidecar) -> Value {
    let text = fs::read_to_string(sidecar.folder().join("modules.lock")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Run and check both fail; returns the message of the run.
fn is_refused(sidecar: &Sidecar) -> String {
    let before = sidecar.files();
    let error = sidecar.run(&["backup", "--json"]).exits(3).json()["error"].take();
    assert_eq!(error["code"], "module-not-accepted", "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("sidecar module lock --accept"), "{error}");
    assert_eq!(sidecar.files(), before);
    let message = error["message"].as_str().unwrap().to_owned();
    sidecar.check().exits(3).stderr_contains(&message);
    message
}

fn runs(sidecar: &Sidecar) {
    sidecar.check().succeeds();
    sidecar.backup().succeeds();
}

#[test]
fn without_a_lock_a_changed_module_runs() {
    let (sidecar, file) = hello();
    runs(&sidecar);
    fs::write(file, another_build()).unwrap();
    runs(&sidecar);
    assert!(!sidecar.folder().join("modules.lock").exists());
}

#[test]
fn the_lock_records_what_was_accepted() {
    let (sidecar, file) = hello();
    let sidecar = sidecar.set("strategy.config.command", "echo one");
    sidecar
        .run(&["module", "lock"])
        .succeeds()
        .stdout_contains("asks to run `echo one`")
        .stdout_contains("accepted in");
    let entry = lock(&sidecar)["modules"]["hello"].take();
    assert_eq!(entry["sha256"], sha256(&fs::read(file).unwrap()));
    assert_eq!(entry["built_for"], "sidecar:strategy@0.1.0");
    assert_eq!(entry["access"], json!({"commands": ["echo one"]}));
    let imports = entry["imports"].as_array().unwrap();
    assert!(
        imports.contains(&json!("sidecar:strategy/artifact")),
        "{entry}"
    );
    sidecar
        .run(&["module", "lock"])
        .succeeds()
        .stdout_contains("nothing has changed");
    runs(&sidecar);
}

#[test]
fn another_file_waits_until_it_is_accepted() {
    let (sidecar, file) = hello();
    sidecar.run(&["module", "lock"]).succeeds();
    let accepted = lock(&sidecar);
    let old = sha256(&fs::read(&file).unwrap());
    fs::write(file, another_build()).unwrap();
    let change = format!(
        "is another file: its SHA-256 was {old}, and is {}",
        sha256(&another_build())
    );
    assert!(is_refused(&sidecar).ends_with(&format!(": it {change}")));
    sidecar
        .run(&["restore", "latest"])
        .exits(3)
        .stderr_contains(&change);

    sidecar
        .run(&["module", "lock"])
        .exits(3)
        .stdout_contains(&format!("hello\n  {change}\n"))
        .stderr_contains("--accept");
    let found = sidecar.run(&["module", "lock", "--json"]).exits(3).json();
    assert_eq!(
        found["changes"],
        json!([{"module": "hello", "what": change}])
    );
    assert_eq!(lock(&sidecar), accepted);

    sidecar
        .run(&["module", "lock", "--accept"])
        .succeeds()
        .stdout_contains(&change);
    runs(&sidecar);
}

#[test]
fn a_changed_request_is_described() {
    let (sidecar, _) = hello();
    let sidecar = sidecar.set("strategy.config.command", "echo one");
    sidecar.run(&["module", "lock"]).succeeds();
    let sidecar = sidecar.set("strategy.config.command", "echo two");
    assert!(
        is_refused(&sidecar)
            .ends_with(": it now asks to run `echo two`; it no longer asks to run `echo one`")
    );
    sidecar.run(&["module", "lock", "--accept"]).succeeds();
    runs(&sidecar);
}

#[test]
fn a_new_address_is_a_new_access() {
    let snapshot = |sidecar: Sidecar, port: u16| {
        sidecar
            .strategy("redis_snapshot")
            .set("strategy.config.address", format!("127.0.0.1:{port}"))
            .set(
                "modules.redis_snapshot.source",
                component("redis_snapshot").to_str().unwrap(),
            )
            .set("modules.redis_snapshot.allow.net", json!(["127.0.0.1:*"]))
    };
    let (one, other) = (free_port(), free_port());
    let sidecar = snapshot(Sidecar::new(), one);
    sidecar.run(&["module", "lock"]).succeeds();
    let message = is_refused(&snapshot(sidecar, other));
    let change = format!("it now asks for network access to 127.0.0.1:{other}");
    assert!(message.contains(&change), "{message}");
}

#[test]
fn a_module_that_is_not_in_the_lock_does_not_run() {
    let (sidecar, _) = hello();
    fs::write(
        sidecar.folder().join("modules.lock"),
        r#"{"version": 1, "modules": {}}"#,
    )
    .unwrap();
    let message = is_refused(&sidecar);
    assert!(message.contains("module hello"), "{message}");
    assert!(message.contains("it is new: SHA-256"), "{message}");
}

#[test]
fn a_removed_module_is_reported_and_built_in_strategies_need_no_lock() {
    let (sidecar, _) = hello();
    sidecar.run(&["module", "lock"]).succeeds();
    let sidecar = sidecar.set("modules", json!({})).strategy("custom").set(
        "strategy.config",
        json!({"command": "echo from here", "capture_stdout": true}),
    );
    runs(&sidecar);
    sidecar
        .run(&["module", "lock"])
        .exits(3)
        .stdout_contains("hello\n  is no longer configured");
    sidecar.run(&["module", "lock", "--accept"]).succeeds();
    assert_eq!(lock(&sidecar)["modules"], json!({}));
}

#[test]
fn a_tag_that_moved_is_refused_even_if_the_digest_was_moved_along() {
    let registry = Registry::start();
    let reference = format!("{}/acme/hello:1", registry.host);
    let (sidecar, file) = hello();
    let cache = sidecar.folder().join("cache").to_str().unwrap().to_owned();
    let push = |sidecar: &Sidecar| {
        let pushed = sidecar.run(&[
            "module",
            "push",
            file.to_str().unwrap(),
            &reference,
            "--json",
        ]);
        pushed.succeeds().json()["sha256"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = push(&sidecar);
    let sidecar = sidecar
        .env("SIDECAR_CACHE_DIR", &cache)
        .set("modules.hello.source", format!("oci://{reference}"))
        .set("modules.hello.sha256", first.as_str());
    sidecar.run(&["module", "lock"]).succeeds();
    runs(&sidecar);

    fs::write(&file, another_build()).unwrap();
    let second = push(&sidecar);
    let sidecar = sidecar.set("modules.hello.sha256", second.as_str());
    let message = is_refused(&sidecar);
    assert!(
        message.contains(&format!("was {first}, and is {second}")),
        "{message}"
    );
}

#[test]
fn a_lock_that_cannot_be_read_stops_everything() {
    let (sidecar, _) = hello();
    for (text, why) in [
        ("{", "EOF"),
        ("{\"version\": 2, \"modules\": {}}", "version 2"),
    ] {
        fs::write(sidecar.folder().join("modules.lock"), text).unwrap();
        for arguments in [
            &["backup"][..],
            &["check"],
            &["module", "lock"],
            &["module", "lock", "--accept"],
        ] {
            sidecar
                .run(arguments)
                .exits(3)
                .stderr_contains("modules.lock is not a lock of modules")
                .stderr_contains(why);
        }
    }
}

#[test]
fn a_lock_that_is_a_link_to_nothing_is_no_missing_lock() {
    let (sidecar, _) = hello();
    let lock = sidecar.folder().join("modules.lock");
    std::os::unix::fs::symlink("away/modules.lock", &lock).unwrap();
    for arguments in [&["backup"][..], &["check"], &["module", "lock", "--accept"]] {
        sidecar
            .run(arguments)
            .exits(3)
            .stderr_contains("the lock cannot be read");
    }
    assert_eq!(sidecar.artifact(), None);
    fs::remove_file(lock).unwrap();
    runs(&sidecar);
}

#[test]
fn what_a_restore_asks_for_is_accepted_and_checked_too() {
    let sidecar = Sidecar::new();
    fs::copy(component("custom"), sidecar.folder().join("mine.wasm")).unwrap();
    let sidecar = sidecar
        .strategy("mine")
        .command("echo rows")
        .capture()
        .set("strategy.config.restore", "tee back")
        .set("modules.mine.source", "mine.wasm")
        .set("modules.mine.allow.commands", json!(["echo *", "tee *"]));
    sidecar.backup().succeeds();
    sidecar.run(&["module", "lock"]).succeeds();
    let accepted = &lock(&sidecar)["modules"]["mine"]["restore"];
    assert_eq!(*accepted, json!({"commands": ["tee back"]}));
    sidecar.run(&["restore", "latest"]).succeeds();

    let sidecar = sidecar.set("strategy.config.restore", "tee other");
    for arguments in [&["restore", "latest"][..], &["check"]] {
        sidecar
            .run(arguments)
            .exits(3)
            .stderr_contains("now asks, to restore, to run `tee other`");
    }
    sidecar.backup().succeeds();
    sidecar.run(&["module", "lock", "--accept"]).succeeds();
    sidecar.check().succeeds().stdout_contains("to restore");
    sidecar.run(&["restore", "latest"]).succeeds();

    // What no restore may have is found before one is needed.
    sidecar
        .set("modules.mine.allow.commands", json!(["echo *"]))
        .check()
        .exits(3)
        .stderr_contains("asks for more than it is allowed: commands: tee other");
}

#[test]
fn a_lock_that_is_required_is_needed_for_every_run() {
    let (sidecar, file) = hello();
    let sidecar = sidecar.set("modules_lock", "required");
    for verb in [
        &["backup"][..],
        &["restore", "latest"],
        &["check", "--offline"],
    ] {
        sidecar
            .run(verb)
            .exits(3)
            .stderr_contains("`modules_lock` is `required`, and there is no")
            .stderr_contains("sidecar module lock --accept");
    }
    sidecar.run(&["module", "lock", "--accept"]).succeeds();
    runs(&sidecar);
    fs::write(file, another_build()).unwrap();
    is_refused(&sidecar);
}

#[test]
fn a_module_that_a_required_lock_does_not_have_does_not_run() {
    let (sidecar, _) = hello();
    let sidecar = sidecar.set("modules_lock", "required");
    sidecar.run(&["module", "lock"]).succeeds();
    let other = sidecar
        .set("modules.other.source", "hello.wasm")
        .strategy("other");
    assert!(is_refused(&other).contains("it is new"));
}

#[test]
fn check_says_how_a_lock_is_made_and_required() {
    let (sidecar, _) = hello();
    sidecar
        .check()
        .succeeds()
        .stderr_contains("`sidecar module lock` writes")
        .stderr_contains("`modules_lock: required`");
}
