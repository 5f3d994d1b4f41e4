//! One object that cannot be read hides no other, and fails no run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Fault, S3, Sidecar, sh, skip};

const NOBODY: u32 = 65534;

/// A sidecar with a store in a folder, whose restores leave what they got in the working directory.
fn stored() -> Sidecar {
    let sidecar = Sidecar::printing("tonight").set(
        "strategy.config.restore",
        "cat > \"$SIDE_CAR_WORKDIR/back\"",
    );
    let store = sidecar.folder().join("store");
    fs::create_dir(&store).unwrap();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": store}]),
    )
}

fn daily(sidecar: &Sidecar) -> PathBuf {
    sidecar.folder().join("store/daily")
}

fn list(sidecar: &Sidecar) -> Value {
    sidecar.run(&["list", "--json"]).json()
}

/// Everything works as if there were only the good one, and each damaged key is named with its reason.
fn stands_in_nobodys_way(sidecar: &Sidecar, damaged: &[&str]) {
    let listed = list(sidecar);
    let id = listed["backups"][0]["manifest"]["id"].as_str().unwrap();
    let found: Vec<&str> = listed["damaged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            assert!(!one["error"]["message"].as_str().unwrap().is_empty());
            one["key"].as_str().unwrap()
        })
        .collect();
    assert_eq!(found, damaged);
    let said = sidecar.run(&["list"]);
    for key in damaged {
        assert!(said.stderr.contains(key), "{said:?}");
    }
    for which in [id, "latest"] {
        sidecar.run(&["restore", which]).succeeds();
        let back = sidecar.workdir().join("back");
        assert_eq!(fs::read(&back).unwrap(), b"tonight");
        fs::remove_file(back).unwrap();
    }
    sidecar.run(&["verify", id]).succeeds();
    sidecar.backup().succeeds();
    sidecar.run(&["prune"]).succeeds();
    sidecar.run(&["upload", "--pending"]).succeeds();
    assert_eq!(list(sidecar)["backups"].as_array().unwrap().len(), 2);
}

#[test]
fn no_manifest_in_a_folder_hides_the_others() {
    let sidecar = stored().set("retention", json!({"daily": {"last": 5}}));
    sidecar.backup().succeeds();
    let name =
        |what: &str| daily(&sidecar).join(format!("{what}_20990101_000000.dat.manifest.json"));
    let huge = fs::File::create(name("huge")).unwrap();
    huge.set_len(17 << 20).unwrap();
    fs::create_dir(name("folder")).unwrap();
    fs::write(name("truncated"), "{\"manifest_version\": 1, \"id\": \"0").unwrap();
    fs::write(name("foreign"), "[\"not\", \"ours\"]").unwrap();
    fs::write(name("empty"), "").unwrap();
    sh(&format!("mkfifo '{}'", name("pipe").display())).succeeds();
    sh(&format!(
        "printf '%s' x > \"$(printf '{}/b\\377_20990101_000000.dat.manifest.json')\"",
        daily(&sidecar).display()
    ))
    .succeeds();
    let key = |what: &str| format!("daily/{what}_20990101_000000.dat.manifest.json");
    let damaged = [
        "b\u{fffd}",
        "empty",
        "folder",
        "foreign",
        "huge",
        "pipe",
        "truncated",
    ]
    .map(key);
    stands_in_nobodys_way(&sidecar, &damaged.each_ref().map(String::as_str));

    let page = sidecar.serve().get("/backup/backups").json();
    assert_eq!(page["damaged"].as_array().unwrap().len(), damaged.len());
}

#[test]
fn no_manifest_that_this_user_may_not_read_hides_the_others() {
    if !rustix::process::geteuid().is_root() {
        return skip(
            "objects::no_manifest_that_this_user",
            "only root can become someone else",
        );
    }
    let sidecar = stored().user(NOBODY);
    let all =
        |mode: &str, path: &Path| sh(&format!("chmod {mode} '{}'", path.display())).succeeds();
    all("777", &sidecar.folder().join("store"));
    sidecar.backup().succeeds();
    let closed = "closed_20200101_000000.dat.manifest.json";
    fs::write(daily(&sidecar).join(closed), "{}").unwrap();
    all("600", &daily(&sidecar).join(closed));
    stands_in_nobodys_way(&sidecar, &[&format!("daily/{closed}")]);
    // A newer one may lie in a tier that cannot be listed.
    let yearly = sidecar.folder().join("store/yearly");
    fs::create_dir(&yearly).unwrap();
    all("700", &yearly);
    let listed = list(&sidecar);
    assert_eq!(listed["damaged"][1]["key"], "yearly/");
    let id = listed["backups"][0]["manifest"]["id"].as_str().unwrap();
    sidecar.run(&["restore", id]).succeeds();
    sidecar.run(&["restore", "latest"]).exits(4);
    sidecar.backup().succeeds();
}

#[test]
fn no_manifest_in_a_bucket_hides_the_others() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let sidecar = stored().set("stores", json!([s3.store_behind(&proxy)]));
    sidecar.backup().succeeds();
    for name in ["denied", "broken", "short"] {
        s3.put(
            &format!("citus/daily/{name}_20200101_000000.dat.manifest.json"),
            b"{\"manifest_version\": 1",
        );
    }
    let always = usize::MAX;
    proxy.inject("GET", "denied_", always, Fault::Answer(403, "AccessDenied"));
    proxy.inject(
        "HEAD",
        "denied_",
        always,
        Fault::Answer(403, "AccessDenied"),
    );
    proxy.inject("GET", "broken_", always, Fault::Answer(400, "Strange"));
    let key = |what: &str| format!("daily/{what}_20200101_000000.dat.manifest.json");
    let damaged = ["broken", "denied", "short"].map(key);
    stands_in_nobodys_way(&sidecar, &damaged.each_ref().map(String::as_str));
}

#[test]
fn one_damaged_among_five_thousand_is_the_only_one_that_is_missing() {
    const ALL: usize = 5_000;
    let sidecar = stored();
    sidecar.backup().succeeds();
    let entries = fs::read_dir(daily(&sidecar)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut manifest: Value = serde_json::from_slice(&fs::read(&files[1]).unwrap()).unwrap();
    manifest.as_object_mut().unwrap().remove("manifest_sha256");
    for number in 1..ALL {
        let path = daily(&sidecar).join(format!("old_20200101_000000_{number}.dat"));
        fs::hard_link(&files[0], &path).unwrap();
        manifest["id"] = format!("old-{number}").into();
        manifest["started_at"] = "2020-01-01T00:00:00Z".into();
        fs::write(
            format!("{}.manifest.json", path.display()),
            manifest.to_string(),
        )
        .unwrap();
    }
    fs::write(
        daily(&sidecar).join("old_20200101_000000_77.dat.manifest.json"),
        "",
    )
    .unwrap();
    let listed = list(&sidecar);
    assert_eq!(listed["backups"].as_array().unwrap().len(), ALL - 1);
    assert_eq!(
        listed["damaged"][0]["key"],
        "daily/old_20200101_000000_77.dat.manifest.json"
    );
    sidecar.backup().succeeds();
}

#[test]
fn no_lease_that_cannot_be_read_holds_a_run_up() {
    let sidecar = stored();
    let lease = sidecar.folder().join("store/.sidecar/lease-uploads.json");
    fs::create_dir_all(lease.parent().unwrap()).unwrap();
    let path = lease.display();
    for make in [
        format!("printf '\\377\\376' > '{path}'"),
        format!("truncate -s 20G '{path}'"),
        format!("mkdir '{path}'"),
    ] {
        sh(&format!("rm -rf '{path}'; {make}")).succeeds();
        sidecar.backup().succeeds();
    }
    assert_eq!(list(&sidecar)["backups"].as_array().unwrap().len(), 3);
}

#[test]
fn no_note_of_a_missed_upload_keeps_the_others_here() {
    let sidecar = stored();
    let store = sidecar.folder().join("store");
    fs::remove_dir(&store).unwrap();
    for _ in 0..5 {
        sidecar.backup().exits(1);
    }
    let pending = sidecar.artifacts().join(".sidecar/pending");
    let mut notes: Vec<PathBuf> = fs::read_dir(&pending)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some())
        .collect();
    notes.sort();
    fs::write(&notes[0], "").unwrap();
    fs::remove_file(&notes[1]).unwrap();
    fs::remove_file(&notes[2]).unwrap();
    fs::create_dir(&notes[2]).unwrap();
    fs::copy(&notes[4], &notes[3]).unwrap();
    fs::create_dir(&store).unwrap();
    let said = sidecar.run(&["upload", "--pending"]).exits(1);
    for (note, reason) in [
        (0, "EOF"),
        (1, "no note"),
        (2, "no note"),
        (3, "another backup"),
    ] {
        let name = notes[note].file_stem().unwrap().to_str().unwrap();
        assert!(
            said.stderr.contains(name) && said.stderr.contains(reason),
            "{said:?}"
        );
    }
    assert_eq!(list(&sidecar)["backups"].as_array().unwrap().len(), 1);
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("cannot be sent");
    assert_eq!(
        list(&sidecar)["backups"].as_array().unwrap().len(),
        2,
        "nothing twice"
    );
}

#[test]
fn nothing_in_place_of_a_lock_or_of_the_folder_for_uploads_stops_a_run() {
    let sidecar = stored();
    sidecar.backup().succeeds();
    let private = daily(&sidecar).with_file_name(".sidecar");
    for name in ["lease-uploads.lock", "partial"] {
        for made in [": >", "mkfifo", "ln -s nowhere/x"] {
            let path = private.join(name);
            sh(&format!("rm -rf {0}; {made} {0}", path.display()));
            sidecar.backup().succeeds();
        }
    }
}

#[test]
fn bytes_that_a_crash_left_of_a_sent_upload_are_removed() {
    let sidecar = stored();
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    let pending = sidecar.artifacts().join(".sidecar/pending");
    fs::create_dir_all(&pending).unwrap();
    let left = pending.join(made["id"].as_str().unwrap());
    fs::write(&left, "sent").unwrap();
    sidecar.run(&["upload", "--pending"]).succeeds();
    assert!(!left.exists());
}
