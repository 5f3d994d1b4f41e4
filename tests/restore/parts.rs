//! Parts of a backup, restored alone into a directory.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use super::{in_store, stored};
use crate::harness::{Sidecar, component};

/// What the example `blobs` puts into a blob of that name.
pub(super) fn blob(name: &str, size: usize) -> Vec<u8> {
    let mut state = name.bytes().fold(1_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A sidecar that fills three blobs.
pub(super) fn blobs() -> Sidecar {
    stored(
        Sidecar::new()
            .strategy("blobs")
            .set("modules.blobs.source", component("blobs").to_str().unwrap())
            .set(
                "strategy.config",
                json!({"blobs": {"a": 3_000_000, "b": 1_500_001, "c": 7}}),
            ),
    )
}

/// `sidecar restore latest --json --into DIR` and more; what it said.
pub(super) fn restore(sidecar: &Sidecar, more: &[&str]) -> Value {
    let into = sidecar.folder().join("restored");
    let all = [
        &[
            "restore",
            "latest",
            "--json",
            "--into",
            into.to_str().unwrap(),
        ],
        more,
    ]
    .concat();
    sidecar.run(&all).succeeds().json()
}

fn restored(sidecar: &Sidecar, name: &str) -> Vec<u8> {
    std::fs::read(sidecar.folder().join("restored").join(name)).unwrap()
}

#[test]
fn all_of_them_or_one_under_another_name() {
    let sidecar = blobs();
    sidecar.backup().succeeds();
    restore(&sidecar, &[]);
    for (name, size) in [("a", 3_000_000), ("b", 1_500_001), ("c", 7)] {
        assert!(
            restored(&sidecar, name) == blob(name, size),
            "{name} differs"
        );
    }
    let facts = std::fs::metadata(sidecar.folder().join("restored/a")).unwrap();
    assert_eq!(
        (facts.mode() & 0o7777, facts.mtime(), facts.mtime_nsec()),
        (0o640, 1_700_000_000, 123_456_789)
    );

    let said = restore(&sidecar, &["--only", "b=sub/copy"]);
    assert!(restored(&sidecar, "sub/copy") == blob("b", 1_500_001));
    assert_eq!(said["parts"], json!([{"name": "b", "note": "as sub/copy"}]));
    assert_eq!(said["fetched_bytes"], 1_500_001, "only its range was read");
}

#[test]
fn a_part_that_fails_does_not_hide_the_others() {
    let sidecar = blobs();
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("restored");
    std::fs::create_dir(&into).unwrap();
    std::fs::write(into.join("b"), "precious").unwrap();
    let arguments = [
        "restore",
        "latest",
        "--json",
        "--into",
        into.to_str().unwrap(),
    ];
    let failed = sidecar.run(&arguments).exits(1).json();
    assert_eq!(failed["error"]["code"], "exists", "{failed}");
    let codes: Vec<&Value> = failed["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["error"]["code"])
        .collect();
    assert_eq!(codes, [&Value::Null, &json!("exists"), &Value::Null]);
    assert_eq!(restored(&sidecar, "b"), b"precious");
    assert!(restored(&sidecar, "c") == blob("c", 7));

    // The ones that are there are replaced only if that is asked for.
    restore(&sidecar, &["--replace"]);
    assert!(restored(&sidecar, "b") == blob("b", 1_500_001));
}

#[test]
fn a_part_that_the_backup_does_not_have_is_wrong_usage() {
    let sidecar = blobs();
    sidecar.backup().succeeds();
    let into = sidecar.folder().join("restored");
    sidecar
        .run(&[
            "restore",
            "latest",
            "--into",
            into.to_str().unwrap(),
            "--only",
            "d",
        ])
        .exits(2)
        .stderr_contains("the backup has no part d");
    assert!(!into.exists());
}

#[test]
fn files_go_where_the_operator_says_and_nowhere_else() {
    let sidecar = blobs();
    sidecar.backup().succeeds();
    // Without a directory there is no target at all.
    let failed = sidecar
        .run(&["restore", "latest", "--json"])
        .exits(1)
        .json();
    assert_eq!(
        failed["parts"][0]["error"]["code"], "not-granted",
        "{failed}"
    );
    // A relative one begins where the operator stands.
    sidecar
        .run(&["restore", "latest", "--into", "restored"])
        .succeeds();
    assert!(restored(&sidecar, "c") == blob("c", 7));
}

#[test]
fn the_manifest_has_a_digest_of_each() {
    let sidecar = blobs();
    sidecar.backup().succeeds();
    let manifest = std::fs::read(in_store(&sidecar, ".manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    for (at, (name, size)) in [("a", 3_000_000), ("b", 1_500_001), ("c", 7)]
        .into_iter()
        .enumerate()
    {
        let digest = crate::harness::sha256(&blob(name, size));
        assert_eq!(manifest["parts"][at]["sha256"], digest, "{manifest}");
    }
}
