//! Places that lie in one another: refused as they are, not as they are written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{S3, Sidecar};

fn fs_store(name: &str, path: &Path, prefix: &str) -> Value {
    json!({"name": name, "type": "fs", "path": path, "prefix": prefix})
}

/// Refused by `check`, offline too, and by the run, which writes nothing.
fn refused(sidecar: &Sidecar, says: &str) {
    sidecar
        .run(&["check", "--offline"])
        .exits(3)
        .stderr_contains(says);
    sidecar.backup().exits(3).stderr_contains(says);
}

#[test]
fn two_stores_of_one_folder_are_refused_by_every_name() {
    let sidecar = Sidecar::printing("x");
    let store = sidecar.folder().join("store");
    fs::create_dir_all(store.join("below")).unwrap();
    symlink("store", sidecar.folder().join("link")).unwrap();
    let below = sidecar.folder().to_owned();
    let mut sidecar = sidecar;
    for (path, prefix) in [
        ("store", ""),
        ("store/../store", ""),
        ("link", ""),
        ("link", "nested/deep"),
        ("store/below", ""),
    ] {
        let second = fs_store("two", &below.join(path), prefix);
        sidecar = sidecar.set("stores", json!([fs_store("one", &store, ""), second]));
        refused(&sidecar, "are one place");
    }
    assert!(!store.join("daily").exists());
    let two = [fs_store("one", &store, "a"), fs_store("two", &store, "ab")];
    sidecar = sidecar.set("stores", json!(two));
    sidecar.check().succeeds();
    sidecar.backup().succeeds();
}

#[test]
fn two_stores_of_one_bucket_are_refused_by_every_spelling() {
    let s3 = S3::start();
    let sidecar = Sidecar::printing("x");
    let one = s3.store();
    let mut sidecar = sidecar;
    for (key, value) in [
        ("prefix", json!("citus/")),
        ("prefix", json!("/citus/nested")),
        ("prefix", json!("")),
        (
            "endpoint",
            json!(
                one["endpoint"]
                    .as_str()
                    .unwrap()
                    .replace("127.0.0.1", "LOCALHOST")
                    + "/"
            ),
        ),
    ] {
        let mut two = one.clone();
        two["name"] = "two".into();
        two[key] = value;
        sidecar = sidecar.set("stores", json!([one, two]));
        refused(&sidecar, "are one place");
    }
    assert_eq!(s3.keys(), [""; 0]);
}

#[test]
fn two_addresses_of_one_bucket_are_found_by_a_word_in_it() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let mut two = s3.store_behind(&proxy);
    two["name"] = "two".into();
    let sidecar = Sidecar::printing("x").set("stores", json!([s3.store(), two]));
    sidecar.check().exits(3).stderr_contains("are one place");
    sidecar.backup().exits(1).stderr_contains("are one place");
}

#[test]
fn a_store_in_the_folders_of_a_run_is_refused_and_the_reverse() {
    let sidecar = Sidecar::printing("x");
    let at = |name: &str| sidecar.folder().join(name);
    for name in ["work/store", "artifacts/store", "tmp/store"] {
        fs::create_dir(at(name)).unwrap();
    }
    symlink("work/store", at("link")).unwrap();
    let places = [
        "work/store",
        "artifacts/store",
        "tmp/store",
        "tmp",
        "link",
        ".",
    ];
    let places: Vec<_> = places.iter().map(|name| at(name)).collect();
    let mut sidecar = sidecar;
    for place in places {
        sidecar = sidecar.set("stores", json!([fs_store("local", &place, "")]));
        refused(&sidecar, "lie in one another");
    }
}

/// A sidecar that archives `paths` of the folder `data`, with its store in there.
fn archiving(paths: &[&str], prefix: &str) -> Sidecar {
    let sidecar = Sidecar::new();
    let data = sidecar.folder().join("data");
    fs::create_dir_all(data.join("backups")).unwrap();
    fs::write(data.join("kept"), "kept").unwrap();
    symlink("data", sidecar.folder().join("link")).unwrap();
    let base = data.clone();
    sidecar
        .strategy("file_archive")
        .set("strategy.config", json!({"paths": paths, "base_dir": base}))
        .set("strategy.artifact.filename", "files.tar")
        .set(
            "stores",
            json!([fs_store("local", &data.join("backups"), prefix)]),
        )
}

#[test]
fn a_store_below_what_is_archived_is_left_out_and_that_is_said() {
    for prefix in ["", "citus"] {
        let sidecar = archiving(&["."], prefix);
        for _ in 0..3 {
            sidecar
                .backup()
                .succeeds()
                .stderr_contains("left out of what is archived");
        }
        let output = sidecar.folder().join("back");
        sidecar
            .run(&["restore", "latest", "--into", output.to_str().unwrap()])
            .succeeds();
        assert_eq!(fs::read_to_string(output.join("kept")).unwrap(), "kept");
        let inside = output.join("backups").join(prefix).join("daily");
        assert!(!inside.exists(), "the archive holds the backups before it");
    }
}

#[test]
fn backups_that_are_named_as_what_is_archived_are_refused() {
    for paths in [&["backups"][..], &["kept", "backups/daily/*"]] {
        refused(&archiving(paths, ""), "that is where backups are kept");
    }
    for named in ["link/backups", "artifacts"] {
        let sidecar = archiving(&["."], "");
        let path = sidecar.folder().join(named);
        let sidecar = sidecar.set("strategy.config.paths", json!([path]));
        refused(&sidecar, "that is where backups are kept");
    }
}
