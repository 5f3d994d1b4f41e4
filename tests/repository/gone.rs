//! What no backup needs any more goes, and what is damaged is told.

use serde_json::json;

use super::{backup, fetched, local, require_sound, restic, sidecar, snapshots};
use crate::harness::{Clock, Sidecar, sh, sha256};

/// Different bytes each time, a megabyte of them.
const CHANGING: &str = "head -c 3000000 /dev/urandom";

fn packed(sidecar: &Sidecar) -> u64 {
    let folder = sidecar.folder().join("store/citus/repository/data");
    let size = sh(&format!(
        "du -sb --apparent-size {} | cut -f1",
        folder.display()
    ))
    .succeeds();
    size.stdout.trim().parse().unwrap()
}

#[test]
fn retention_removes_manifests_then_snapshots_and_in_two_steps_their_bytes() {
    let sidecar = sidecar(CHANGING).set("retention", json!({"daily": {"last": 2}}));
    let store = local(&sidecar);
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(backup(&sidecar));
    }
    let wanted: Vec<_> = made[2..]
        .iter()
        .map(|one| {
            one["artifact"]["repository"]["snapshot"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let mut left = snapshots(&sidecar, &store);
    left.sort();
    let mut sorted = wanted.clone();
    sorted.sort();
    assert_eq!(left, sorted, "the snapshots of the two that are kept");
    // The first finds what is unused, the second removes it.
    sidecar.run(&["prune"]).succeeds();
    sidecar.run(&["prune"]).succeeds();
    assert!(packed(&sidecar) < 7_000_000, "{}", packed(&sidecar));
    require_sound(&sidecar);
    for manifest in &made[2..] {
        let bytes = fetched(&sidecar, manifest["id"].as_str().unwrap());
        assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);
    }
}

#[test]
fn unused_bytes_stay_as_long_as_is_configured() {
    let sidecar = sidecar(CHANGING).set("retention", json!({"daily": {"last": 1}}));
    let mut store = local(&sidecar);
    store["repository"]["prune"]["keep_deleted"] = "23h".into();
    let sidecar = sidecar.set("stores", json!([store]));
    for _ in 0..3 {
        backup(&sidecar);
    }
    sidecar.run(&["prune"]).succeeds();
    sidecar.run(&["prune"]).succeeds();
    assert!(packed(&sidecar) > 8_900_000, "{}", packed(&sidecar));
    require_sound(&sidecar);
}

/// A sidecar that keeps one backup, of what lies in a file; unused bytes stay for 23 hours of `clock`.
fn patient(clock: &Clock) -> Sidecar {
    let sidecar =
        sidecar("cat \"$SIDE_CAR_WORKDIR/noise\"").set("retention", json!({"daily": {"last": 1}}));
    let mut store = local(&sidecar);
    store["repository"]["prune"]["keep_deleted"] = "23h".into();
    clock.rules(sidecar.set("stores", json!([store])))
}

/// So many hours from now on.
fn hours(hours: i64) -> String {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    time.to_string()
}

#[test]
fn unused_bytes_are_marked_stay_for_their_time_and_go_with_a_later_prune() {
    let clock = Clock::at(&hours(0));
    let sidecar = patient(&clock);
    let noise = sidecar.workdir().join("noise");
    sh(&format!(
        "head -c 3000000 /dev/urandom > {}",
        noise.display()
    ))
    .succeeds();
    backup(&sidecar);
    sh(&format!(
        "head -c 3000000 /dev/urandom > {}",
        noise.display()
    ))
    .succeeds();
    let last = backup(&sidecar);
    for hour in [0, 1, 22] {
        clock.set(&hours(hour));
        sidecar.run(&["prune"]).succeeds();
        assert!(packed(&sidecar) > 6_000_000, "after {hour} hours");
        require_sound(&sidecar);
    }
    clock.set(&hours(24));
    sidecar.run(&["prune"]).succeeds();
    assert!(packed(&sidecar) < 3_100_000, "{}", packed(&sidecar));
    require_sound(&sidecar);
    let bytes = fetched(&sidecar, "latest");
    assert_eq!(sha256(&bytes), last["artifact"]["raw_sha256"]);
}

#[test]
fn a_backup_of_bytes_that_were_marked_before_it_survives_their_removal() {
    let clock = Clock::at(&hours(0));
    let sidecar = patient(&clock);
    let noise = sidecar.workdir().join("noise");
    let random = |file: &str| {
        let file = sidecar.workdir().join(file);
        sh(&format!(
            "head -c 3000000 /dev/urandom > {}",
            file.display()
        ))
        .succeeds();
        std::fs::read(file).unwrap()
    };
    let (one, other) = (random("one"), random("other"));
    for bytes in [&one, &other] {
        std::fs::write(&noise, bytes).unwrap();
        backup(&sidecar);
    }
    // What the first one had is marked; then it is backed up again.
    sidecar.run(&["prune"]).succeeds();
    std::fs::write(&noise, &one).unwrap();
    clock.set(&hours(1));
    backup(&sidecar);
    for hour in [24, 25, 49, 50] {
        clock.set(&hours(hour));
        sidecar.run(&["prune"]).succeeds();
        require_sound(&sidecar);
        assert!(fetched(&sidecar, "latest") == one, "after {hour} hours");
    }
    assert!(packed(&sidecar) < 3_100_000, "{}", packed(&sidecar));
}

#[test]
fn a_copy_in_another_tier_is_a_manifest_alone() {
    let sidecar = sidecar(CHANGING).set(
        "retention",
        json!({"daily": {"last": 1}, "monthly": {"last": 3}}),
    );
    let first = backup(&sidecar);
    backup(&sidecar);
    let store = local(&sidecar);
    let snapshot = first["artifact"]["repository"]["snapshot"]
        .as_str()
        .unwrap();
    assert!(
        snapshots(&sidecar, &store).contains(&snapshot.to_owned()),
        "the month's first is kept"
    );
    let bytes = fetched(&sidecar, first["id"].as_str().unwrap());
    assert_eq!(sha256(&bytes), first["artifact"]["raw_sha256"]);
    sidecar.run(&["verify", "--all"]).succeeds();
}

#[test]
fn a_backup_that_lost_its_manifest_stays_until_it_has_one_again() {
    let sidecar = sidecar(CHANGING).set("retention", json!({"daily": {"last": 2}}));
    let first = backup(&sidecar);
    let tier = sidecar.folder().join("store/citus/daily");
    let manifest = std::fs::read_dir(&tier).unwrap().next().unwrap();
    let (manifest, aside) = (manifest.unwrap().path(), sidecar.folder().join("aside"));
    std::fs::rename(&manifest, &aside).unwrap();
    for _ in 0..3 {
        backup(&sidecar);
    }
    sidecar
        .run(&["prune"])
        .succeeds()
        .stderr_contains("1 snapshots in the repository have no manifest");
    std::fs::rename(&aside, &manifest).unwrap();
    let bytes = fetched(&sidecar, first["id"].as_str().unwrap());
    assert_eq!(sha256(&bytes), first["artifact"]["raw_sha256"]);
}

#[test]
fn what_was_altered_is_never_handed_out() {
    // Trap: the library compares no digest when it reads.
    let sidecar = sidecar("seq 1 300000");
    backup(&sidecar);
    let tier = sidecar.folder().join("store/citus/daily");
    let path = std::fs::read_dir(&tier)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&path).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest.as_object_mut().unwrap().remove("manifest_sha256");
    let other = sha256(b"something else");
    manifest["artifact"]["sha256"] = other.clone().into();
    manifest["artifact"]["raw_sha256"] = other.into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    let to = sidecar.folder().join("to");
    let fetch = ["fetch", "latest", "-o", to.to_str().unwrap()];
    sidecar
        .run(&fetch)
        .exits(4)
        .stderr_contains("its SHA-256 differs");
    assert!(!to.exists());
    std::fs::write(&path, text).unwrap();

    // And a pack with another byte.
    let packs = sidecar.folder().join("store/citus/repository/data");
    let largest = sh(&format!("find {} -type f -size +100k", packs.display())).succeeds();
    let pack = largest.stdout.lines().next().unwrap().to_owned();
    let mut bytes = std::fs::read(&pack).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    sidecar.run(&["verify", "--all"]).exits(4);
    sidecar.run(&fetch).exits(4);
    assert!(!to.exists());
}

#[test]
fn a_snapshot_that_is_missing_is_told() {
    let sidecar = sidecar("seq 1 1000");
    let manifest = backup(&sidecar);
    let snapshot = manifest["artifact"]["repository"]["snapshot"]
        .as_str()
        .unwrap();
    restic(&sidecar, &local(&sidecar), &["forget", snapshot]).succeeds();
    sidecar
        .run(&["list"])
        .exits(4)
        .stderr_contains("the snapshot")
        .stderr_contains("is missing");
}
