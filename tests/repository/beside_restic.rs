//! Other programs in the same repository: their snapshots are left alone.

use serde_json::json;

use super::{backup, fetched, local, require_sound, restic, sidecar, snapshots};
use crate::harness::sha256;

#[test]
fn snapshots_of_restic_are_left_alone() {
    let sidecar = sidecar("seq 1 100000; cat \"$SIDE_CAR_WORKDIR/more\"")
        .set("retention", json!({"daily": {"last": 1}}));
    std::fs::write(sidecar.workdir().join("more"), "one").unwrap();
    backup(&sidecar);
    let store = local(&sidecar);
    let own = sidecar.folder().join("config.yaml");
    restic(&sidecar, &store, &["backup", own.to_str().unwrap()]).succeeds();
    let foreign: Vec<_> = restic(
        &sidecar,
        &store,
        &["snapshots", "--json", "--path", own.to_str().unwrap()],
    )
    .succeeds()
    .json()
    .as_array()
    .unwrap()
    .iter()
    .map(|one| one["id"].as_str().unwrap().to_owned())
    .collect();
    assert_eq!(foreign.len(), 1);
    std::fs::write(sidecar.workdir().join("more"), "two").unwrap();
    let manifest = backup(&sidecar);
    sidecar.run(&["prune"]).succeeds();
    sidecar.run(&["prune"]).succeeds();
    let left = snapshots(&sidecar, &store);
    assert_eq!(left.len(), 2, "one of ours, one of restic's: {left:?}");
    assert!(left.contains(&foreign[0]), "{left:?}");
    assert_eq!(
        sha256(&fetched(&sidecar, "latest")),
        manifest["artifact"]["raw_sha256"]
    );
    let target = sidecar.folder().join("by-restic");
    restic(
        &sidecar,
        &store,
        &["restore", &foreign[0], "--target", target.to_str().unwrap()],
    )
    .succeeds();
    let restored = target.join(own.strip_prefix("/").unwrap());
    assert_eq!(
        std::fs::read(restored).unwrap(),
        std::fs::read(&own).unwrap()
    );
    require_sound(&sidecar);
}

#[test]
fn what_a_lock_of_another_program_kept_goes_later() {
    let sidecar = sidecar("head -c 100000 /dev/urandom");
    backup(&sidecar);
    let last = backup(&sidecar);
    let store = local(&sidecar);
    let locks = sidecar.folder().join("store/citus/repository/locks");
    std::fs::create_dir_all(&locks).unwrap();
    let lock = locks.join("0".repeat(64));
    std::fs::write(&lock, "of another program").unwrap();
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
    sidecar.run(&["prune", "--yes"]).exits(5);
    std::fs::remove_file(lock).unwrap();
    assert_eq!(snapshots(&sidecar, &store).len(), 2);
    sidecar.run(&["prune"]).succeeds();
    let snapshot = last["artifact"]["repository"]["snapshot"].as_str().unwrap();
    assert_eq!(snapshots(&sidecar, &store), [snapshot]);
    require_sound(&sidecar);
}
