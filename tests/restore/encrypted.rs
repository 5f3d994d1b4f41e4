//! Backups that only a key can read.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::parts::{blob, blobs, restore};
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
    let sidecar = encrypted(blobs());
    sidecar.backup().succeeds();
    for name in ["a", "b", "c"] {
        restore(&sidecar, &["--only", name]);
    }
    for (name, size) in [("a", 3_000_000), ("b", 1_500_001), ("c", 7)] {
        let back = std::fs::read(sidecar.folder().join("restored").join(name)).unwrap();
        assert!(back == blob(name, size), "{name} differs");
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
        let parts = encrypted(blobs());
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

/// Puts plaintext in the place of the newest artifact of a store, as anyone can who may write there.
fn forge(store: &Path) {
    let files = std::fs::read_dir(store).unwrap().flatten();
    let manifest = files
        .map(|entry| entry.path())
        .find(|path| path.to_str().unwrap().ends_with(".manifest.json"))
        .unwrap();
    let artifact = manifest.to_str().unwrap().replace(".manifest.json", "");
    let mut said: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    said.as_object_mut().unwrap().remove("manifest_sha256");
    let contents = said["artifact"].as_object_mut().unwrap();
    contents.remove("encryption");
    let digest = crate::harness::sha256(b"forged");
    for (key, value) in [
        ("size", json!(6)),
        ("raw_size", json!(6)),
        ("sha256", json!(digest)),
        ("raw_sha256", json!(digest)),
    ] {
        contents.insert(key.to_owned(), value);
    }
    for (path, bytes) in [
        (&artifact, b"forged".to_vec()),
        (&manifest.display().to_string(), said.to_string().into()),
    ] {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn plaintext_where_encryption_is_configured_is_refused_through_every_frontend() {
    let by_passphrase = stored(sidecar(
        "echo x",
        "cat > \"${SIDE_CAR_RESTORE_INTO:-.}/back\"",
    ))
    .set(
        "strategy.artifact.encryption.age.passphrase",
        "of the house",
    );
    for sidecar in [
        by_passphrase,
        encrypted(stored(sidecar(
            "echo x",
            "cat > \"${SIDE_CAR_RESTORE_INTO:-.}/back\"",
        ))),
    ] {
        let scratch = sidecar.folder().join("scratch");
        let sidecar = sidecar.set("drill", json!({"into": scratch, "check": ["true"]}));
        sidecar.backup().succeeds();
        forge(&sidecar.folder().join("store/citus/daily"));
        let back = sidecar.workdir().join("back");
        let copy = sidecar.folder().join("copy");
        let fetch = ["fetch", "latest", "-o", copy.to_str().unwrap()];
        for arguments in [
            &["restore", "latest"][..],
            &["restore", "latest", "--dry-run"],
            &[
                "restore",
                "latest",
                "--replace",
                "--accept",
                "something-else",
            ],
            &["verify"],
            &["verify", "--all"],
            &fetch,
        ] {
            sidecar
                .run(arguments)
                .exits(4)
                .stderr_contains("--accept plaintext");
        }
        let server = sidecar.serve();
        for (method, path) in [("GET", "latest/artifact"), ("POST", "latest/verify")] {
            let url = format!("{}/backup/backups/{path}", server.url);
            let line = format!(
                "curl -sS -X {method} -H 'Authorization: Bearer {}' '{url}",
                crate::harness::TOKEN
            );
            sh(&format!("{line}'"))
                .succeeds()
                .stdout_contains("not-encrypted");
            sh(&format!("{line}?accept=plaintext'"))
                .succeeds()
                .never_says("not-encrypted");
        }
        drop(server);
        assert!(!back.exists() && !copy.exists());
        let accept = ["--accept", "plaintext"];
        sidecar.run(&[&["verify"], &accept[..]].concat()).succeeds();
        sidecar.run(&[&fetch[..], &accept].concat()).succeeds();
        sidecar
            .run(&[&["restore", "latest"], &accept[..]].concat())
            .succeeds();
        assert_eq!(
            (read(&back), read(&copy)),
            ("forged".into(), "forged".into())
        );
    }
}

#[test]
fn of_two_stores_the_one_with_plaintext_is_passed_over() {
    for forged in ["one", "other"] {
        let sidecar = sidecar("echo x", "cat > back").set(
            "strategy.artifact.encryption.age.passphrase",
            "of the house",
        );
        let stores = ["one", "other"].map(|name| {
            let path = sidecar.folder().join(name);
            std::fs::create_dir(&path).unwrap();
            json!({"name": name, "type": "fs", "path": path})
        });
        let sidecar = sidecar.set("stores", json!(stores));
        sidecar.backup().succeeds();
        forge(&sidecar.folder().join(forged).join("daily"));
        sidecar.run(&["restore", "latest"]).succeeds();
        assert_eq!(read(sidecar.workdir().join("back")), "x\n", "{forged}");
    }
}

#[test]
fn plaintext_that_was_only_published_and_parts_of_it_are_refused() {
    let published = sidecar("echo x", "cat > back");
    published.backup().succeeds();
    let published = published.set(
        "strategy.artifact.encryption.age.passphrase",
        "of the house",
    );
    published
        .run(&["restore", "latest"])
        .exits(4)
        .stderr_contains("--accept plaintext");
    let parts = blobs();
    parts.backup().succeeds();
    let parts = encrypted(parts);
    let into = parts.folder().join("restored");
    let only = [
        "restore",
        "latest",
        "--only",
        "b",
        "--into",
        into.to_str().unwrap(),
    ];
    parts.run(&only).exits(4);
    assert!(!into.exists());
    parts
        .run(&[&only[..], &["--accept", "plaintext"]].concat())
        .succeeds();
    assert!(std::fs::read(into.join("b")).unwrap() == blob("b", 1_500_001));
}

#[test]
fn another_word_for_encryption_is_a_damaged_manifest() {
    let sidecar = stored(sidecar("echo x", "cat > back")).set(
        "strategy.artifact.encryption.age.passphrase",
        "of the house",
    );
    sidecar.backup().succeeds();
    let manifest = super::in_store(&sidecar, ".manifest.json");
    let mut said: Value = serde_json::from_str(&read(&manifest)).unwrap();
    said.as_object_mut().unwrap().remove("manifest_sha256");
    for word in [
        json!({"rot13": {}}),
        json!("none"),
        json!({"age": {"recipients": ["age1x"]}}),
    ] {
        said["artifact"]["encryption"] = word.clone();
        std::fs::remove_file(&manifest).unwrap();
        std::fs::write(&manifest, said.to_string()).unwrap();
        let ended = sidecar.run(&["restore", "latest"]);
        // The last one is a word for what it is: the artifact is still encrypted for the passphrase.
        let expected = if word.get("age").is_some() { 0 } else { 4 };
        ended.exits(expected);
    }
}
