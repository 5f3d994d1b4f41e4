//! Restores: by the operator's commands, of everything and of parts, from stores and from here.

mod bounded;
mod by_range;
mod commands;
mod damage;
mod encrypted;
mod engine;
mod parts;
mod seed;

use std::path::Path;

use serde_json::json;

use crate::harness::Sidecar;

/// A sidecar that keeps what the command prints, and knows how to bring it back.
fn sidecar(command: &str, restore: &str) -> Sidecar {
    Sidecar::new()
        .command(command)
        .capture()
        .set("strategy.config.restore", restore)
}

/// The same with one store in a folder of its own.
fn stored(sidecar: Sidecar) -> Sidecar {
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    let store = json!([{"name": "local", "type": "fs", "path": path, "prefix": "citus"}]);
    sidecar.set("stores", store)
}

/// The artifact in the store, of which there is one, or its manifest.
fn in_store(sidecar: &Sidecar, ending: &str) -> std::path::PathBuf {
    let daily = sidecar.folder().join("store/citus/daily");
    let entries = std::fs::read_dir(daily).unwrap().flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect();
    found.sort();
    found.pop().unwrap()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}
