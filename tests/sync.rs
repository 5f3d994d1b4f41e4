//! `sidecar sync`: what one store has and another one lacks is copied there, between stores of one layout.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Fault, Finished, S3, Sidecar, sha256, within};
use crate::repository::{in_repository, restic, restic_command};

const TIME_LIMIT: Duration = Duration::from_secs(60);
/// What each backup has: some that all share, and some of its own.
const LINE: &str = "seq 1 100000; head -c 4000000 /dev/urandom";

/// A folder of the sidecar as one of `stores`.
fn folder(sidecar: &Sidecar, name: &str) -> Value {
    let path = sidecar.folder().join(name);
    std::fs::create_dir_all(&path).unwrap();
    json!({"name": name, "type": "fs", "path": path, "prefix": "citus"})
}

/// A sidecar with three backups in `store`. Returns their manifests, newest first.
fn populated(store: impl Fn(&Sidecar) -> Value) -> (Sidecar, Value, Vec<Value>) {
    let sidecar = Sidecar::new()
        .command(LINE)
        .capture()
        .set("strategy.timeout", 0)
        .set(
            "retention",
            json!({"daily": {"last": 9}, "monthly": {"last": 3}}),
        );
    let store = store(&sidecar);
    let sidecar = sidecar.set("stores", json!([store]));
    for _ in 0..3 {
        sidecar.backup().succeeds();
    }
    let made = manifests(&sidecar);
    (sidecar, store, made)
}

fn manifests(sidecar: &Sidecar) -> Vec<Value> {
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap().iter();
    backups.map(|one| one["manifest"].clone()).collect()
}

fn sync(sidecar: &Sidecar, from: &str, to: &str) -> Finished {
    sidecar.run(&["sync", "--from", from, "--to", to])
}

/// Fails unless `store` alone gives back all that was `made`, in the same tiers and order.
fn require_all(sidecar: Sidecar, store: &Value, made: &[Value]) -> Sidecar {
    let sidecar = sidecar.set("stores", json!([store]));
    let there = manifests(&sidecar);
    let of = |manifests: &[Value]| -> Vec<(Value, Value)> {
        let all = manifests.iter();
        all.map(|one| (one["id"].clone(), one["tier"].clone()))
            .collect()
    };
    assert_eq!(of(&there), of(made));
    for manifest in made {
        let to = sidecar.folder().join("fetched");
        let id = manifest["id"].as_str().unwrap();
        sidecar
            .run(&["fetch", id, "-o", to.to_str().unwrap()])
            .succeeds();
        let bytes = std::fs::read(to).unwrap();
        assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);
    }
    sidecar
}

/// `sync` into a bucket that stops answering after so many objects of that kind: then it is killed.
fn killed_after(
    objects: usize,
    contains: &'static str,
    sidecar: Sidecar,
    stores: [Value; 2],
    s3: &S3,
) -> Sidecar {
    let proxy = s3.proxy();
    let [from, mut to] = stores;
    to["endpoint"] = proxy.url.clone().into();
    let held = proxy.inject_after(objects, "PUT", contains, usize::MAX, Fault::Stall);
    let names = [&from, &to].map(|store| store["name"].as_str().unwrap().to_owned());
    let sidecar = sidecar.set("stores", json!([from, to]));
    let running = sidecar.start(&["sync", "--from", &names[0], "--to", &names[1]]);
    within(TIME_LIMIT, "the bucket does not answer", || {
        (held.count() > 0).then_some(())
    });
    running.end_with(Signal::KILL);
    sidecar
}

#[test]
fn artifacts_are_copied_and_what_is_there_is_not_copied_again() {
    let (sidecar, one, made) = populated(|sidecar| folder(sidecar, "one"));
    let other = folder(&sidecar, "other");
    let sidecar = sidecar.set("stores", json!([one, other]));
    sync(&sidecar, "one", "other")
        .succeeds()
        .stdout_contains("store other has all of store one now: 4 copied, 0 were there");
    sync(&sidecar, "one", "other")
        .succeeds()
        .stdout_contains("0 copied, 4 were there");
    let keys = |name: &str| {
        let mut keys = Vec::new();
        for tier in ["daily", "monthly"] {
            let folder = sidecar.folder().join(name).join("citus").join(tier);
            let files = std::fs::read_dir(folder).unwrap().flatten();
            keys.extend(files.map(|file| file.file_name()));
        }
        keys.sort();
        keys
    };
    assert_eq!(keys("one"), keys("other"));
    std::fs::remove_dir_all(sidecar.folder().join("one")).unwrap();
    require_all(sidecar, &other, &made);
}

#[test]
fn what_was_copied_before_a_kill_is_not_copied_again() {
    let s3 = S3::start();
    let (sidecar, one, made) = populated(|sidecar| folder(sidecar, "one"));
    let bucket = s3.store();
    let sidecar = killed_after(
        2,
        "manifest.json",
        sidecar,
        [one.clone(), bucket.clone()],
        &s3,
    );
    let sidecar = sidecar.set("stores", json!([one, bucket]));
    sync(&sidecar, "one", "minio")
        .succeeds()
        .stdout_contains("2 copied, 2 were there");
    std::fs::remove_dir_all(sidecar.folder().join("one")).unwrap();
    require_all(sidecar, &bucket, &made);
}

#[test]
fn a_repository_with_the_same_password_is_copied_file_by_file_also_after_a_kill() {
    let s3 = S3::start();
    let (sidecar, one, made) = populated(|sidecar| in_repository(folder(sidecar, "one")));
    let bucket = in_repository(s3.store());
    let sidecar = killed_after(
        2,
        "repository/data/",
        sidecar,
        [one.clone(), bucket.clone()],
        &s3,
    );
    let packs = || {
        let mut keys = s3.all_keys();
        keys.retain(|key| key.contains("repository/data/"));
        keys
    };
    assert!(packs().len() >= 2, "{:?}", packs());
    let sidecar = sidecar.set("stores", json!([one, bucket]));
    sync(&sidecar, "one", "minio")
        .succeeds()
        .stdout_contains("4 copied, 0 were there");
    assert!(s3.all_keys().iter().all(|key| !key.contains("/locks/")));
    std::fs::remove_dir_all(sidecar.folder().join("one")).unwrap();
    restic(&sidecar, &bucket, &["check", "--read-data"])
        .succeeds()
        .stdout_contains("no errors were found");
    let sidecar = require_all(sidecar, &bucket, &made);
    sidecar.backup().succeeds();
    restic(&sidecar, &bucket, &["check", "--read-data"]).succeeds();
}

#[test]
fn a_repository_with_another_password_gets_the_snapshots_packed_anew() {
    const OTHER: &str = "another-password";
    let (sidecar, one, made) = populated(|sidecar| in_repository(folder(sidecar, "one")));
    let mut other = in_repository(folder(&sidecar, "other"));
    other["repository"]["password"] = OTHER.into();
    let sidecar = sidecar.set("stores", json!([one, other]));
    sync(&sidecar, "one", "other")
        .succeeds()
        .stdout_contains("4 copied, 0 were there");
    sync(&sidecar, "one", "other")
        .succeeds()
        .stdout_contains("0 copied, 4 were there");
    std::fs::remove_dir_all(sidecar.folder().join("one")).unwrap();
    let mut check = Command::new("restic");
    check.args(["check", "--read-data"]);
    let mut check = restic_command(&sidecar, &other, check);
    let checked = check.env("RESTIC_PASSWORD", OTHER).output().unwrap();
    Finished::new(&checked, Duration::ZERO)
        .succeeds()
        .stdout_contains("no errors were found");
    require_all(sidecar, &other, &made);
}

#[test]
fn only_stores_of_one_layout_are_copied() {
    let (sidecar, one, _) = populated(|sidecar| folder(sidecar, "one"));
    let other = in_repository(folder(&sidecar, "other"));
    let sidecar = sidecar.set("stores", json!([one, other]));
    for (from, to) in [("one", "other"), ("other", "one")] {
        sync(&sidecar, from, to)
            .exits(3)
            .stderr_contains("`sync` copies between stores of one layout");
    }
    sync(&sidecar, "one", "one").exits(2);
    sync(&sidecar, "one", "nowhere").exits(2);
}

#[test]
fn what_is_damaged_is_not_copied_and_keeps_nothing_else_from_it() {
    let (sidecar, one, made) = populated(|sidecar| folder(sidecar, "one"));
    let other = folder(&sidecar, "other");
    let newest = sidecar.run(&["list", "--json"]).succeeds().json();
    let key = newest["backups"][0]["key"].as_str().unwrap().to_owned();
    let file = sidecar.folder().join("one/citus").join(key);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    sidecar.run(&["verify", "--all"]).exits(4);
    let sidecar = sidecar.set("stores", json!([one, other]));
    sync(&sidecar, "one", "other")
        .exits(4)
        .stderr_contains("known to be damaged: it is not copied");
    require_all(sidecar, &other, &made[1..]);
}
