//! What lies at `paths.temp_dump` before a run is no backup of it.

use std::fs;

use serde_json::json;

use crate::harness::{Sidecar, component};

/// A sidecar whose module collects, and may have forgotten to prepare.
fn collecting(take: &str) -> Sidecar {
    Sidecar::new()
        .strategy("greedy")
        .set(
            "modules.greedy.source",
            component("greedy").to_str().unwrap(),
        )
        .set(
            "modules.greedy.allow.commands",
            json!([
                "printf today > \"$SIDE_CAR_TEMP_DUMP\"",
                "printf today >> \"$SIDE_CAR_TEMP_DUMP\"",
                "true"
            ]),
        )
        .set("strategy.config", json!({"take": take}))
}

#[test]
fn without_prepare_yesterdays_dump_is_refused_however_the_command_wrote() {
    for take in ["old-dump", "dump-behind-old", "dump-over-old"] {
        let sidecar = collecting(take);
        fs::write(sidecar.temp_dump(), "yesterday").unwrap();
        let run = sidecar.run(&["backup", "--json"]);
        let error = &run.json()["error"];
        assert_eq!(error["code"], "temp-dump-not-prepared", "{take}: {error}");
        assert_eq!(sidecar.artifact(), None);
        // It is the operator's to remove.
        assert!(sidecar.temp_dump().exists());
    }
}

#[test]
fn without_prepare_what_a_command_leaves_where_nothing_was_is_today() {
    let sidecar = collecting("dump-over-old");
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"today");
}

#[test]
fn with_prepare_yesterdays_dump_is_gone() {
    let sidecar = collecting("prepared-dump");
    fs::write(sidecar.temp_dump(), "yesterday").unwrap();
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"today");
}
