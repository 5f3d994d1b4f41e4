//! The damage matrix: whatever happened to a backup, it is found before anything at the target changes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::parts::blobs;
use super::{in_store, sidecar, stored};
use crate::harness::Sidecar;

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// A byte at this part of the file is another one.
    Flipped(f64),
    /// The file ends there.
    Truncated(f64),
    Missing,
    /// It is that of an older backup.
    Swapped,
}

const MATRIX: [Damage; 9] = [
    Damage::Flipped(0.0),
    Damage::Flipped(0.5),
    Damage::Flipped(0.9),
    Damage::Flipped(1.0),
    Damage::Truncated(0.0),
    Damage::Truncated(0.5),
    Damage::Truncated(1.0),
    Damage::Missing,
    Damage::Swapped,
];

fn damage(file: &Path, other: &Path, damage: Damage) {
    let mut bytes = fs::read(file).unwrap();
    let at = |part: f64| ((bytes.len() - 1) as f64 * part) as usize;
    match damage {
        Damage::Flipped(part) => {
            let at = at(part);
            bytes[at] ^= 1;
        }
        Damage::Truncated(part) => bytes.truncate(at(part)),
        Damage::Swapped => bytes = fs::read(other).unwrap(),
        Damage::Missing => return fs::remove_file(file).unwrap(),
    }
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

/// Damages each file of a backup in every way; restores as `arguments` say. The older backup, which
/// a file may be swapped with, is made before `change`.
fn every_damage_is_found(
    sidecar: Sidecar,
    change: impl Fn(Sidecar) -> Sidecar,
    arguments: &[&str],
    target: &Path,
) {
    sidecar.backup().succeeds();
    let older = tempfile::tempdir().unwrap();
    let [older_artifact, older_manifest] = [".dump", ".manifest.json"].map(|ending| {
        let copy = older.path().join(ending);
        fs::copy(in_store(&sidecar, ending), &copy).unwrap();
        fs::remove_file(in_store(&sidecar, ending)).unwrap();
        copy
    });
    let sidecar = change(sidecar);
    sidecar.backup().succeeds();
    let artifact = in_store(&sidecar, ".dump");
    let manifest = in_store(&sidecar, ".manifest.json");
    let good = [&artifact, &manifest].map(|file| fs::read(file).unwrap());
    let mut found = 0;
    for (file, other) in [(&artifact, &older_artifact), (&manifest, &older_manifest)] {
        for way in MATRIX {
            damage(file, other, way);
            let what = format!("{} {way:?}", file.display());
            if !(file == &manifest && says_the_same(file, &good[1])) {
                for arguments in [&["verify", "latest"], arguments] {
                    let ended = sidecar.run(arguments);
                    assert_eq!(ended.code, Some(4), "{what}: {ended:#?}");
                }
                assert!(!target.exists(), "{what}: the target was touched");
                found += 1;
            }
            for (path, bytes) in [&artifact, &manifest].into_iter().zip(&good) {
                let _ = fs::remove_file(path);
                fs::write(path, bytes).unwrap();
            }
        }
    }
    // A manifest without its last line feed is as good as before.
    assert!(found >= 2 * MATRIX.len() - 2, "{found}");
    // What was found is remembered until the backup is verified anew.
    sidecar.run(&["verify"]).succeeds();
    sidecar.run(arguments).succeeds();
    assert!(target.exists());
}

/// Whether a manifest still means what it meant: only blanks differ, or the name of the key that
/// protects the rest.
fn says_the_same(file: &Path, good: &[u8]) -> bool {
    let parse = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).ok();
    let found = fs::read(file).ok().and_then(parse);
    let good = parse(good.to_owned()).unwrap();
    let mut known = good.as_object().unwrap().iter();
    found.is_some_and(|found| {
        let seal = "manifest_sha256";
        let intact = found.get(seal).is_none() || found[seal] == good[seal];
        intact && known.all(|(key, value)| key == seal || found.get(key) == Some(value))
    })
}

#[test]
fn of_a_backup_that_is_restored_as_a_whole() {
    for compression in ["none", "gz", "zst"] {
        let sidecar = stored(sidecar("seq 1 100000", "cat > back"))
            .set("strategy.artifact.filename", "backup.dump")
            .set("strategy.artifact.compression", compression);
        let back = sidecar.workdir().join("back");
        // Of the same size without compression.
        let change = |sidecar: Sidecar| sidecar.command("seq 1 100000 | tr 1 2");
        every_damage_is_found(sidecar, change, &["restore", "latest"], &back);
    }
}

#[test]
fn of_a_backup_that_goes_into_a_directory() {
    let sidecar = blobs().set("strategy.artifact.filename", "backup.dump");
    let into = sidecar.folder().join("restored");
    let arguments = ["restore", "latest", "--into", into.to_str().unwrap()];
    let change = |sidecar: Sidecar| sidecar.set("strategy.config.blobs.c", 8);
    every_damage_is_found(sidecar, change, &arguments, &into);
}

#[test]
fn of_the_part_that_is_restored_alone_but_of_no_other() {
    let sidecar = blobs().set("strategy.artifact.filename", "backup.dump");
    let into = sidecar.folder().join("restored");
    sidecar.backup().succeeds();
    let artifact = in_store(&sidecar, ".dump");
    // In the middle lies a byte of `a`, at the end one of `c`.
    damage(&artifact, &artifact, Damage::Flipped(0.5));
    let id =
        sidecar.run(&["list", "--json"]).succeeds().json()["backups"][0]["manifest"]["id"].clone();
    let only = |which, name| {
        let into = into.to_str().unwrap();
        sidecar.run(&["restore", which, "--into", into, "--only", name])
    };
    only("latest", "a").exits(4);
    assert!(!into.exists());
    // By its id: the latest is known to be damaged now.
    only(id.as_str().unwrap(), "b").succeeds();
}

#[test]
fn of_one_copy_while_another_one_is_good() {
    let sidecar = sidecar("seq 1 10", "cat > back");
    let stores = ["store", "second"].map(|name| {
        let path = sidecar.folder().join(name);
        fs::create_dir(&path).unwrap();
        json!({"name": name, "type": "fs", "path": path, "prefix": "citus"})
    });
    let sidecar = sidecar.set("stores", json!(stores));
    sidecar.backup().succeeds();
    let back = sidecar.workdir().join("back");
    for ending in [".dat", ".manifest.json"] {
        let file = in_store(&sidecar, ending);
        let good = fs::read(&file).unwrap();
        damage(&file, &file, Damage::Flipped(0.5));
        sidecar.run(&["verify"]).exits(4);
        sidecar.run(&["restore", "latest"]).succeeds();
        assert_eq!(fs::read(&back).unwrap(), b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
        fs::remove_file(&back).unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, good).unwrap();
    }
}

#[test]
fn of_an_artifact_that_was_only_published() {
    let sidecar = sidecar("seq 1 1000", "cat > back");
    sidecar.backup().succeeds();
    let artifact = sidecar.artifacts().join("backup.dat");
    let good = fs::read(&artifact).unwrap();
    for way in [
        Damage::Flipped(0.5),
        Damage::Truncated(0.5),
        Damage::Missing,
    ] {
        damage(&artifact, &artifact, way);
        sidecar.run(&["restore", "latest"]).exits(4);
        sidecar.run(&["verify"]).exits(4);
        assert!(!sidecar.workdir().join("back").exists());
        let _ = fs::remove_file(&artifact);
        fs::write(&artifact, &good).unwrap();
    }
    sidecar.run(&["restore", "latest"]).succeeds();
}
