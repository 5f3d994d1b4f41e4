//! A run that does not end well leaves no snapshot, and nothing that is damaged.

use rustix::process::Signal;
use serde_json::json;

use super::{backup, bucket, fetched, local, require_sound, restic, sidecar, snapshots};
use std::time::Duration;

use crate::harness::{Fault, STOP_LIMIT, Sidecar, sha256};

const TIME_LIMIT: Duration = Duration::from_secs(60);

#[test]
fn a_strategy_that_fails_in_the_end_leaves_no_snapshot() {
    let good = sidecar("seq 1 1000");
    backup(&good);
    let store = local(&good);
    let before = snapshots(&good, &store);
    // Trap: the library would save what it has got so far, and call it a success.
    let failing = good.set("strategy.config.command", "seq 1 3000000; exit 7");
    failing.backup().exits(1);
    assert_eq!(snapshots(&failing, &store), before);
    require_sound(&failing);
    let good = failing.set("strategy.config.command", "seq 1 3000000");
    backup(&good);
    assert_eq!(snapshots(&good, &store).len(), 2);
    require_sound(&good);
}

#[test]
fn a_run_that_is_cancelled_or_killed_leaves_no_snapshot() {
    for signal in [Signal::TERM, Signal::KILL] {
        let sidecar = sidecar("seq 1 1000");
        backup(&sidecar);
        let store = local(&sidecar);
        let before = snapshots(&sidecar, &store);
        let gate = sidecar.gate("written");
        let line = format!("seq 1 6000000; {}", gate.wait());
        let sidecar = sidecar.set("strategy.config.command", line);
        let running = sidecar.start(&["backup"]);
        let _held = gate.reached();
        running.end_with(signal).ends_within(STOP_LIMIT);
        assert_eq!(snapshots(&sidecar, &store), before, "{signal:?}");
        // It may have died with the repository's lock.
        restic(&sidecar, &store, &["unlock"]).succeeds();
        require_sound(&sidecar);
        let sidecar = sidecar.set("strategy.config.command", "seq 1 2000");
        let manifest = backup(&sidecar);
        assert_eq!(
            sha256(&fetched(&sidecar, "latest")),
            manifest["artifact"]["raw_sha256"]
        );
        require_sound(&sidecar);
    }
}

#[test]
fn a_store_that_fails_gets_the_run_later() {
    let (s3, _) = bucket();
    let proxy = s3.proxy();
    let store = super::in_repository(s3.store_behind(&proxy));
    let sidecar = Sidecar::new()
        .command("seq 1 100000")
        .capture()
        .set("strategy.timeout", 0)
        .set("stores", json!([store]));
    proxy.inject(
        "PUT",
        "repository/data",
        usize::MAX,
        Fault::Answer(403, "AccessDenied"),
    );
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("upload --pending");
    assert!(snapshots(&sidecar, &store).is_empty());
    proxy.heal();
    sidecar.run(&["upload", "--pending"]).succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let manifest = &listed["backups"][0]["manifest"];
    assert_eq!(
        sha256(&fetched(&sidecar, "latest")),
        manifest["artifact"]["raw_sha256"]
    );
    restic(&sidecar, &store, &["check", "--read-data"]).succeeds();
}

#[test]
fn parts_that_are_written_one_after_the_other_do_not_wait_for_each_other() {
    // Trap: the library asks for the next file before it has read the one before.
    let sidecar = sidecar("seq 1 10; sleep 1; seq 11 20");
    sidecar.backup().succeeds().ends_within(TIME_LIMIT);
    assert!(fetched(&sidecar, "latest").starts_with(b"1\n2\n"));
}
