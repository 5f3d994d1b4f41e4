//! Backups in stores: what is uploaded comes back, what fails is kept, what is old goes.

use serde_json::{Value, json};

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Fault, Faulty, Hits, S3, STOP_LIMIT, Sidecar, sha256, within};

/// How long anything may take on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A sidecar with one store in a folder of its own, called "local".
fn stored() -> Sidecar {
    let sidecar = Sidecar::new().command("seq 1 300000").capture();
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    sidecar
        .set("strategy.artifact.filename", "backup.dump")
        .set("strategy.artifact.compression", "gz")
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": path, "prefix": "citus"}]),
        )
}

/// The store's files, relative and sorted, without what is private to the sidecar.
fn keys(sidecar: &Sidecar) -> Vec<String> {
    let root = sidecar.folder().join("store/citus");
    let mut found = Vec::new();
    for tier in ["daily", "weekly", "monthly", "yearly"] {
        let Ok(entries) = std::fs::read_dir(root.join(tier)) else {
            continue;
        };
        for entry in entries {
            found.push(format!(
                "{tier}/{}",
                entry.unwrap().file_name().to_str().unwrap()
            ));
        }
    }
    found.sort();
    found
}

fn backup(sidecar: &Sidecar) -> Value {
    sidecar.run(&["backup", "--json"]).succeeds().json()
}

#[test]
fn a_backup_goes_to_the_store_and_comes_back_byte_for_byte() {
    let sidecar = stored();
    let made = backup(&sidecar);
    assert_eq!(sidecar.artifact(), None, "the local file is cleaned up");
    let names = keys(&sidecar);
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names[0].starts_with("daily/backup_") && names[0].ends_with(".dump"),
        "{names:?}"
    );
    assert_eq!(names[1], format!("{}.manifest.json", names[0]));

    let output = sidecar.folder().join("fetched");
    sidecar
        .run(&["fetch", "latest", "-o", output.to_str().unwrap()])
        .succeeds();
    let bytes = std::fs::read(&output).unwrap();
    assert_eq!(sha256(&bytes), made["artifact"]["sha256"]);
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    assert_eq!(listed["backups"][0]["manifest"]["id"], made["id"]);
    sidecar
        .run(&["verify", "--all"])
        .succeeds()
        .stdout_contains("unaltered");
}

#[test]
fn the_caller_gets_a_copy_of_what_goes_to_the_store() {
    let sidecar = stored();
    let output = sidecar.folder().join("copy");
    let made = sidecar.run(&["backup", "-o", output.to_str().unwrap()]);
    let made = made.succeeds().stdout_contains("local  ");
    let key = &keys(&sidecar)[0];
    assert!(made.stdout.contains(key), "{made:?}");
    let stored = sidecar.folder().join("store/citus").join(key);
    assert!(std::fs::read(&output).unwrap() == std::fs::read(stored).unwrap());
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn the_tiers_that_are_kept_get_their_copies() {
    let sidecar = stored().set(
        "retention",
        json!({"daily": {"last": 2}, "monthly": {"days": 365}}),
    );
    for _ in 0..3 {
        backup(&sidecar);
    }
    let names = keys(&sidecar);
    let count = |tier: &str| names.iter().filter(|name| name.starts_with(tier)).count();
    assert_eq!((count("daily/"), count("monthly/")), (4, 2), "{names:?}");
    let said = sidecar.run(&["prune", "--dry-run"]).succeeds();
    assert_eq!(said.stdout.matches("keep").count(), 3, "{said:?}");
}

#[test]
fn an_altered_backup_is_never_handed_out() {
    let sidecar = stored();
    backup(&sidecar);
    let artifact = sidecar
        .folder()
        .join("store/citus")
        .join(&keys(&sidecar)[0]);
    let mut bytes = std::fs::read(&artifact).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::remove_file(&artifact).unwrap();
    std::fs::write(&artifact, bytes).unwrap();
    let output = sidecar.folder().join("fetched");
    sidecar
        .run(&["fetch", "latest", "-o", output.to_str().unwrap()])
        .exits(4);
    assert!(!output.exists());
    sidecar.run(&["verify"]).exits(4).stderr_contains("SHA-256");
}

#[test]
fn a_store_that_is_away_fails_the_run_and_gets_the_backup_later() {
    let sidecar = stored();
    let store = sidecar.folder().join("store");
    std::fs::remove_dir(&store).unwrap();
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("local")
        .stderr_contains("upload --pending");
    let left = sidecar.artifact().expect("the artifact is kept");

    std::fs::create_dir(&store).unwrap();
    sidecar.run(&["upload", "--pending"]).succeeds();
    let names = keys(&sidecar);
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(
        std::fs::read(store.join("citus").join(&names[0])).unwrap(),
        left
    );
    assert_eq!(sidecar.files(), [""; 0]);
}

/// A sidecar whose upload the server never confirms, and how often it tried.
fn stuck(s3: &S3) -> (Sidecar, Faulty, Hits) {
    let proxy = s3.proxy();
    let sidecar = Sidecar::new()
        .command("seq 1 3000000")
        .capture()
        .set("stores", json!([s3.store_behind(&proxy)]));
    let hits = proxy.inject("POST", "uploadId", usize::MAX, Fault::Stall);
    (sidecar, proxy, hits)
}

fn awaits_the_end_of_the_upload(hits: &Hits) {
    within(TIME_LIMIT, "the end of the upload", || {
        (hits.count() > 0).then_some(())
    });
}

#[test]
fn an_upload_that_is_interrupted_is_made_up_for() {
    let s3 = S3::start();
    let (sidecar, proxy, hits) = stuck(&s3);
    let running = sidecar.start(&["backup"]);
    awaits_the_end_of_the_upload(&hits);
    running
        .end_with(Signal::TERM)
        .exits(143)
        .ends_within(STOP_LIMIT)
        .stderr_contains("upload --pending");
    assert_eq!((s3.keys(), s3.uploads()), (vec![], vec![]));
    let left = sidecar.artifact().expect("the artifact is kept");
    proxy.heal();
    sidecar.run(&["upload", "--pending"]).succeeds();
    assert!(s3.object(&s3.live_keys()[0]) == left);
    sidecar.run(&["verify", "--all"]).succeeds();
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn an_upload_that_is_cancelled_leaves_nothing() {
    let s3 = S3::start();
    let (sidecar, _proxy, hits) = stuck(&s3);
    let server = sidecar.serve();
    let run = server.start_run();
    awaits_the_end_of_the_upload(&hits);
    assert_eq!(server.ask("DELETE", &run, &[]).json()["state"], "cancelled");
    assert_eq!((s3.keys(), s3.uploads()), (vec![], vec![]));
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_failed_run_leaves_nothing_in_the_store() {
    let sidecar = stored().command("seq 1 300000; exit 3");
    sidecar.backup().exits(1);
    assert_eq!(keys(&sidecar), [""; 0]);
}

#[test]
fn check_asks_the_stores_unless_told_not_to() {
    let sidecar = stored();
    sidecar
        .check()
        .succeeds()
        .stdout_contains("local: can be written");
    assert_eq!(keys(&sidecar), [""; 0], "a check leaves nothing behind");
    std::fs::remove_dir_all(sidecar.folder().join("store")).unwrap();
    sidecar.check().exits(1).stderr_contains("local");
    sidecar.run(&["check", "--offline"]).succeeds();
}

#[test]
fn what_lies_in_a_folder_is_for_the_sidecar_alone() {
    use std::os::unix::fs::PermissionsExt;

    fn open_to_others(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = std::fs::symlink_metadata(&path)
                .unwrap()
                .permissions()
                .mode();
            if mode & 0o077 != 0 {
                found.push(format!("{} {:o}", path.display(), mode & 0o777));
            }
            if path.is_dir() {
                open_to_others(&path, found);
            }
        }
    }
    // Copied into the other tiers too.
    let policy = json!({"daily": {"last": 3}, "weekly": {"last": 3}, "yearly": {"last": 3}});
    let sidecar = stored().set("retention", policy);
    backup(&sidecar);
    assert_eq!(keys(&sidecar).len(), 6, "{:?}", keys(&sidecar));
    let mut found = Vec::new();
    open_to_others(&sidecar.folder().join("store"), &mut found);
    assert_eq!(found, [""; 0]);
}
