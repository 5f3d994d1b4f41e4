//! `file_archive` beside a repository: files go in as files, and come out by restic and by the sidecar.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{backup, fetched, local, require_sound, restic, snapshots};
use crate::archives::facts::Tree;
use crate::archives::{attributes, tree};
use crate::harness::{Sidecar, sh, skip};

/// A sidecar that archives `data` of its work directory into a repository.
pub(super) fn archiving() -> Sidecar {
    let sidecar = Sidecar::new()
        .strategy("file_archive")
        .set("strategy.config.paths", "data")
        .set("strategy.artifact.format", "tar");
    let store = local(&sidecar);
    sidecar
        .set("strategy.timeout", 0)
        .set("stores", json!([store]))
}

pub(super) fn data(sidecar: &Sidecar) -> std::path::PathBuf {
    sidecar.workdir().join("data")
}

/// The tree with everything odd, but the socket, which no archive holds.
fn with_odd_tree() -> Sidecar {
    let sidecar = archiving().set("strategy.config.exclude", "data/socket");
    fs::create_dir(data(&sidecar)).unwrap();
    tree::build(&data(&sidecar));
    sidecar
}

/// What there was, as it can come back.
fn original(sidecar: &Sidecar) -> Tree {
    Tree::of_some(&data(sidecar), |name| name != b"socket")
}

/// Before 0.16, restic does not read where a link leads if that is not UTF-8.
fn as_restic_has_it(tree: Tree) -> Tree {
    tree.only(|_, facts| {
        let target = facts.target.as_deref().unwrap_or_default();
        str::from_utf8(target).is_ok_and(|target| !target.contains(char::REPLACEMENT_CHARACTER))
    })
}

/// Restores with restic into a new folder. Returns where the files are.
fn restored_by_restic(sidecar: &Sidecar, snapshot: &str) -> std::path::PathBuf {
    let target = sidecar.folder().join("by-restic");
    let _ = fs::remove_dir_all(&target);
    let arguments = ["restore", snapshot, "--target", target.to_str().unwrap()];
    restic(sidecar, &local(sidecar), &arguments).succeeds();
    target.join("file_archive/data")
}

/// Restores with the sidecar into a new folder.
fn restored(sidecar: &Sidecar, more: &[&str]) -> std::path::PathBuf {
    let target = sidecar.folder().join("restored");
    let _ = fs::remove_dir_all(&target);
    fs::create_dir(&target).unwrap();
    let arguments = ["restore", "latest", "--into", target.to_str().unwrap()];
    sidecar.run(&[&arguments[..], more].concat()).succeeds();
    target
}

fn files(manifest: &Value) -> &Value {
    &manifest["artifact"]["repository"]["files"]
}

#[test]
fn what_lies_in_a_tree_is_listed_as_it_lies_in_its_tar() {
    let entries = |sidecar: &Sidecar| {
        let listed = sidecar.run(&["contents", "latest", "--json"]).succeeds();
        listed.json()["entries"].clone()
    };
    let sidecar = with_odd_tree();
    assert!(!files(&backup(&sidecar)).is_null());
    let in_tree = entries(&sidecar);
    let beside = sidecar.folder().join("beside");
    fs::create_dir(&beside).unwrap();
    let stores = json!([{"name": "beside", "type": "fs", "path": beside}]);
    let sidecar = sidecar.set("stores", stores);
    sidecar.run(&["backup"]).succeeds();
    let in_tar = entries(&sidecar);
    let (in_tree, in_tar) = (in_tree.as_array().unwrap(), in_tar.as_array().unwrap());
    assert!(in_tree.len() > 20);
    assert_eq!(in_tree.len(), in_tar.len());
    for (in_tree, in_tar) in in_tree.iter().zip(in_tar) {
        assert_eq!(in_tree, in_tar);
    }
}

#[test]
fn everything_odd_comes_back_by_restic_and_by_the_sidecar() {
    let sidecar = with_odd_tree();
    let original = original(&sidecar);
    let manifest = backup(&sidecar);
    assert_eq!(manifest["manifest_version"], 2);
    assert!(
        files(&manifest)["count"].as_u64().unwrap() > 20,
        "{manifest}"
    );
    let stored = &manifest["artifact"]["repository"];
    assert_eq!(manifest["artifact"]["sha256"], stored["tree"]);

    let store = local(&sidecar);
    let snapshot = stored["snapshot"].as_str().unwrap();
    assert_eq!(snapshots(&sidecar, &store), [snapshot]);
    let listed = restic(&sidecar, &store, &["ls", snapshot]).succeeds();
    assert!(
        listed.stdout.contains("/file_archive/data/contents/text"),
        "{listed:?}"
    );
    let by_restic = restored_by_restic(&sidecar, snapshot);
    as_restic_has_it(Tree::of(&by_restic)).is(&as_restic_has_it(original.clone()), "by restic");
    Tree::of(&restored(&sidecar, &[]).join("data")).is(&original, "by the sidecar");

    let tar = fetched(&sidecar, "latest");
    assert_eq!(
        tar.len() as u64,
        manifest["artifact"]["raw_size"].as_u64().unwrap()
    );
    let by_tar = sidecar.folder().join("by-tar");
    fs::create_dir(&by_tar).unwrap();
    fs::write(sidecar.folder().join("fetched.tar"), tar).unwrap();
    sh(&format!(
        "cd '{}' && tar -xpf ../fetched.tar --same-owner",
        by_tar.display()
    ))
    .succeeds();
    Tree::of(&by_tar.join("data")).is(&original, "by GNU tar");

    sidecar
        .run(&["verify", "latest"])
        .succeeds()
        .stdout_contains("unaltered");
    sidecar
        .run(&["list"])
        .succeeds()
        .stdout_contains("files, 0 unchanged");
    require_sound(&sidecar);
}

#[test]
fn attributes_and_acls_come_back_too() {
    let sidecar = archiving();
    if let Err(why) = attributes::build(&data(&sidecar)) {
        return skip("attributes_and_acls_come_back_too", &why);
    }
    let original = attributes::attributes(&data(&sidecar));
    let manifest = backup(&sidecar);
    let snapshot = manifest["artifact"]["repository"]["snapshot"]
        .as_str()
        .unwrap();
    let by_restic = restored_by_restic(&sidecar, snapshot);
    assert_eq!(attributes::attributes(&by_restic), original, "by restic");
    let by_sidecar = restored(&sidecar, &[]).join("data");
    assert_eq!(
        attributes::attributes(&by_sidecar),
        original,
        "by the sidecar"
    );
    fetched(&sidecar, "latest");
    let by_tar = sidecar.folder().join("by-tar");
    fs::create_dir(&by_tar).unwrap();
    let options = "--xattrs --xattrs-include='*' --acls --same-owner";
    sh(&format!(
        "cd '{}' && tar -xpf ../fetched {options}",
        by_tar.display()
    ))
    .succeeds();
    let by_tar = attributes::attributes(&by_tar.join("data"));
    assert_eq!(by_tar, original, "by GNU tar");
}

#[test]
fn one_folder_of_it_comes_back_alone_and_a_drill_reads_all() {
    let sidecar = with_odd_tree();
    backup(&sidecar);
    let target = restored(&sidecar, &["--only", "data/names/**"]);
    let found = Tree::of(&target.join("data/names"));
    let original = Tree::of(&data(&sidecar).join("names"));
    found
        .only(|name, _| !name.is_empty())
        .is(&original.only(|name, _| !name.is_empty()), "--only");
    let beside: Vec<_> = fs::read_dir(target.join("data")).unwrap().collect();
    assert_eq!(beside.len(), 1, "{beside:?}");

    let scratch = sidecar.folder().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let sidecar = sidecar.set("drill.into", scratch.to_str().unwrap());
    sidecar.run(&["drill"]).succeeds();
}

#[test]
fn what_is_unchanged_is_not_read_again() {
    let sidecar = with_odd_tree();
    let first = backup(&sidecar);
    assert_eq!(files(&first)["unchanged"], 0);
    let count = files(&first)["count"].as_u64().unwrap();
    let second = backup(&sidecar);
    assert_eq!(files(&second)["unchanged"], count);
    assert_eq!(
        first["artifact"]["repository"]["tree"],
        second["artifact"]["repository"]["tree"]
    );
    assert!(
        second["artifact"]["size"].as_u64().unwrap() < 5000,
        "{second}"
    );

    // As long as before and with the same time of modification: the time of the last change of state tells.
    let text = data(&sidecar).join("contents/text");
    let before = fs::metadata(&text).unwrap();
    let mut content = fs::read(&text).unwrap();
    content[..4].copy_from_slice(b"THAT");
    fs::write(&text, content).unwrap();
    let times = fs::FileTimes::new().set_modified(before.modified().unwrap());
    fs::File::options()
        .write(true)
        .open(&text)
        .unwrap()
        .set_times(times)
        .unwrap();
    let third = backup(&sidecar);
    assert_eq!(files(&third)["unchanged"], count - 1);
    let original = original(&sidecar);
    let snapshot = third["artifact"]["repository"]["snapshot"]
        .as_str()
        .unwrap();
    let by_restic = restored_by_restic(&sidecar, snapshot);
    as_restic_has_it(Tree::of(&by_restic)).is(&as_restic_has_it(original.clone()), "by restic");
    Tree::of(&restored(&sidecar, &[]).join("data")).is(&original, "by the sidecar");
    require_sound(&sidecar);
}

#[test]
fn a_client_that_wants_the_artifact_gets_it_and_both_kinds_are_restored() {
    let sidecar = with_odd_tree();
    let original = original(&sidecar);
    backup(&sidecar);
    let of_files = fetched(&sidecar, "latest");
    let exported = sidecar.folder().join("exported.tar");
    sidecar
        .run(&["backup", "--output", exported.to_str().unwrap()])
        .succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().json();
    let backups = listed["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 2);
    let as_tar = backups.iter().find(|one| files(&one["manifest"]).is_null());
    let as_tar = as_tar.unwrap()["manifest"]["id"].as_str().unwrap();
    assert!(fetched(&sidecar, as_tar) == fs::read(&exported).unwrap());
    // The host makes the same tar of a tree as the strategy does of the files.
    assert!(of_files == fs::read(&exported).unwrap());
    for backup in backups {
        let id = backup["manifest"]["id"].as_str().unwrap();
        let target = sidecar.folder().join(format!("of-{id}"));
        fs::create_dir(&target).unwrap();
        sidecar
            .run(&["restore", id, "--into", target.to_str().unwrap()])
            .succeeds();
        Tree::of(&target.join("data")).is(&original, id);
    }
}

#[test]
fn what_cannot_be_archived_fails_the_run_or_is_named_in_the_manifest() {
    let sidecar = with_odd_tree().set("strategy.config.exclude", json!([]));
    sidecar.backup().exits(1).stderr_contains("socket");
    assert_eq!(
        fs::read_dir(sidecar.folder().join("store/citus/repository/snapshots"))
            .map_or(0, Iterator::count),
        0
    );
    let sidecar = sidecar.set("strategy.config.allow_missing", "data/socket");
    let manifest = backup(&sidecar);
    assert_eq!(
        manifest["omissions"].as_array().unwrap().len(),
        1,
        "{manifest}"
    );
    Tree::of(&restored(&sidecar, &[]).join("data")).is(&original(&sidecar), "the others");
}

#[test]
fn what_the_sidecar_may_not_read_is_told_and_the_others_come_back() {
    if !rustix::process::geteuid().is_root() {
        return skip(
            "what_the_sidecar_may_not_read_is_told_and_the_others_come_back",
            "needs root",
        );
    }
    let sidecar = archiving();
    fs::create_dir(data(&sidecar)).unwrap();
    for name in ["a", "locked", "z"] {
        fs::write(data(&sidecar).join(name), name).unwrap();
    }
    fs::set_permissions(
        data(&sidecar).join("locked"),
        fs::Permissions::from_mode(0o000),
    )
    .unwrap();
    sh(&format!(
        "chown -R 65534:65534 '{0}'; chown 0:0 '{0}/work/data/locked'",
        sidecar.folder().display()
    ))
    .succeeds();
    let sidecar = sidecar.user(65_534);
    sidecar.backup().exits(1).stderr_contains("data/locked");
    let sidecar = sidecar.set("strategy.config.allow_missing", "data/locked");
    let manifest = backup(&sidecar);
    assert_eq!(manifest["omissions"][0]["code"], "not-readable");
    sidecar
        .run(&["verify", "latest"])
        .succeeds()
        .stdout_contains("unaltered");
    let tar = fetched(&sidecar, "latest");
    assert_eq!(
        tar.len() as u64,
        manifest["artifact"]["raw_size"].as_u64().unwrap()
    );
    let names = [Path::new("a"), Path::new("z")].map(|name| name.as_os_str().as_bytes().to_vec());
    let target = sidecar.folder().join("restored");
    let arguments = ["restore", "latest", "--into", target.to_str().unwrap()];
    sidecar.run(&arguments).succeeds();
    let found = Tree::of(&target.join("data")).only(|name, _| !name.is_empty());
    let expected: Vec<_> = names
        .iter()
        .map(|name| OsStr::from_bytes(name).to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found.names().collect::<Vec<_>>(), expected);
}

#[test]
fn damage_is_found_and_nothing_is_restored() {
    let sidecar = with_odd_tree();
    backup(&sidecar);
    let packs = sidecar.folder().join("store/citus/repository/data");
    let found = sh(&format!("find '{}' -type f -size +100k", packs.display())).succeeds();
    let pack = found.stdout.lines().next().unwrap().to_owned();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&pack, bytes).unwrap();
    let target = sidecar.folder().join("restored");
    fs::create_dir(&target).unwrap();
    sidecar.run(&["verify", "latest"]).exits(4);
    sidecar
        .run(&["restore", "latest", "--into", target.to_str().unwrap()])
        .exits(4);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
}
