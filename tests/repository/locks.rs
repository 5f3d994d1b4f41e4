//! The repository's lock, as restic has it: backups share it, what deletes has it alone.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::{backup, local, require_sound, restic, restic_command, sidecar, snapshots};
use crate::harness::{Running, Sidecar, send, within};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The files of those that hold it.
fn holders(sidecar: &Sidecar) -> Vec<PathBuf> {
    let folder = sidecar.folder().join("store/citus/repository/locks");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.path()).collect()
}

fn is_held(sidecar: &Sidecar) {
    let held = || (!holders(sidecar).is_empty()).then_some(());
    within(TIME_LIMIT, "the repository is locked", held);
}

#[test]
fn a_backup_lets_restic_add_and_keeps_it_from_deleting() {
    // Trap: the library sets no lock.
    let sidecar = sidecar("seq 1 1000");
    backup(&sidecar);
    let store = local(&sidecar);
    let gate = sidecar.gate("written");
    let sidecar = sidecar.set(
        "strategy.config.command",
        format!("seq 1 100000; {}", gate.wait()),
    );
    let running = sidecar.start(&["backup"]);
    let written = gate.reached();
    is_held(&sidecar);
    for deleting in [&["prune"][..], &["forget", "--keep-last", "1"]] {
        restic(&sidecar, &store, deleting)
            .exits(1)
            .stderr_contains("already locked")
            .stderr_contains("by sidecar");
    }
    let config = sidecar.folder().join("config.yaml");
    restic(&sidecar, &store, &["backup", config.to_str().unwrap()]).succeeds();
    drop(written);
    running.finish().succeeds();
    assert!(holders(&sidecar).is_empty());
    assert_eq!(snapshots(&sidecar, &store).len(), 3);
    require_sound(&sidecar);
}

#[test]
fn while_restic_adds_backups_are_made_and_nothing_is_deleted() {
    let sidecar = sidecar("seq 1 1000").set("retention", json!({"daily": {"last": 1}}));
    backup(&sidecar);
    let store = local(&sidecar);
    let gate = sidecar.gate("restic");
    let mut adding = Command::new("sh");
    let line = format!("{} | exec restic backup --stdin", gate.wait());
    adding.args(["-c", &line]);
    let adding = Running::start(restic_command(&sidecar, &store, adding));
    let mut written = gate.reached();
    written.write_all(b"some bytes").unwrap();
    is_held(&sidecar);
    let sidecar = sidecar.set("strategy.config.command", "seq 1 2000");
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("another program is at work in the repository");
    sidecar
        .run(&["prune"])
        .exits(5)
        .stderr_contains("another program is at work in the repository")
        .stderr_contains("process ");
    drop(written);
    adding.finish().succeeds();
    assert_eq!(
        snapshots(&sidecar, &store).len(),
        3,
        "the first one has lost its manifest alone"
    );
    sidecar.run(&["prune"]).succeeds();
    assert_eq!(snapshots(&sidecar, &store).len(), 2);
    require_sound(&sidecar);
}

#[test]
fn a_backup_waits_while_restic_wants_to_be_alone() {
    let sidecar = sidecar("seq 1 1000");
    backup(&sidecar);
    let store = local(&sidecar);
    let mut pruning = Command::new("restic");
    pruning.arg("prune");
    let pruning = Running::start(restic_command(&sidecar, &store, pruning));
    // It looks twice before it begins: there is time to stop it.
    is_held(&sidecar);
    send(pruning.pid(), Signal::STOP);
    assert_eq!(holders(&sidecar).len(), 1, "it was stopped in time");
    let mut server = sidecar.serve();
    let run = server.start_run();
    within(TIME_LIMIT, "the run waits", || {
        let waits = "waiting: another program is at work in the repository";
        server.log().contains(waits).then_some(())
    });
    let folder = sidecar.folder().join("store/citus/repository/snapshots");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    send(pruning.pid(), Signal::CONT);
    pruning.finish().succeeds();
    assert_eq!(server.over(&run)["state"], "succeeded");
    assert_eq!(snapshots(&sidecar, &store).len(), 2);
    drop(server);
    require_sound(&sidecar);
}

#[test]
fn a_lock_of_a_program_that_has_died_stands_in_the_way_for_half_an_hour() {
    let sidecar = sidecar("seq 1 1000");
    backup(&sidecar);
    let store = local(&sidecar);
    let gate = sidecar.gate("restic");
    let mut adding = Command::new("sh");
    let line = format!("exec restic backup --stdin < '{}'", gate.path().display());
    adding.args(["-c", &line]);
    let adding = Running::start(restic_command(&sidecar, &store, adding));
    let _written = gate.reached();
    is_held(&sidecar);
    adding.end_with(Signal::KILL);
    sidecar.run(&["prune"]).exits(5);
    let old = std::time::SystemTime::now() - Duration::from_secs(31 * 60);
    for holder in holders(&sidecar) {
        let file = std::fs::File::open(holder).unwrap();
        file.set_modified(old).unwrap();
    }
    sidecar.run(&["prune"]).succeeds();
    assert_eq!(holders(&sidecar).len(), 1, "it is left for `restic unlock`");
    restic(&sidecar, &store, &["unlock"]).succeeds();
    require_sound(&sidecar);
}

#[test]
fn a_lock_that_a_killed_sidecar_has_left_is_stale_to_restic_and_removed_by_the_next_sidecar() {
    let sidecar = sidecar("seq 1 1000");
    backup(&sidecar);
    let store = local(&sidecar);
    let killed = |sidecar: Sidecar, gate: &str| {
        let gate = sidecar.gate(gate);
        let sidecar = sidecar.set("strategy.config.command", gate.wait());
        let running = sidecar.start(&["backup"]);
        let _written = gate.reached();
        is_held(&sidecar);
        running.end_with(Signal::KILL);
        assert_eq!(holders(&sidecar).len(), 1);
        sidecar.set("strategy.config.command", "seq 1 1000")
    };
    let sidecar = killed(sidecar, "one");
    restic(&sidecar, &store, &["unlock"]).succeeds();
    assert!(holders(&sidecar).is_empty());
    let sidecar = killed(sidecar, "two");
    sidecar.run(&["prune"]).succeeds();
    assert!(holders(&sidecar).is_empty());
    require_sound(&sidecar);
}
