//! Another server or directory than the configured one: what is at the other end counts, not how it is spelled, and
//! nothing that belongs to the configured one goes there.

mod directories;
mod mariadb;
mod postgres;
mod postgres_marks;
mod redis;
mod secrets;
mod targets;

use serde_json::json;

use crate::harness::Sidecar;

/// With a drill into `target`, which only restores.
pub(crate) fn drilling(sidecar: Sidecar, target: &str) -> Sidecar {
    sidecar.set("drill", json!({"into": target, "check": ["true"]}))
}

/// Neither the check nor the drill lets a drill go to `target`, which is the server that is backed up.
fn is_protected(sidecar: Sidecar, target: &str) -> Sidecar {
    const WORDS: &str = "is the server that is backed up";
    let sidecar = drilling(sidecar, target);
    sidecar.check().exits(3).stderr_contains(WORDS);
    sidecar.run(&["drill"]).exits(1).stderr_contains(WORDS);
    sidecar
}
