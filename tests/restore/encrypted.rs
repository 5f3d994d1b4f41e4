//! Backups that only a key can read.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::parts::{parcel, parcels, restore};
use super::{read, sidecar, stored};
use crate::harness::{Sidecar, age_key, sh};

/// A private key of age in a file, and its public half.
fn key(sidecar: &Sidecar, name: &str) -> (PathBuf, String) {
    let file = sidecar.folder().join(name);
    let public = age_key(&file);
    (file, public)
}

pub(super) fn encrypted(sidecar: Sidecar) -> Sidecar {
    let (file, public) = key(&sidecar, "age.key");
    sidecar.set(
        "strategy.artifact.encryption",
        json!({"age": {"recipients": [public], "identity_file": file}}),
    )
}

#[test]
fn it_comes_back_decrypted_and_decompressed() {
    let sidecar = encrypted(stored(sidecar("seq 1 300000", "cat > back")))
        .set("strategy.artifact.compression", "gz");
    sidecar.backup().succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    let expected: String = (1..=300_000).map(|line| format!("{line}\n")).collect();
    assert!(read(sidecar.workdir().join("back")) == expected);
}

#[test]
fn it_comes_back_with_its_passphrase_and_with_no_other() {
    let at = "strategy.artifact.encryption.age.passphrase";
    let sidecar = stored(sidecar("seq 1 300000", "cat > back")).set(at, "of the house");
    sidecar.backup().succeeds();
    let back = sidecar.workdir().join("back");
    let sidecar = sidecar.set(at, "of a stranger");
    let refused = sidecar.run(&["restore", "latest", "--json"]).exits(3);
    let error = refused.json()["error"].take();
    assert_eq!(error["code"], "wrong-key", "{error}");
    assert!(!back.exists());
    let sidecar = sidecar.set(at, "of the house");
    sidecar.run(&["verify"]).succeeds();
    sidecar.run(&["restore", "latest"]).succeeds();
    assert!(read(back) == sh("seq 1 300000").stdout);
}

#[test]
fn a_part_comes_back_without_the_rest_being_read() {
    let sidecar = encrypted(parcels());
    sidecar.backup().succeeds();
    for name in ["a", "b", "c"] {
        restore(&sidecar, &["--only", name]);
    }
    for (name, size) in [("a", 3_000_000), ("b", 1_500_001), ("c", 7)] {
        let back = std::fs::read(sidecar.folder().join("restored").join(name)).unwrap();
        assert!(back == parcel(name, size), "{name} differs");
    }
    let said = restore(&sidecar, &["--only", "b", "--replace"]);
    let fetched = said["fetched_bytes"].as_u64().unwrap();
    assert!(
        (1_500_001..1_500_001 * 105 / 100 + (1 << 20)).contains(&fetched),
        "{fetched}"
    );
}

#[test]
fn without_the_right_key_nothing_is_touched() {
    let whole = encrypted(stored(sidecar("echo x", "cat > back")));
    let back = whole.workdir().join("back");
    is_refused_without_its_key(whole, &["restore", "latest", "--json"], &back);
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("restored");
    let path = into.to_str().unwrap().to_owned();
    let arguments = ["restore", "latest", "--json", "--into", &path];
    for more in [&[][..], &["--only", "b"]] {
        let parts = encrypted(parcels());
        is_refused_without_its_key(parts, &[&arguments, more].concat(), &into);
    }
}

fn is_refused_without_its_key(sidecar: Sidecar, arguments: &[&str], target: &Path) {
    sidecar.backup().succeeds();
    let (other, _) = key(&sidecar, "other.key");
    let at = "strategy.artifact.encryption.age.identity_file";
    let sidecar = sidecar.set(at, other.to_str().unwrap());
    let error = sidecar.run(arguments).exits(3).json()["error"].take();
    assert_eq!(error["code"], "wrong-key", "{error}");
    let sidecar = sidecar.set(at, Value::Null);
    let error = sidecar.run(arguments).exits(3).json()["error"].take();
    assert_eq!(error["code"], "no-key", "{error}");
    assert!(!target.exists());
}
