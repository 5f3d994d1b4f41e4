//! A repository with manifests of version 2, and the locks that a sidecar and restic have left.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{left_by, night};
use crate::harness::{Clock, Sidecar};

fn left() -> (Clock, Sidecar) {
    let clock = Clock::at("2024-01-03T03:00:00Z");
    let sidecar = clock.rules(left_by("version_9", "repository", |_| ()));
    fs::write(sidecar.workdir().join("tonight"), night("2024-01-03")).unwrap();
    (clock, sidecar)
}

fn locks(sidecar: &Sidecar) -> Vec<PathBuf> {
    let folder = sidecar.folder().join("store/citus/repository/locks");
    let files = fs::read_dir(folder).unwrap().flatten();
    files.map(|file| file.path()).collect()
}

/// The locks were renewed so long ago.
fn are_old(sidecar: &Sidecar, age: Duration) {
    for lock in locks(sidecar) {
        let file = fs::File::open(lock).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }
}

#[test]
fn its_backups_are_listed_verified_and_restored() {
    let (_clock, sidecar) = left();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let versions: Vec<_> = listed["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backup| backup["manifest"]["manifest_version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, [2, 2, 2]);
    sidecar.run(&["verify", "--all"]).succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    let back = fs::read_to_string(sidecar.workdir().join("back")).unwrap();
    assert_eq!(back, night("2024-01-02"));
}

#[test]
fn a_backup_goes_on_beside_the_locks_that_were_left_and_removes_that_of_a_sidecar() {
    let (_clock, sidecar) = left();
    are_old(&sidecar, Duration::ZERO);
    assert_eq!(locks(&sidecar).len(), 2);
    sidecar.backup().succeeds();
    assert_eq!(locks(&sidecar).len(), 1, "that of another program");
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn a_prune_waits_for_the_lock_of_another_program_as_long_as_that_may_live() {
    let (_clock, sidecar) = left();
    are_old(&sidecar, Duration::ZERO);
    sidecar
        .run(&["prune"])
        .exits(5)
        .stderr_contains("another program is at work in the repository");
    are_old(&sidecar, Duration::from_secs(31 * 60));
    sidecar.run(&["prune"]).succeeds();
    sidecar.run(&["verify", "--all"]).succeeds();
}
