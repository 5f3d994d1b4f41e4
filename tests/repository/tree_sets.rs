//! A member of a set whose files are files: the set knows it, verifies it and brings it back.

use std::fs;

use serde_json::json;

use super::in_repository;
use crate::harness::Sidecar;

#[test]
fn a_set_with_a_tree_of_files_is_verified_and_comes_back() {
    let sidecar = Sidecar::new();
    let path = sidecar.folder().join("store");
    fs::create_dir(&path).unwrap();
    let uploads = sidecar.workdir().join("uploads");
    fs::create_dir(&uploads).unwrap();
    fs::write(uploads.join("a b\n.txt"), "first").unwrap();
    fs::write(sidecar.workdir().join("state"), "state 1").unwrap();
    let store = in_repository(json!({"name": "local", "type": "fs", "path": path}));
    let sidecar = sidecar.set("stores", json!([store])).strategies(json!({
        "db": {
            "type": "custom",
            "timeout": 0,
            "artifact": {"filename": "db.dump"},
            "config": {"command": "cat state", "capture_stdout": true, "restore": "cat > state"},
        },
        "uploads": {
            "type": "filesystem",
            "timeout": 0,
            "artifact": {"filename": "uploads.tar"},
            "config": {"paths": ["uploads"]},
        },
    }));
    sidecar.backup().succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap();
    let of = |strategy: &str| {
        backups
            .iter()
            .find(|one| one["strategy"] == strategy)
            .unwrap()
    };
    let files = |strategy: &str| &of(strategy)["manifest"]["artifact"]["repository"]["files"];
    assert_eq!(files("uploads")["count"], 1);
    assert!(files("db").is_null());
    sidecar.run(&["verify"]).succeeds();

    fs::remove_dir_all(&uploads).unwrap();
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
    sidecar.run(&["restore", "latest", "--set"]).succeeds();
    let read = |name: &str| fs::read_to_string(sidecar.workdir().join(name)).unwrap();
    assert_eq!(read("state"), "state 1");
    assert_eq!(read("uploads/a b\n.txt"), "first");
}
