//! A file that other programs have open.

use std::path::Path;
use std::process::Command;

use super::patient::Patient;
use crate::harness::{Daemon, Gate};

/// A program that has the file open, runs `before`, and `after` once `gate` is open; then it says "done".
fn application(file: &Path, gate: &Gate, before: &str, after: &str) -> Daemon {
    const SCRIPT: &str = "import sqlite3, subprocess, sys\nd = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\n\
         def do(s):\n    print(*d.execute(s).fetchone() or ['none'], flush=True)\n\
         for s in filter(None, sys.argv[2].split(';')): do(s)\nprint('ready', flush=True)\n\
         subprocess.run(['sh', '-c', sys.argv[4]])\nfor s in filter(None, sys.argv[3].split(';')): do(s)\nprint('done', flush=True)\n\
         sys.stdin.read()";
    let mut command = Command::new("python3");
    command
        .args(["-c", SCRIPT])
        .arg(file)
        .args([before, after])
        .arg(gate.wait());
    let mut daemon = Daemon::start(command);
    daemon.await_line(|line| (line == "ready").then_some(()));
    daemon
}

#[test]
fn who_is_in_the_way_is_waited_for_and_then_told() {
    for (mode, before) in [
        ("delete", "BEGIN;SELECT count(*) FROM t"),
        ("delete", "BEGIN IMMEDIATE"),
        ("wal", "BEGIN IMMEDIATE"),
    ] {
        let patient = Patient::new(mode);
        let gate = patient.sidecar.gate("application");
        let mut application = application(&patient.file, &gate, before, "ROLLBACK");
        patient
            .restore(&["--wait", "1"])
            .exits(1)
            .stderr_contains("is in use")
            .stderr_contains("--wait");
        patient.has_the_old(before);
        let running = patient
            .sidecar
            .start(&["restore", "latest", "--replace", "--wait", "60"]);
        drop(gate.reached());
        application.await_line(|line| (line == "done").then_some(()));
        running.finish().succeeds();
        patient.has_the_new(before);
    }
}

#[test]
fn a_reader_of_a_file_with_a_wal_keeps_what_it_sees() {
    let patient = Patient::new("wal");
    let gate = patient.sidecar.gate("application");
    let count = "SELECT count(*) FROM t";
    let mut application = application(
        &patient.file,
        &gate,
        &format!("BEGIN;{count}"),
        &format!("{count};COMMIT;{count}"),
    );
    patient.restore(&[]).succeeds();
    drop(gate.reached());
    application.await_line(|line| (line == "done").then_some(()));
    let log = application.log();
    let said: Vec<&str> = log.lines().collect();
    assert_eq!(
        said,
        ["none", "1333", "ready", "1333", "none", "4000", "done"]
    );
    patient.has_the_new("after a reader");
}

#[test]
fn a_file_that_others_have_open_stays_the_same_file() {
    use std::os::unix::fs::MetadataExt as _;
    let patient = Patient::new("wal");
    let gate = patient.sidecar.gate("application");
    let mut application = application(
        &patient.file,
        &gate,
        "INSERT INTO t VALUES (9999, 'mine')",
        "SELECT count(*) FROM t",
    );
    let before = std::fs::metadata(&patient.file).unwrap();
    patient.restore(&[]).succeeds();
    drop(gate.reached());
    application.await_line(|line| (line == "done").then_some(()));
    assert!(application.log().contains("4000"));
    let after = std::fs::metadata(&patient.file).unwrap();
    assert_eq!((before.ino(), before.mode()), (after.ino(), after.mode()));
    patient.has_the_new("in use");
}
