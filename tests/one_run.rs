//! One run at a time, and none that outlives its sidecar.

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Gate, Orchestrator, STOP_LIMIT, Sidecar, sha256, within};

/// A strategy that stops at the returned gate with half a dump on disk and processes of several
/// kinds about: in the background, deaf to signals.
fn half_way() -> (Sidecar, Gate) {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let line = format!(
        "trap '' TERM INT HUP; sleep 600 & (sleep 601 | sleep 602) & \
         echo half > \"$SIDE_CAR_TEMP_DUMP\"; {}",
        gate.wait()
    );
    (sidecar.command(&line), gate)
}

/// Nothing of a run is left: no process, no file but `files`.
#[track_caller]
fn nothing_left(sidecar: &Sidecar, files: &[&str]) {
    assert_eq!(sidecar.processes(), []);
    assert_eq!(sidecar.files(), files);
}

#[test]
fn a_second_run_of_another_process_is_refused() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("first");
    let sidecar = sidecar
        .command(&format!("{}; echo done", gate.wait()))
        .capture();
    let first = sidecar.start(&["backup"]);
    let opened = gate.reached();

    sidecar.backup().exits(5).stderr_contains("another run");
    let error = sidecar.run(&["backup", "--json"]).exits(5).json();
    assert!(error["error"]["message"].is_string(), "{error}");
    let server = sidecar.serve();
    assert_eq!(server.export().status, 409);

    drop(opened);
    first.finish().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"done\n");
}

#[test]
fn a_servers_run_refuses_one_by_hand() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("first");
    let sidecar = sidecar
        .command(&format!("{}; echo done", gate.wait()))
        .capture();
    let server = sidecar.serve();
    let export = Orchestrator::of(&server).start_export(&[]);
    let opened = gate.reached();
    sidecar.backup().exits(5);
    drop(opened);
    assert_eq!(export.finish().json()["sha256"], sha256(b"done\n"));
    sidecar.check().succeeds();
}

#[test]
fn a_server_knows_of_a_run_by_hand() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("first");
    let line = format!("{}; echo done", gate.wait());
    let sidecar = sidecar.command(&line).capture();
    let server = sidecar.serve();
    let running = sidecar.start(&["backup"]);
    let open = gate.reached();
    let refused = server.export();
    assert_eq!(refused.status, 409);
    let told = refused.json();
    let url = told["status_url"].as_str().unwrap();
    assert_eq!(server.get(url).json()["state"], "running");
    let cancelled = server.ask("DELETE", url, &[]);
    assert_eq!(
        (cancelled.status, &cancelled.json()["code"]),
        (409, &json!("not-ours"))
    );
    drop(open);
    running.finish().succeeds();
    assert_eq!(server.get(url).json()["state"], "succeeded");
}

#[test]
fn the_lock_dies_with_its_holder() {
    let (sidecar, gate) = half_way();
    let first = sidecar.start(&["backup"]);
    let _open = gate.reached();
    sidecar.backup().exits(5);
    first.end_with(Signal::KILL);

    let sidecar = sidecar.command("echo next").capture();
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"next\n");
}

#[test]
fn an_interrupted_backup_leaves_nothing() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (sidecar, gate) = half_way();
        std::fs::write(sidecar.artifacts().join("backup.dat"), "an earlier backup").unwrap();
        let running = sidecar.start(&["backup"]);
        let _open = gate.reached();
        assert!(sidecar.processes().len() > 3, "{:?}", sidecar.processes());

        running.end_with(signal).exits(code).ends_within(STOP_LIMIT);
        nothing_left(&sidecar, &["artifacts/backup.dat"]);
        assert_eq!(sidecar.artifact().unwrap(), b"an earlier backup");
    }
}

#[test]
fn a_stopped_server_cancels_its_run() {
    let (sidecar, gate) = half_way();
    let server = sidecar.serve();
    let export = Orchestrator::of(&server).start_export(&[]);
    let _open = gate.reached();

    server
        .end_with(Signal::TERM)
        .exits(143)
        .ends_within(STOP_LIMIT);
    nothing_left(&sidecar, &[]);
    // The orchestrator sees an error status or a broken connection, never an artifact.
    let export = export.finish();
    assert!(
        export.code != Some(0) || export.json()["status"].as_u64() >= Some(400),
        "{export:#?}"
    );
}

#[test]
fn an_idle_server_stops_at_once() {
    let sidecar = Sidecar::new().command("true");
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        sidecar
            .serve()
            .end_with(signal)
            .exits(code)
            .ends_within(STOP_LIMIT);
    }
    nothing_left(&sidecar, &[]);
}

#[test]
fn a_killed_sidecar_takes_its_commands_along() {
    let gone = |sidecar: &Sidecar| {
        within(STOP_LIMIT, "every process of the run is gone", || {
            sidecar.processes().is_empty().then_some(())
        });
        assert_eq!(sidecar.artifact(), None);
    };
    let (sidecar, gate) = half_way();
    let running = sidecar.start(&["backup"]);
    let _open = gate.reached();
    running.end_with(Signal::KILL);
    gone(&sidecar);

    let (sidecar, gate) = half_way();
    let server = sidecar.serve();
    let _export = Orchestrator::of(&server).start_export(&[]);
    let _open = gate.reached();
    server.end_with(Signal::KILL);
    gone(&sidecar);
}

#[test]
fn what_a_command_leaves_in_the_background_ends_with_the_run() {
    let sidecar = Sidecar::new().command("sleep 600 & echo dump > \"$SIDE_CAR_TEMP_DUMP\"");
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"dump\n");
    nothing_left(&sidecar, &["artifacts/backup.dat"]);
}
