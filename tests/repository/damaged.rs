//! After damage was found, backups build on none of it: what they need of it is stored once more.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::trees::{archiving, data};
use super::{PASSWORD, backup, bucket, fetched, local, require_sound, restic, sidecar};
use crate::harness::{Sidecar, sh, sha256};

/// Its name, and what does it to a file.
type Damage = (&'static str, fn(&Path));

/// What can become of an object on a disk.
const DAMAGES: [Damage; 4] = [
    ("another byte", |pack| {
        let file = File::options().write(true).open(pack).unwrap();
        file.write_all_at(b"ZZZZ", 1000).unwrap();
    }),
    ("cut off", |pack| {
        let file = File::options().write(true).open(pack).unwrap();
        file.set_len(100_000).unwrap();
    }),
    ("empty", |pack| drop(File::create(pack).unwrap())),
    ("missing", |pack| fs::remove_file(pack).unwrap()),
];

/// Its largest object.
fn largest_pack(sidecar: &Sidecar) -> PathBuf {
    let packs = sidecar.folder().join("store/citus/repository/data");
    let line = format!(
        "find {} -type f -printf '%s %p\\n' | sort -n | tail -1 | cut -d' ' -f2",
        packs.display()
    );
    sh(&line).succeeds().stdout.trim_end().into()
}

fn id(manifest: &Value) -> &str {
    manifest["id"].as_str().unwrap()
}

/// Noise that is a file for `file_archive`, or what a command prints.
fn written(sidecar: &Sidecar) {
    fs::create_dir_all(data(sidecar)).unwrap();
    sh(&format!(
        "head -c 2M /dev/urandom >'{0}/a'; echo small >'{0}/b'",
        data(sidecar).display()
    ))
    .succeeds();
}

/// The damage is found, the next backup of the same is whole, and by it the one of before.
fn is_stored_once_more(make: impl Fn() -> Sidecar) {
    for (kind, damage) in DAMAGES {
        let sidecar = make();
        written(&sidecar);
        let before = backup(&sidecar);
        let bytes = sha256(&fetched(&sidecar, id(&before)));
        let pack = largest_pack(&sidecar);
        damage(&pack);
        sidecar.run(&["verify", id(&before)]).exits(4);
        sidecar.run(&["list"]).stdout_contains("DAMAGED");
        sidecar.check().stdout_contains("known to be damaged");
        let after = backup(&sidecar);
        for one in [&after, &before] {
            sidecar.run(&["verify", id(one)]).succeeds();
            assert_eq!(sha256(&fetched(&sidecar, id(one))), bytes, "{kind}");
        }
        // To pack anew what is damaged would give it a good name.
        sidecar
            .run(&["prune"])
            .exits(1)
            .stderr_contains("known to be damaged")
            .stderr_contains("restic rebuild-index");
        let _ = fs::remove_file(&pack);
        restic(&sidecar, &local(&sidecar), &["rebuild-index"]).succeeds();
        sidecar.run(&["verify", "--all"]).succeeds();
        sidecar.run(&["prune"]).succeeds();
        require_sound(&sidecar);
    }
}

#[test]
fn a_tree_of_which_an_object_was_damaged_is_stored_once_more() {
    is_stored_once_more(archiving);
}

#[test]
fn a_stream_of_which_an_object_was_damaged_is_stored_once_more() {
    is_stored_once_more(|| sidecar("cat \"$SIDE_CAR_WORKDIR/data/a\""));
}

#[test]
fn directories_that_were_damaged_are_stored_once_more() {
    for becomes in ["cp /dev/null", "rm"] {
        let sidecar = archiving();
        written(&sidecar);
        let before = backup(&sidecar);
        let packs = sidecar.folder().join("store/citus/repository/data");
        // Each kind of blob has objects of its own, and those of directories are small.
        sh(&format!(
            "find {} -type f -size -50k -exec {becomes} {{}} \\;",
            packs.display()
        ))
        .succeeds();
        sidecar.run(&["verify", id(&before)]).exits(4);
        let after = backup(&sidecar);
        sidecar.run(&["verify", id(&after)]).succeeds();
    }
}

#[test]
fn what_was_deleted_is_forgotten_although_a_backup_needs_it() {
    let sidecar = archiving();
    written(&sidecar);
    let before = backup(&sidecar);
    let packs = sidecar.folder().join("store/citus/repository/data");
    let packs_of_directories = |does: &str| {
        let find = format!("find {} -type f -size -50k {does}", packs.display());
        sh(&find).succeeds().stdout
    };
    packs_of_directories("-exec cp /dev/null {} \\;");
    sidecar.run(&["verify", id(&before)]).exits(4);
    written(&sidecar);
    backup(&sidecar);
    let known = "known to be damaged";
    sidecar.run(&["check"]).stdout_contains(known);
    packs_of_directories("-empty -delete");
    restic(&sidecar, &local(&sidecar), &["rebuild-index"]).succeeds();
    sidecar.run(&["verify", "--all"]).exits(4);
    let checked = sidecar.run(&["check"]);
    assert!(!checked.stdout.contains(known), "{checked:#?}");
}

#[test]
fn who_reads_a_backup_finds_damage_as_well_as_who_verifies_it() {
    for command in ["fetch", "restore"] {
        let sidecar = archiving();
        written(&sidecar);
        let before = backup(&sidecar);
        DAMAGES[0].1(&largest_pack(&sidecar));
        let to = sidecar.folder().join("to");
        let option = if command == "fetch" { "-o" } else { "--into" };
        let read = sidecar.run(&[command, id(&before), option, to.to_str().unwrap()]);
        read.exits(4);
        let after = backup(&sidecar);
        sidecar.run(&["verify", id(&after)]).succeeds();
    }
}

#[test]
fn no_backup_goes_for_one_that_rests_on_damage() {
    let sidecar = archiving().set("retention", json!({"daily": {"last": 2}}));
    written(&sidecar);
    backup(&sidecar);
    let larger = format!("head -c 4M /dev/urandom >'{}/a'", data(&sidecar).display());
    sh(&larger).succeeds();
    let second = backup(&sidecar);
    DAMAGES[0].1(&largest_pack(&sidecar));
    sidecar.run(&["verify", id(&second)]).exits(4);
    for _ in 0..2 {
        backup(&sidecar);
    }
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let listed = listed["backups"].as_array().unwrap();
    assert!(listed.len() >= 2, "{listed:?}");
    for one in listed {
        sidecar.run(&["verify", id(&one["manifest"])]).succeeds();
    }
}

#[test]
fn in_a_bucket_an_object_that_was_cut_off_is_damage_too() {
    let (s3, store) = bucket();
    let sidecar = archiving().set("stores", json!([store]));
    written(&sidecar);
    let before = backup(&sidecar);
    let packs = s3.all_keys();
    let packs = packs
        .iter()
        .filter(|key| key.starts_with("citus/repository/data/"));
    let largest = packs.max_by_key(|key| s3.object(key).len()).unwrap();
    for cut in [100_000, 0] {
        s3.put(largest, &s3.object(largest)[..cut]);
        sidecar.run(&["verify", id(&before)]).exits(4);
    }
    let after = backup(&sidecar);
    for one in [&after, &before] {
        sidecar.run(&["verify", id(one)]).succeeds();
    }
}

#[test]
fn what_else_is_lost_of_a_repository_is_damage_and_not_a_wrong_word() {
    let sidecar = archiving();
    written(&sidecar);
    let made = backup(&sidecar);
    let repository = sidecar.folder().join("store/citus/repository");
    let snapshot = made["artifact"]["repository"]["snapshot"].as_str().unwrap();
    let snapshot = repository.join("snapshots").join(snapshot);
    let whole = fs::read(&snapshot).unwrap();
    File::create(&snapshot).unwrap();
    let verified = sidecar.run(&["verify", id(&made)]).exits(4);
    assert!(!verified.stderr.contains("backtrace"), "{verified:#?}");
    fs::write(&snapshot, whole).unwrap();
    fs::remove_file(repository.join("config")).unwrap();
    sidecar
        .run(&["verify", id(&made)])
        .exits(4)
        .stderr_contains("has lost");
}

#[test]
fn a_damaged_index_is_named_and_restic_makes_it_anew() {
    let sidecar = archiving();
    written(&sidecar);
    let made = backup(&sidecar);
    let bytes = sha256(&fetched(&sidecar, id(&made)));
    let folder = sidecar.folder().join("store/citus/repository/index");
    let mut indexes = fs::read_dir(&folder).unwrap();
    let index = indexes.next().unwrap().unwrap().path();
    let file = File::options().write(true).open(&index).unwrap();
    file.write_all_at(b"ZZZZ", 50).unwrap();
    let name = index.file_name().unwrap().to_str().unwrap();
    for (command, code) in [
        (&["verify", id(&made)] as &[&str], 4),
        (&["backup"], 1),
        (&["prune"], 4),
    ] {
        sidecar
            .run(command)
            .exits(code)
            .stderr_contains(name)
            .stderr_contains("restic rebuild-index");
    }
    restic(&sidecar, &local(&sidecar), &["rebuild-index"]).succeeds();
    sidecar.run(&["verify", id(&made)]).succeeds();
    let after = backup(&sidecar);
    for one in [&after, &made] {
        assert_eq!(sha256(&fetched(&sidecar, id(one))), bytes);
    }
    require_sound(&sidecar);
}

/// A store beside the first one.
fn other(sidecar: &Sidecar, password: &str) -> Value {
    let path = sidecar.folder().join("other");
    fs::create_dir_all(&path).unwrap();
    let mut store = local(sidecar);
    store["name"] = "other".into();
    store["path"] = path.to_str().unwrap().into();
    store["repository"]["password"] = password.into();
    store
}

#[test]
fn a_damaged_backup_keeps_no_other_one_from_being_copied() {
    for password in [PASSWORD, "another-password-of-its-own"] {
        for (kind, damage) in DAMAGES {
            let sidecar = archiving();
            written(&sidecar);
            let first = backup(&sidecar);
            damage(&largest_pack(&sidecar));
            written(&sidecar);
            if kind != "another byte" {
                // Where one byte is another, the small file is whole, although it lies beside it.
                fs::write(data(&sidecar).join("b"), "another one").unwrap();
            }
            let second = backup(&sidecar);
            let both = json!([local(&sidecar), other(&sidecar, password)]);
            let sidecar = sidecar.set("stores", both);
            let synced = sidecar.run(&["sync", "--from", "local", "--to", "other"]);
            let synced = synced.exits(4).stderr_contains("store `local`");
            let listed = sidecar.run(&["list", "--json"]).succeeds().json();
            let listed = listed["backups"].as_array().unwrap();
            let copied: Vec<_> = listed
                .iter()
                .filter(|one| one["store"] == "other")
                .map(|one| id(&one["manifest"]))
                .collect();
            assert_eq!(copied, [id(&second)], "{kind} {synced:#?}");
            let only = json!([other(&sidecar, password)]);
            let sidecar = sidecar.set("stores", only);
            sidecar.run(&["verify", id(&second)]).succeeds();
            sidecar.run(&["verify", id(&first)]).exits(2);
            // What is made there builds on nothing that was not copied.
            let third = backup(&sidecar);
            sidecar.run(&["verify", id(&third)]).succeeds();
        }
    }
}

#[test]
fn damage_on_which_no_backup_rests_keeps_none_from_being_copied() {
    let sidecar = archiving().set("retention", json!({"daily": {"last": 1}}));
    written(&sidecar);
    backup(&sidecar);
    let pack = largest_pack(&sidecar);
    written(&sidecar);
    let second = backup(&sidecar);
    assert!(
        pack.exists(),
        "it is marked at first, and goes with a later run"
    );
    DAMAGES[0].1(&pack);
    let both = json!([local(&sidecar), other(&sidecar, PASSWORD)]);
    let sidecar = sidecar.set("stores", both);
    let sync = ["sync", "--from", "local", "--to", "other"];
    sidecar.run(&sync).succeeds();
    let only = json!([other(&sidecar, PASSWORD)]);
    let sidecar = sidecar.set("stores", only);
    sidecar.run(&["verify", id(&second)]).succeeds();
}
