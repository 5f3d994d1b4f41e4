//! Several sidecars in one repository.

use serde_json::{Value, json};

use super::{fetched, in_repository, restic, snapshots};
use crate::harness::{Running, Sidecar, sha256};

/// A replica of the sidecar that owns `store`: what it backs up changes each time.
fn replica(store: &Value) -> Sidecar {
    Sidecar::new()
        .command("seq 1 200000; head -c 2000000 /dev/urandom")
        .capture()
        .set("strategy.timeout", 0)
        .set("retention", json!({"daily": {"last": 3}}))
        .set("stores", json!([store]))
}

#[test]
fn two_back_up_at_once_while_a_third_one_prunes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    std::fs::create_dir(&path).unwrap();
    let store =
        json!({"name": "local", "type": "fs", "path": path, "prefix": "citus", "owner": "citus"});
    let store = in_repository(store);
    let (one, two, third) = (replica(&store), replica(&store), replica(&store));
    one.backup().succeeds();
    for _ in 0..3 {
        let running: Vec<Running> = [&one, &two]
            .map(|replica| replica.start(&["backup"]))
            .into();
        // Another one at work is no failure of the repository: this one says so, and can be run again.
        let pruned = third.run(&["prune", "--yes"]);
        assert!([Some(0), Some(5)].contains(&pruned.code), "{pruned:?}");
        for backup in running {
            backup.finish().succeeds();
        }
    }
    third.run(&["prune", "--yes"]).succeeds();
    third.run(&["prune", "--yes"]).succeeds();
    restic(&third, &store, &["check", "--read-data"])
        .succeeds()
        .stdout_contains("no errors were found");
    let listed = third.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 3, "{listed}");
    for backup in backups {
        let manifest = &backup["manifest"];
        let bytes = fetched(&third, manifest["id"].as_str().unwrap());
        assert_eq!(sha256(&bytes), manifest["artifact"]["raw_sha256"]);
    }
    assert_eq!(snapshots(&third, &store).len(), 3);
}
