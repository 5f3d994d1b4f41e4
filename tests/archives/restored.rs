//! `sidecar restore`: an archive becomes a tree again, all of it or what was chosen.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::facts::{Facts, Tree};
use super::formats::archived;
use crate::harness::{Sidecar, repository};

/// A new folder beside the sidecar's own.
fn folder(sidecar: &Sidecar, name: &str) -> PathBuf {
    let path = sidecar.folder().join(name);
    fs::create_dir(&path).unwrap();
    path
}

fn restore(sidecar: &Sidecar, into: &Path, more: &[&str]) -> crate::harness::Finished {
    let latest = ["restore", "latest", "--into", into.to_str().unwrap()];
    sidecar.run(&[&latest[..], more].concat())
}

fn held(_: &[u8], facts: &Facts) -> bool {
    facts.kind != "socket"
}

/// Everything but sockets comes back as it was.
fn tar(compression: &str) {
    let (sidecar, original, _) = archived("tar", compression);
    let into = folder(&sidecar, "into");
    restore(&sidecar, &into, &[]).succeeds();
    Tree::of(&into.join("tree")).is(&original.only(held), compression);
}

#[test]
fn a_tar_comes_back_as_it_was() {
    tar("none");
}

#[test]
fn a_compressed_tar_comes_back_as_it_was() {
    tar("zst");
}

/// A zip holds no FIFO, no hard link, and times in whole seconds from 1980 to 2038.
fn zip(compression: &str) {
    let (sidecar, original, _) = archived("zip", compression);
    let what_zip_holds = |facts: &mut Facts| {
        let time = facts
            .mtime
            .filter(|time| (315_532_800..1 << 31).contains(&time.0));
        facts.mtime = time.map(|(seconds, _)| (seconds, 0));
        facts.same_as = None;
    };
    let into = folder(&sidecar, "into");
    restore(&sidecar, &into, &[]).succeeds();
    // What becomes of a time that the format cannot hold is not compared.
    let strange = |name: &[u8], _: &Facts| !name.starts_with(b"contents/noise-");
    let expected = original.only(|name, facts| held(name, facts) && facts.kind != "fifo");
    let expected = expected.only(strange).forget(what_zip_holds);
    let found = Tree::of(&into.join("tree")).only(strange);
    found.forget(what_zip_holds).is(&expected, compression);
    for size in [0, 1, 511, 512, 513, 262_143, 262_144, 262_145, 1_300_000] {
        let noise = format!("tree/contents/noise-{size}");
        let [was, is] =
            [sidecar.workdir(), into.clone()].map(|root| fs::read(root.join(&noise)).unwrap());
        assert!(was == is, "{noise}");
    }
}

#[test]
fn a_zip_comes_back_as_far_as_the_format_goes() {
    zip("deflate");
}

#[test]
fn a_stored_zip_comes_back_as_far_as_the_format_goes() {
    zip("store");
}

#[test]
fn only_what_was_chosen_comes_back() {
    let (sidecar, original, _) = archived("tar", "none");
    let into = folder(&sidecar, "into");
    let chosen = [
        "--only",
        "tree/links/**",
        "--only",
        "tree/names/.hidden",
        "--only",
        "tree/mo*",
    ];
    restore(&sidecar, &into, &chosen).succeeds();
    let is_chosen = |name: &[u8], _: &Facts| {
        name.starts_with(b"links/") || name == b"names/.hidden" || name.starts_with(b"modes")
    };
    // The directories above, which no path names, are there too.
    let forget = |facts: &mut Facts| facts.same_as = None;
    let found = Tree::of(&into.join("tree"));
    found
        .clone()
        .only(is_chosen)
        .forget(forget)
        .is(&original.only(is_chosen).forget(forget), "chosen");
    let above = |name: &[u8], facts: &Facts| !is_chosen(name, facts);
    let above: Vec<String> = found.only(above).names().collect();
    assert_eq!(above, ["", "links", "names"]);
    // Their first name was not chosen.
    let [one, two] = ["1", "2"].map(|number| into.join(format!("tree/links/hard {number}")));
    assert_eq!(
        fs::metadata(one).unwrap().ino(),
        fs::metadata(two).unwrap().ino()
    );
}

#[test]
fn a_name_can_become_another() {
    let (sidecar, _, _) = archived("tar", "none");
    let into = folder(&sidecar, "into");
    restore(&sidecar, &into, &["--only", "tree/contents=back/again"]).succeeds();
    let contents = Tree::of(&sidecar.workdir().join("tree/contents"));
    Tree::of(&into.join("back/again")).is(&contents, "renamed");
    restore(&sidecar, &into, &["--only", "tree/*=x"])
        .exits(3)
        .stderr_contains("names many");
}

#[test]
fn what_is_not_there_is_a_failed_restore() {
    let (sidecar, _, _) = archived("tar", "none");
    let into = folder(&sidecar, "into");
    let chosen = ["--only", "tree/links/itself", "--only", "tree/nothing"];
    restore(&sidecar, &into, &chosen)
        .exits(1)
        .stdout_contains("nothing in the archive is called tree/nothing");
    assert!(into.join("tree/links/itself").is_symlink());
}

#[test]
fn what_is_there_is_replaced_only_if_asked_for() {
    let (sidecar, original, _) = archived("tar", "none");
    let tree = sidecar.workdir().join("tree");
    let [changed, gone] = ["contents/text", "names/.hidden"].map(|name| tree.join(name));
    fs::write(&changed, "newer").unwrap();
    fs::remove_file(&gone).unwrap();
    sidecar
        .run(&["restore", "latest"])
        .exits(1)
        .stdout_contains("not restored");
    assert_eq!(fs::read(&changed).unwrap(), b"newer");
    assert_eq!(fs::read(&gone).unwrap(), b".hidden");
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    Tree::of(&tree)
        .only(held)
        .is(&original.only(held), "replaced");
}

/// A foreign backup: what `hostile.py` writes, under our strategy's name.
fn hostile(format: &str) -> (Sidecar, PathBuf) {
    let store = |sidecar: &Sidecar| sidecar.folder().join("store");
    let sidecar = Sidecar::new();
    let path = store(&sidecar);
    fs::create_dir(&path).unwrap();
    let script = repository().join("tests/clients/hostile.py");
    let line = format!("python3 '{}' {format}", script.display());
    let stores = serde_json::json!([{"name": "local", "type": "fs", "path": path}]);
    let sidecar = sidecar.command(&line).capture().set("stores", stores);
    sidecar.backup().succeeds();
    let daily = fs::read_dir(path.join("daily")).unwrap().flatten();
    let manifest = daily
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "json"))
        .unwrap();
    let mut said: serde_json::Value =
        serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    said["strategy"]["name"] = "file_archive".into();
    // A manifest without a seal is an older one.
    said.as_object_mut().unwrap().remove("manifest_sha256");
    fs::remove_file(&manifest).unwrap();
    fs::write(&manifest, said.to_string()).unwrap();
    let sidecar = sidecar
        .strategy("file_archive")
        .set("strategy.config", serde_json::json!({"paths": ["x"]}));
    fs::write(sidecar.folder().join("precious"), "untouched").unwrap();
    let into = folder(&sidecar, "into");
    (sidecar, into)
}

fn harms_nothing(format: &str) {
    let (sidecar, into) = hostile(format);
    let before = fs::read_dir(sidecar.folder()).unwrap().count();
    restore(&sidecar, &into, &[])
        .exits(1)
        .stdout_contains("entries are not restored");
    assert_eq!(
        fs::read(sidecar.folder().join("precious")).unwrap(),
        b"untouched"
    );
    assert_eq!(fs::read_dir(sidecar.folder()).unwrap().count(), before);
    assert!(!Path::new("/sidecar-hostile").exists());
    assert_eq!(fs::read(into.join("good")).unwrap(), b"good");
    assert!(!into.join("device").exists());
    assert!(!into.join("bomb").exists());
}

#[test]
fn a_hostile_tar_harms_nothing() {
    harms_nothing("tar");
}

#[test]
fn a_hostile_zip_harms_nothing() {
    harms_nothing("zip");
}
