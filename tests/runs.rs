//! The journal and the health of a server, on the command line.

use serde_json::{Value, json};

use crate::harness::{Sidecar, free_port};

fn runs(sidecar: &Sidecar) -> Vec<Value> {
    let listed = sidecar.run(&["runs", "--json"]).succeeds().json();
    listed["runs"].as_array().unwrap().clone()
}

#[test]
fn every_run_is_in_the_journal() {
    let sidecar = Sidecar::new().command("echo good").capture();
    assert_eq!(runs(&sidecar), [Value::Null; 0]);
    sidecar
        .run(&["runs"])
        .succeeds()
        .stdout_contains("nothing has run");
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    let sidecar = sidecar.command("echo 'no such table' >&2; false");
    sidecar.backup().exits(1);
    sidecar.serve().export();

    let listed = runs(&sidecar);
    let of = |key: &str| {
        listed
            .iter()
            .map(|run| run[key].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("state"), ["failed", "failed", "succeeded"]);
    assert_eq!(
        of("asked_by"),
        ["http 127.0.0.1", "command line", "command line"]
    );
    let good = &listed[2];
    assert_eq!(good["id"], made["id"]);
    assert_eq!(good["artifact"], made["artifact"]);
    assert_eq!(good["duration_ms"], made["duration_ms"]);
    assert!(
        listed[1]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no such table"),
        "{listed:?}"
    );
    let text = sidecar.run(&["runs", "--limit", "2"]).succeeds();
    assert_eq!(text.stdout.lines().count(), 2, "{text:?}");
}

#[test]
fn no_backup_depends_on_the_journal() {
    let sidecar = Sidecar::new().command("echo good").capture();
    sidecar.backup().succeeds();
    let journal = sidecar.artifacts().join(".sidecar/history.sqlite");
    for log in ["wal", "shm"] {
        std::fs::remove_file(journal.with_extension(format!("sqlite-{log}"))).unwrap();
    }
    std::fs::write(&journal, "this is no data base".repeat(1000)).unwrap();
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("moved it aside");
    assert_eq!(runs(&sidecar).len(), 1);

    std::fs::remove_file(&journal).unwrap();
    std::fs::create_dir(&journal).unwrap();
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("cannot be kept");
    assert_eq!(sidecar.serve().export().status, 200);
}

#[test]
fn a_healthy_server_is_healthy() {
    let sidecar = Sidecar::new()
        .command("echo good")
        .capture()
        .set("app.port", free_port());
    sidecar
        .run(&["health"])
        .exits(1)
        .stderr_contains("no sidecar answers");
    let _server = sidecar.serve();
    sidecar.run(&["health"]).succeeds().stdout_contains("ready");
    assert_eq!(
        sidecar.run(&["health", "--json"]).succeeds().json()["ready"],
        json!(true)
    );
    std::fs::remove_dir(sidecar.workdir()).unwrap();
    std::fs::write(sidecar.workdir(), "").unwrap();
    sidecar.run(&["health"]).exits(1).stdout_contains("workdir");

    sidecar
        .run(&["serve"])
        .exits(1)
        .stderr_contains("another program listens there");
}
