//! Several strategies in one sidecar, backed up and restored as one consistent set.

mod deaths;
mod downloads;
mod drills;
mod examples;
mod export;
mod large;
mod lifecycles;
mod members;
mod names;
mod refusals;
mod restores;
mod retention;
mod steps;
mod ties;
mod whole;
mod whole_or_not;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::Sidecar;

/// A sidecar with a store in a folder, for an application of a state and some uploads. `on` and `off` are written into
/// `events` when it goes into maintenance and comes out.
fn application() -> Sidecar {
    let sidecar = with_store(Sidecar::new());
    fs::create_dir(sidecar.workdir().join("uploads")).unwrap();
    fs::write(sidecar.workdir().join("uploads/a b\n.txt"), "first").unwrap();
    fs::write(sidecar.workdir().join("state"), "state 1").unwrap();
    sidecar
        .strategies(json!({
            "db": custom("cat state"),
            "uploads": {
                "type": "filesystem",
                "artifact": {"filename": "uploads.tar"},
                "config": {"paths": ["uploads"]},
            },
        }))
        .set(
            "set.quiesce",
            json!({"before": "echo on >> events", "after": "echo off >> events"}),
        )
}

/// A strategy that backs up what `command` prints, and restores it into the file `state`.
fn custom(command: &str) -> Value {
    json!({
        "type": "custom",
        "artifact": {"filename": "db.dump"},
        "config": {"command": command, "capture_stdout": true, "restore": "cat > state"},
    })
}

fn with_store(sidecar: Sidecar) -> Sidecar {
    fs::create_dir(store(&sidecar)).unwrap();
    let path = store(&sidecar);
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path, "prefix": "app"}]),
    )
}

fn store(sidecar: &Sidecar) -> PathBuf {
    sidecar.folder().join("store")
}

/// What the application saw of its maintenance.
fn events(sidecar: &Sidecar) -> Vec<String> {
    let text = fs::read_to_string(sidecar.workdir().join("events")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What `list` says, each as its strategy and its id.
fn listed(sidecar: &Sidecar) -> Vec<(String, String)> {
    let list = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = list["backups"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    backups
        .map(|backup| (text(&backup["strategy"]), text(&backup["manifest"]["id"])))
        .collect()
}

/// How many sets `list` shows.
fn sets(sidecar: &Sidecar) -> usize {
    let all = listed(sidecar).into_iter();
    all.filter(|(strategy, _)| strategy == "sets").count()
}

/// A set that is written as one file is restored from it, and the preview says of when it is.
fn comes_back_from_a_file(sidecar: &Sidecar, name: &str) {
    let file = sidecar.folder().join(name);
    let output = file.to_str().unwrap();
    sidecar.run(&["backup", "--output", output]).succeeds();
    destroy(sidecar);
    let preview = sidecar.run(&["restore", output, "--dry-run", "--json"]);
    let taken_at = preview.succeeds().json()["taken_at"].clone();
    assert!(taken_at.as_str().unwrap().starts_with("20"), "{taken_at}");
    sidecar.run(&["restore", output]).succeeds();
    assert_eq!(state(sidecar), "state 1");
}

/// What a restore is to bring back.
fn destroy(sidecar: &Sidecar) {
    fs::remove_dir_all(sidecar.workdir().join("uploads")).unwrap();
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
}

fn state(sidecar: &Sidecar) -> String {
    fs::read_to_string(sidecar.workdir().join("state")).unwrap()
}

fn upload(sidecar: &Sidecar) -> Option<String> {
    fs::read_to_string(sidecar.workdir().join("uploads/a b\n.txt")).ok()
}
