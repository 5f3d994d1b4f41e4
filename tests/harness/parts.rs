//! What lies in an artifact of an engine, found as its README says: without a sidecar.

use std::path::Path;

use serde_json::Value;

use super::sh;

/// What the artifact's last line says.
pub(crate) fn index(artifact: &Path) -> Value {
    sh(&format!("tail -n 1 '{}'", artifact.display())).json()
}

/// Cuts a part out of an artifact with nothing but `dd`.
pub(crate) fn cut(artifact: &Path, part: &str, into: &Path) {
    let index = index(artifact);
    let parts = index["parts"].as_array().unwrap();
    let part = parts.iter().find(|entry| entry["part"] == part).unwrap();
    sh(&format!(
        "dd iflag=skip_bytes,count_bytes skip={} count={} bs=1M if='{}' of='{}'",
        part["offset"],
        part["length"],
        artifact.display(),
        into.display(),
    ))
    .succeeds();
}
