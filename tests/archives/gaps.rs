//! What `paths` names is in the archive, or the run fails; the operator names what may be missing.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::{Value, json};

use super::archive_of;
use crate::harness::{Sidecar, mkfifo, sh, skip};

/// A user without any rights of its own.
const USER: u32 = 10_001;

fn write(sidecar: &Sidecar, name: &str) {
    let path = sidecar.workdir().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, name).unwrap();
}

fn folder(sidecar: &Sidecar, name: &str) {
    fs::create_dir_all(sidecar.workdir().join(name)).unwrap();
}

/// The run fails, says all of `texts`, and publishes nothing.
#[track_caller]
fn fails(sidecar: &Sidecar, texts: &[&str]) {
    let mut run = sidecar.backup().exits(1);
    for text in texts {
        run = run.stderr_contains(text);
    }
    assert_eq!(sidecar.artifact(), None);
}

/// The run succeeds; the codes that its manifest has for what is missing, with the end of each path.
#[track_caller]
fn lacks(sidecar: &Sidecar, expected: &[(&str, &str)]) {
    sidecar.backup().succeeds();
    let manifest = sidecar.artifacts().join(".sidecar/published.manifest.json");
    let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    let omissions = manifest["omissions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(omissions.len(), expected.len(), "{omissions:#?}");
    for (what, code) in expected {
        let is_it = |omission: &Value| {
            omission["code"] == *code && omission["what"].as_str().unwrap().ends_with(what)
        };
        assert!(
            omissions.iter().any(is_it),
            "{what} {code} in {omissions:#?}"
        );
    }
}

/// The names in a tar.
fn names(sidecar: &Sidecar) -> String {
    let archive = sidecar.artifacts().join("backup.dat");
    sh(&format!("tar -tf '{}'", archive.display()))
        .succeeds()
        .stdout
}

#[test]
fn every_path_and_pattern_that_finds_nothing_fails_the_run() {
    for format in ["tar", "zip"] {
        let paths = json!(["there", "missing", "also/missing", "none-*", "gone/**"]);
        let sidecar = archive_of(paths).set("strategy.config.format", format);
        write(&sidecar, "there");
        fails(
            &sidecar,
            &["work/missing", "work/also/missing", "allow_missing"],
        );
        // A pattern is judged where it could match.
        let sidecar = archive_of(json!(["there", "none-*"])).set("strategy.config.format", format);
        write(&sidecar, "there");
        fails(&sidecar, &["work/none-*"]);
    }
}

#[test]
fn what_may_be_missing_is_named_and_then_said() {
    let sidecar = archive_of(json!(["there", "missing", "none-[ab]", "sub/gone"])).set(
        "strategy.config.allow_missing",
        json!(["missing", "none-[ab]", "sub"]),
    );
    write(&sidecar, "there");
    let expected = [
        ("work/missing", "not-found"),
        ("work/none-[ab]", "no-match"),
        ("work/sub/gone", "not-found"),
    ];
    lacks(&sidecar, &expected);
    assert_eq!(names(&sidecar), "there\n");
    // Another name does not help.
    let sidecar = archive_of(json!(["there", "missing"])).set(
        "strategy.config.allow_missing",
        json!(["missin", "missing/below"]),
    );
    write(&sidecar, "there");
    fails(&sidecar, &["work/missing"]);
}

#[test]
fn a_directory_without_a_file_fails_the_run() {
    let empty = |paths: Value| {
        let sidecar = archive_of(paths);
        write(&sidecar, "config/app.yaml");
        folder(&sidecar, "volume");
        sidecar
    };
    fails(
        &empty(json!(["config", "volume"])),
        &["work/volume is empty", "allow_empty"],
    );
    // As a new file system looks, by a pattern, and behind a link.
    let sidecar = empty(json!(["config", "volume"]));
    folder(&sidecar, "volume/lost+found");
    fails(&sidecar, &["work/volume is empty"]);
    let sidecar = empty(json!(["config", "vol*"]));
    fails(&sidecar, &["work/vol* is empty"]);
    let sidecar = empty(json!(["config", "link"])).set("strategy.config.follow_symlinks", true);
    symlink("volume", sidecar.workdir().join("link")).unwrap();
    fails(&sidecar, &["work/link is empty"]);

    let sidecar = empty(json!(["config", "volume"])).set("strategy.config.allow_empty", "volume");
    lacks(&sidecar, &[("work/volume", "empty")]);
    assert!(names(&sidecar).contains("volume/\n"));
    // One below another that has files is no gap.
    let sidecar = empty(json!(["config"]));
    folder(&sidecar, "config/empty");
    lacks(&sidecar, &[]);
}

#[test]
fn a_directory_of_which_all_is_excluded_fails_the_run() {
    let excluded = || {
        let sidecar = archive_of(json!(["config", "volume"]));
        write(&sidecar, "config/app.yaml");
        write(&sidecar, "config/a.tmp");
        write(&sidecar, "volume/a.tmp");
        sidecar.set("strategy.config.exclude", "**/*.tmp")
    };
    fails(
        &excluded(),
        &["no file of", "work/volume is left", "allow_empty"],
    );
    let allowed = excluded().set("strategy.config.allow_empty", "volume");
    lacks(&allowed, &[("work/volume", "empty")]);
}

#[test]
fn an_archive_without_any_entry_fails_whatever_may_be_missing() {
    let sidecar =
        archive_of(json!(["a", "b/**"])).set("strategy.config.allow_missing", json!(["**"]));
    fails(&sidecar, &["nothing matches"]);
}

#[test]
fn a_mount_that_a_glob_names_is_archived_and_one_below_is_left_out_aloud() {
    let sidecar = archive_of(json!(["*"])).set("strategy.config.one_file_system", true);
    write(&sidecar, "files/a");
    folder(&sidecar, "named");
    folder(&sidecar, "files/below");
    let mounts = [
        sidecar.workdir().join("named"),
        sidecar.workdir().join("files/below"),
    ];
    for mount in &mounts {
        sh(&format!("mount -t tmpfs none '{}'", mount.display())).succeeds();
        fs::write(mount.join("inside"), "x").unwrap();
    }
    let run = sidecar.backup();
    for mount in &mounts {
        sh(&format!("umount -l '{}'", mount.display())).succeeds();
    }
    run.succeeds()
        .stderr_contains("files/below is on another file system");
    let names = names(&sidecar);
    assert!(names.contains("named/inside\n"), "{names}");
    assert!(!names.contains("below/inside"), "{names}");
}

#[test]
fn a_link_that_leads_nowhere_fails_a_run_that_follows_links() {
    let sidecar =
        archive_of(json!(["there", "link", "loop"])).set("strategy.config.follow_symlinks", true);
    write(&sidecar, "there");
    symlink("volume", sidecar.workdir().join("link")).unwrap();
    symlink("loop", sidecar.workdir().join("loop")).unwrap();
    fails(&sidecar, &["work/link", "work/loop"]);
}

#[test]
fn all_that_cannot_be_read_is_named() {
    let closed = |path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    };
    let tree = || {
        let sidecar = archive_of(json!(["tree"]));
        for name in ["a/file", "b", "c/below/file", "d"] {
            write(&sidecar, &format!("tree/{name}"));
        }
        for name in ["b", "c", "d"] {
            closed(&sidecar.workdir().join("tree").join(name));
        }
        sidecar.user(USER)
    };
    if !rustix::process::geteuid().is_root() {
        skip("archives::gaps", "only root may become another user");
        return;
    }
    fails(
        &tree(),
        &["tree/b", "tree/c", "tree/d", "Permission denied"],
    );
    let sidecar = tree().set("strategy.config.allow_missing", json!(["tree/b", "tree/c"]));
    fails(&sidecar, &["tree/d", "10001"]);
    let sidecar = tree().set("strategy.config.allow_missing", json!(["tree/[bcd]"]));
    let code = "not-readable";
    lacks(
        &sidecar,
        &[("tree/b", code), ("tree/c", code), ("tree/d", code)],
    );
    assert!(names(&sidecar).contains("tree/a/file\n"));
    // Before anything is archived.
    let sidecar = tree().set("strategy.config.paths", json!(["tree/a", "tree/c/below"]));
    fails(&sidecar, &["tree/c/below"]);
}

#[test]
fn what_a_format_cannot_hold_fails_the_run() {
    for (format, kind) in [("tar", "socket"), ("zip", "socket"), ("zip", "fifo")] {
        let tree = || {
            let sidecar = archive_of(json!(["tree"])).set("strategy.config.format", format);
            write(&sidecar, "tree/file");
            let path = sidecar.workdir().join("tree/special");
            match kind {
                "fifo" => mkfifo(&path),
                _ => drop(UnixListener::bind(path).unwrap()),
            }
            sidecar
        };
        fails(&tree(), &["tree/special", kind]);
        let sidecar = tree().set("strategy.config.allow_missing", "**/special");
        lacks(&sidecar, &[("tree/special", "not-supported")]);
        lacks(&tree().set("strategy.config.exclude", "**/special"), &[]);
    }
}

#[test]
fn what_has_not_one_byte_fails_the_run() {
    let tree = |paths: Value| {
        let sidecar = archive_of(paths);
        write(&sidecar, "config/app.yaml");
        folder(&sidecar, "dumps");
        for name in ["dump.sql", "dumps/a", "dumps/b"] {
            fs::write(sidecar.workdir().join(name), "").unwrap();
        }
        sidecar
    };
    for format in ["tar", "zip"] {
        for path in ["dump.sql", "*.sql", "dumps/[ab]"] {
            let sidecar = tree(json!(["config", path])).set("strategy.config.format", format);
            fails(&sidecar, &["has a byte", "allow_empty"]);
            sidecar.check().exits(3).stderr_contains("has a byte");
            let allowed = sidecar.set("strategy.config.allow_empty", path);
            lacks(&allowed, &[(path, "empty")]);
        }
    }
    // A tree may consist of marks.
    for path in ["dumps", "dumps/**", "*"] {
        lacks(&tree(json!([path])), &[]);
    }
}
