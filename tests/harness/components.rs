//! The examples of `plugins/`, as components.

use std::fs::File;
use std::path::PathBuf;

use super::{Finished, repository, sh};

/// The component of a Rust example.
pub(crate) fn component(name: &str) -> PathBuf {
    let component = path(name);
    if !component.exists() {
        build(name, "").map(Finished::succeeds);
    }
    component
}

/// The component of a Python example, or why it cannot be had here: because its compiler cannot be
/// downloaded.
pub(crate) fn python_component(name: &str) -> Result<PathBuf, String> {
    let component = path(name);
    if !component.exists()
        && let Some(built) = build(name, "--examples")
    {
        let offline = ["Connection", "No matching distribution", "Retrying"];
        if offline.iter().any(|words| built.stderr.contains(words)) {
            return Err("componentize-py cannot be downloaded from here".to_owned());
        }
        built.succeeds();
    }
    Ok(component)
}

/// Where the components are that are being tested.
fn path(name: &str) -> PathBuf {
    let folder = std::env::var_os("SIDECAR_PLUGINS")
        .map_or_else(|| repository().join("plugins/target/wasm"), PathBuf::from);
    folder.join(format!("{name}.wasm"))
}

/// Runs `plugins/build`, once: tests run side by side, and the others wait for it.
fn build(name: &str, arguments: &str) -> Option<Finished> {
    let script = repository().join("plugins/build");
    let lock = File::open(&script).unwrap();
    lock.lock().unwrap();
    (!path(name).exists()).then(|| sh(&format!("'{}' {arguments}", script.display())))
}
