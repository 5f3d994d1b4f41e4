//! What a module may take at most: each limit of the table in `wit/README.md`, tried with `plugins/examples/greedy`.

mod bytes;
mod compiling;
mod handles;
mod memory;
mod table;
mod texts;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Sidecar, component};

/// A sidecar whose strategy takes what `config` says.
fn greedy(config: Value) -> Sidecar {
    Sidecar::new()
        .strategy("greedy")
        .set(
            "modules.greedy.source",
            component("greedy").to_str().unwrap(),
        )
        .set("strategy.config", config)
}

/// What a strategy takes: so many, of so many bytes.
fn takes(take: &str, number: usize, bytes: usize) -> Sidecar {
    greedy(json!({"take": take, "number": number, "bytes": bytes}))
}

/// The journal of the runs.
fn journal(sidecar: &Sidecar) -> PathBuf {
    sidecar.artifacts().join(".sidecar/history.sqlite")
}
