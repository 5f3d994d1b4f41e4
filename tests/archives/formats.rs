//! The odd tree in every format, unpacked by tools that are not ours.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::facts::{Facts, Tree};
use super::{archive_of, tree};
use crate::harness::{Sidecar, repository, sh, skip};

/// Archives the odd tree; returns its facts and where the artifact is.
pub(super) fn archived(format: &str, compression: &str) -> (Sidecar, Tree, PathBuf) {
    let sidecar = archive_of("tree")
        .set("strategy.config.allow_missing", not_held(format))
        .set("strategy.config.format", format)
        .set("strategy.config.compression", compression)
        .set("strategy.artifact.filename", format!("tree.{format}"));
    let root = sidecar.workdir().join("tree");
    std::fs::create_dir(&root).unwrap();
    tree::build(&root);
    if !tree::may_change_owners() {
        skip("archives::formats", "owners: only root may give files away");
    }
    sidecar.backup().succeeds();
    let original = Tree::of(&root);
    let artifact = sidecar.artifacts().join(format!("tree.{format}"));
    (sidecar, original, artifact)
}

/// What of the tree a format cannot hold.
fn not_held(format: &str) -> Value {
    match format {
        "zip" => json!(["tree/socket", "tree/fifo"]),
        _ => json!(["tree/socket"]),
    }
}

/// Runs `tool` on `archive` in a new folder and returns what is there then.
fn unpacked(sidecar: &Sidecar, archive: &Path, tool: &str) -> Tree {
    let into = sidecar.folder().join("unpacked");
    std::fs::create_dir(&into).unwrap();
    let line = tool
        .replace("{archive}", archive.to_str().unwrap())
        .replace(
            "{clients}",
            repository().join("tests/clients").to_str().unwrap(),
        );
    sh(&format!(
        "export LC_ALL=C.UTF-8; cd '{}' && {line}",
        into.display()
    ))
    .succeeds();
    let tree = Tree::of(&into.join("tree"));
    std::fs::remove_dir_all(&into).unwrap();
    tree
}

/// tar holds all of it but sockets, which no archive does.
fn tar(compression: &str) {
    unpacks_as_it_was(compression, PYTHON);
}

fn unpacks_as_it_was(compression: &str, python: &str) {
    let (sidecar, original, archive) = archived("tar", compression);
    let expected = original.only(|_, facts| facts.kind != "socket");
    let check = |tool: &str, forget: &dyn Fn(&mut Facts)| {
        let found = unpacked(&sidecar, &archive, tool).forget(forget);
        found.is(&expected.clone().forget(forget), tool);
    };
    let all = "--preserve-permissions --same-owner --numeric-owner";
    check(
        &format!("tar --extract {all} --file '{{archive}}'"),
        &|_| (),
    );
    // libarchive takes -1.5 s for -0.5 s.
    check("bsdtar -x -p --numeric-owner -f '{archive}'", &|facts| {
        facts.mtime = facts.mtime.filter(|time| time.0 >= 0 || time.1 == 0);
    });
    // Python's times are floating-point numbers, and it leaves those of links alone.
    check(python, &|facts| {
        let mtime = facts.mtime.filter(|_| facts.kind != "symlink");
        facts.mtime = mtime.map(|(seconds, nanoseconds)| (seconds, nanoseconds / 10_000));
    });
}

/// Python's `tarfile` and `zipfile`.
const PYTHON: &str = "python3 '{clients}/unpack.py' '{archive}'";

#[test]
fn tar_without_compression() {
    tar("none");
}

#[test]
fn tar_gz() {
    tar("gz");
}

#[test]
fn tar_bz2() {
    tar("bz2");
}

#[test]
fn tar_xz() {
    tar("xz");
}

#[test]
fn tar_zst() {
    // Python reads zst since 3.14.
    let python = PYTHON.replace("'{archive}'", "../plain.tar");
    unpacks_as_it_was(
        "zst",
        &format!("zstd -dq '{{archive}}' -o ../plain.tar; {python}"),
    );
}

/// zip holds no FIFO, no hard link (each name is a file of its own), and times only in whole seconds
/// from 1980 to 2038; the tools that unpack it leave the times and the owners of links alone.
fn zip(compression: &str) {
    let (sidecar, original, archive) = archived("zip", compression);
    let held = |_: &[u8], facts: &Facts| !matches!(facts.kind, "socket" | "fifo");
    let expected = original.only(held);
    let what_zip_holds = |facts: &mut Facts| {
        let link = facts.kind == "symlink";
        let representable = |seconds: i64| !link && (315_532_801..1 << 31).contains(&seconds);
        let mtime = facts.mtime.filter(|time| representable(time.0));
        facts.mtime = mtime.map(|(seconds, _)| (seconds, 0));
        facts.owner = facts.owner.filter(|_| !link);
        facts.same_as = None;
    };
    let expected = expected.forget(what_zip_holds);
    let found = |tool| {
        let found = unpacked(&sidecar, &archive, tool);
        found.only(held).forget(what_zip_holds)
    };

    found("unzip -q -X -K -^ '{archive}'").is(&expected, "unzip");

    // libarchive composes what is decomposed in a name.
    let same = |name: &[u8], _: &Facts| !name.ends_with(b"decomposed");
    let bsdtar = found("bsdtar -x -p --numeric-owner -f '{archive}'");
    bsdtar.only(same).is(&expected.clone().only(same), "bsdtar");

    // Python reads the time of DOS, which is even, and no owners.
    let what_python_reads = |facts: &mut Facts| {
        facts.mtime = facts.mtime.map(|(seconds, _)| (seconds & !1, 0));
        facts.owner = None;
    };
    let python = found(PYTHON).forget(what_python_reads);
    python.is(&expected.forget(what_python_reads), "Python's zipfile");
}

#[test]
fn zip_deflate() {
    zip("deflate");
}

#[test]
fn zip_store() {
    zip("store");
}
