//! A store whose backups share their bytes, in a repository that restic reads.

mod beside_restic;
mod crashes;
mod damaged;
mod gone;
mod hostile_trees;
mod layouts;
mod locks;
mod proven;
mod rights;
mod together;
mod tree_sets;
mod trees;
mod unfinished;
mod unfinished_trees;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Finished, S3, Sidecar};

/// Opens the repositories of these tests.
pub(crate) const PASSWORD: &str = "a-password-for-repositories";

/// One of `stores`: a folder with a repository.
pub(crate) fn local(sidecar: &Sidecar) -> Value {
    let path = sidecar.folder().join("store");
    if !path.exists() {
        std::fs::create_dir(&path).unwrap();
    }
    in_repository(json!({"name": "local", "type": "fs", "path": path, "prefix": "citus"}))
}

/// The same store with a repository.
pub(crate) fn in_repository(mut store: Value) -> Value {
    store["layout"] = "repository".into();
    store["repository"] = json!({
        "password": PASSWORD,
        "prune": {"cron": "* * * * *", "keep_deleted": 0, "max_unused": "0%"},
    });
    store
}

/// A sidecar whose one store is a folder with a repository. Its backups are what `line` prints.
pub(crate) fn sidecar(line: &str) -> Sidecar {
    let sidecar = Sidecar::new().command(line).capture();
    let store = local(&sidecar);
    // Unused bytes may go at once in these tests.
    sidecar
        .set("strategy.timeout", 0)
        .set("stores", json!([store]))
}

/// Debian's restic on the repository of `store`.
pub(crate) fn restic(sidecar: &Sidecar, store: &Value, arguments: &[&str]) -> Finished {
    let mut command = Command::new("restic");
    command.args(arguments);
    let output = restic_command(sidecar, store, command).output();
    Finished::new(&output.unwrap(), Duration::ZERO)
}

/// `command`, in which restic knows the repository of `store`.
pub(crate) fn restic_command(sidecar: &Sidecar, store: &Value, mut command: Command) -> Command {
    let at = match store["type"].as_str() {
        Some("fs") => format!("{}/citus/repository", store["path"].as_str().unwrap()),
        _ => format!(
            "s3:{}/backups/citus/repository",
            store["endpoint"].as_str().unwrap()
        ),
    };
    command
        .env("RESTIC_CACHE_DIR", sidecar.folder().join("restic"))
        .env("RESTIC_REPOSITORY", at)
        .env("RESTIC_PASSWORD", PASSWORD)
        .env("AWS_ACCESS_KEY_ID", "admin")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-key");
    command
}

/// Fails if restic finds anything wrong with the repository of the folder.
pub(crate) fn require_sound(sidecar: &Sidecar) {
    restic(sidecar, &local(sidecar), &["check", "--read-data"])
        .succeeds()
        .stdout_contains("no errors were found");
}

/// The ids of the snapshots that restic lists.
pub(crate) fn snapshots(sidecar: &Sidecar, store: &Value) -> Vec<String> {
    let listed = restic(sidecar, store, &["snapshots", "--json"]).succeeds();
    let listed = listed.json();
    let ids = listed.as_array().unwrap().iter();
    ids.map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What restic restores of a snapshot, one file behind the other.
pub(crate) fn restored(sidecar: &Sidecar, store: &Value, snapshot: &str) -> Vec<u8> {
    let target = sidecar
        .folder()
        .join(format!("restored-{}", &snapshot[..8]));
    restic(
        sidecar,
        store,
        &["restore", snapshot, "--target", target.to_str().unwrap()],
    )
    .succeeds();
    let mut bytes = Vec::new();
    concatenate(&target, &mut bytes);
    bytes
}

fn concatenate(folder: &Path, into: &mut Vec<u8>) {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        match path.is_dir() {
            true => concatenate(&path, into),
            false => into.extend(std::fs::read(&path).unwrap()),
        }
    }
}

/// Makes a backup. Returns its manifest as it lies in the store.
pub(crate) fn backup(sidecar: &Sidecar) -> Value {
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap().clone();
    let found = backups
        .into_iter()
        .find(|one| one["manifest"]["id"] == made["id"]);
    found.unwrap()["manifest"].clone()
}

/// What `fetch` brings.
pub(crate) fn fetched(sidecar: &Sidecar, id: &str) -> Vec<u8> {
    let to = sidecar.folder().join("fetched");
    sidecar
        .run(&["fetch", id, "-o", to.to_str().unwrap()])
        .succeeds();
    std::fs::read(to).unwrap()
}

/// A bucket, and its store with a repository.
pub(crate) fn bucket() -> (S3, Value) {
    let s3 = S3::start();
    let store = in_repository(s3.store());
    (s3, store)
}
