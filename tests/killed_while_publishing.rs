//! kill -9 around the moment when an artifact gets its name: the next sidecar says truly whether there is a backup.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Sidecar, sh};

/// A sidecar that has made a backup, and the id of that run.
fn published() -> (Sidecar, String) {
    let sidecar = Sidecar::printing("a backup");
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    (sidecar, made["id"].as_str().unwrap().to_owned())
}

fn state(sidecar: &Sidecar) -> PathBuf {
    sidecar.artifacts().join(".sidecar")
}

/// The journal did not hear of the end.
fn unheard(state: &Path) {
    let row = "UPDATE runs SET state = 'running', finished_at = NULL, path = NULL";
    let journal = state.join("history.sqlite");
    sh(&format!("sqlite3 '{}' \"{row}\"", journal.display())).succeeds();
}

/// The manifest has not got its name.
fn unnamed(state: &Path) {
    let [new, named] =
        ["new", "json"].map(|ending| state.join(format!("published.manifest.{ending}")));
    std::fs::rename(named, new).unwrap();
}

/// What the next process finds of the run.
fn found(sidecar: &Sidecar, id: &str) -> Value {
    sidecar.serve().get(&format!("/backup/jobs/{id}")).json()
}

fn microsecond(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    time.as_microsecond()
}

#[test]
fn what_was_published_is_a_backup() {
    for manifest_too in [true, false] {
        let (sidecar, id) = published();
        unheard(&state(&sidecar));
        if !manifest_too {
            unnamed(&state(&sidecar));
        }
        let run = found(&sidecar, &id);
        assert_eq!(
            (&run["state"], &run["artifact"]["size"]),
            (&json!("succeeded"), &json!(8))
        );
        let manifest = std::fs::read(state(&sidecar).join("published.manifest.json")).unwrap();
        let manifest = serde_json::from_slice::<Value>(&manifest).unwrap();
        // The journal keeps microseconds.
        let apart = microsecond(&run["finished_at"]) - microsecond(&manifest["finished_at"]);
        assert!(apart.abs() <= 1, "it ended then, and not now: {run}");
        sidecar.run(&["verify"]).succeeds();
        let waiting = format!("artifacts/.sidecar/{id}.artifact");
        assert_eq!(sidecar.files(), [waiting.as_str(), "artifacts/backup.dat"]);
    }
}

#[test]
fn what_was_not_published_is_none() {
    let (sidecar, id) = published();
    let state = state(&sidecar);
    unheard(&state);
    unnamed(&state);
    std::fs::rename(
        sidecar.artifacts().join("backup.dat"),
        state.join(format!("{id}.partial")),
    )
    .unwrap();
    assert_eq!(found(&sidecar, &id)["state"], "interrupted");
    assert_eq!(sidecar.files(), [""; 0]);
}
