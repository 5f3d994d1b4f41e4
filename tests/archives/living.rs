//! Trees that change, block, or are larger than a header's field.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::archive_of;
use crate::harness::{Finished, Running, Sidecar, send, sh, within};

const MIB: u64 = 1 << 20;

/// Makes a file of nothing but a hole.
pub(crate) fn hole(path: &Path, size: u64) -> File {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    file
}

/// Waits until `running` reads `path`, and holds it there while `change` is made.
pub(crate) fn while_reading(running: &Running, path: &Path, change: impl FnOnce()) {
    let descriptors = format!("/proc/{}/fd", running.pid());
    within(Duration::from_secs(30), "the file is opened", || {
        let open = std::fs::read_dir(&descriptors).ok()?.flatten();
        let mut targets = open.flat_map(|entry| std::fs::read_link(entry.path()));
        targets.any(|target| target == path).then_some(())
    });
    // A file is opened before its size is looked at.
    let opened = bytes_read(running);
    within(Duration::from_secs(30), "the file is read", || {
        (bytes_read(running) > opened + CHUNK).then_some(())
    });
    send(running.pid(), Signal::STOP);
    change();
    send(running.pid(), Signal::CONT);
}

/// More than a sidecar reads beside a large file.
const CHUNK: u64 = 256 << 10;

/// How many bytes a process has read until now.
fn bytes_read(running: &Running) -> u64 {
    let io = std::fs::read_to_string(format!("/proc/{}/io", running.pid())).unwrap();
    let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.unwrap().parse().unwrap()
}

/// What became shorter is in the archive, if the operator allows it, and the manifest says so.
fn lacks_an_end(sidecar: &Sidecar) {
    let manifest = sidecar.artifacts().join(".sidecar/published.manifest.json");
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    let omissions = manifest["omissions"].as_array().unwrap();
    assert_eq!(omissions.len(), 2, "{omissions:?}");
    assert_eq!(omissions[0]["code"], "grew");
    assert_eq!(omissions[1]["code"], "shrank");
    assert!(
        omissions[1]["what"]
            .as_str()
            .unwrap()
            .ends_with("2 shrinks")
    );
}

/// A run over a file that grows and one that shrinks while they are read, and one behind them.
fn changed(format: &str, compression: &str, size: u64, allowed: &[&str]) -> (Sidecar, Finished) {
    let sidecar = archive_of(json!(["*"]))
        .set("strategy.config.format", format)
        .set("strategy.config.compression", compression)
        .set("strategy.config.allow_changed", json!(allowed));
    let path = |name: &str| sidecar.workdir().join(name);
    hole(&path("1 grows"), size);
    hole(&path("2 shrinks"), size);
    std::fs::write(path("3 stays"), "whole").unwrap();

    let running = sidecar.start(&["backup"]);
    while_reading(&running, &path("1 grows"), || {
        let mut file = OpenOptions::new()
            .append(true)
            .open(path("1 grows"))
            .unwrap();
        file.write_all(&[1; 100_000]).unwrap();
    });
    while_reading(&running, &path("2 shrinks"), || {
        OpenOptions::new()
            .write(true)
            .open(path("2 shrinks"))
            .unwrap()
            .set_len(100)
            .unwrap();
    });
    // What was lost is told, and named.
    let run = running.finish().stderr_contains("2 shrinks");
    (sidecar, run)
}

#[test]
fn a_tar_survives_files_that_change_while_they_are_read() {
    let size = 128 * MIB;
    let (sidecar, run) = changed("tar", "zst", size, &["2 *"]);
    run.succeeds();
    lacks_an_end(&sidecar);
    let archive = sidecar.artifacts().join("backup.dat");
    let list = sh(&format!("tar --zstd -tvf '{}'", archive.display()))
        .succeeds()
        .stdout;
    for name in ["1 grows", "2 shrinks"] {
        let line = list
            .lines()
            .find(|line| line.ends_with(name))
            .unwrap_or_default();
        assert!(line.contains(&format!(" {size} ")), "{name} in\n{list}");
    }
    let last = format!("tar --zstd -xOf '{}' '3 stays'", archive.display());
    assert_eq!(sh(&last).succeeds().stdout, "whole");
}

#[test]
fn a_zip_survives_files_that_change_while_they_are_read() {
    let (sidecar, run) = changed("zip", "store", 128 * MIB, &["2 shrinks"]);
    run.succeeds();
    lacks_an_end(&sidecar);
    let archive = sidecar.artifacts().join("backup.dat");
    sh(&format!("unzip -tq '{}'", archive.display())).succeeds();
    let last = format!("unzip -p '{}' '3 stays'", archive.display());
    assert_eq!(sh(&last).succeeds().stdout, "whole");
}

#[test]
fn a_file_that_becomes_shorter_fails_the_run() {
    for format in ["tar", "zip"] {
        let (sidecar, run) = changed(format, "store", 128 * MIB, &["1 *"]);
        run.exits(1).stderr_contains("allow_changed");
        assert_eq!(sidecar.artifact(), None);
    }
}

/// A run over a tree from which `change` takes something while a large file before it is read.
fn disturbed(allowed: &[&str], change: impl FnOnce(&Path)) -> (Sidecar, Finished) {
    let sidecar = archive_of(json!(["tree"])).set("strategy.config.allow_changed", json!(allowed));
    let tree = sidecar.workdir().join("tree");
    for name in ["2 directory", "3 other"] {
        std::fs::create_dir_all(tree.join(name)).unwrap();
        std::fs::write(tree.join(name).join("file"), "x").unwrap();
    }
    std::fs::write(tree.join("4 last"), "whole").unwrap();
    hole(&tree.join("1 large"), 256 * MIB);
    let running = sidecar.start(&["backup"]);
    while_reading(&running, &tree.join("1 large"), || change(&tree));
    let run = running.finish();
    (sidecar, run)
}

#[test]
fn what_vanishes_or_becomes_something_else_fails_the_run() {
    let change = |tree: &Path| {
        std::fs::remove_dir_all(tree.join("2 directory")).unwrap();
        std::fs::remove_dir_all(tree.join("3 other")).unwrap();
        std::fs::write(tree.join("3 other"), "a file now").unwrap();
    };
    let (sidecar, run) = disturbed(&[], change);
    run.exits(1)
        .stderr_contains("2 directory vanished")
        .stderr_contains("3 other became something else");
    assert_eq!(sidecar.artifact(), None);

    let (sidecar, run) = disturbed(&["tree/[23]*"], change);
    run.succeeds();
    let archive = sidecar.artifacts().join("backup.dat");
    let last = format!("tar -xOf '{}' 'tree/4 last'", archive.display());
    assert_eq!(sh(&last).succeeds().stdout, "whole");
}

#[test]
fn a_file_too_large_for_a_tar_header_keeps_its_size() {
    let size = 8 * 1024 * MIB + 1;
    let sidecar = archive_of(json!(["*"])).set("strategy.config.compression", "zst");
    hole(&sidecar.workdir().join("1 large"), size);
    std::fs::write(sidecar.workdir().join("2 after it"), "x").unwrap();
    sidecar.backup().succeeds();
    // Both seek over what is a hole in the unpacked file too.
    let lines = format!(
        "zstd -dq '{}' -o unpacked.tar && tar -tvf unpacked.tar && bsdtar -tvf unpacked.tar",
        sidecar.artifacts().join("backup.dat").display()
    );
    let folder = sidecar.folder().display();
    let list = sh(&format!("cd '{folder}'; {lines}")).succeeds().stdout;
    assert_eq!(list.matches(&size.to_string()).count(), 2, "{list}");
    assert_eq!(list.matches("2 after it").count(), 2, "{list}");
}

#[test]
fn more_entries_than_a_zip_once_could_have() {
    let sidecar = archive_of(json!(["many"])).set("strategy.config.format", "zip");
    let many = sidecar.workdir().join("many");
    std::fs::create_dir(&many).unwrap();
    for number in 0..66_000 {
        File::create(many.join(format!("{number:05}"))).unwrap();
    }
    sidecar.backup().succeeds();
    let archive = sidecar.artifacts().join("backup.dat");
    sh(&format!("unzip -tq '{}'", archive.display())).succeeds();
    let count =
        "python3 -c 'import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))'";
    let count = sh(&format!("{count} '{}'", archive.display()))
        .succeeds()
        .stdout;
    assert_eq!(count.trim(), "66001");
}

/// A run over a large file that is written to while it is read, and is as long as before.
fn rewritten(format: &str, allowed: &[&str], change: impl FnOnce(&Path)) -> (Sidecar, Finished) {
    let sidecar = archive_of(json!(["*"]))
        .set("strategy.config.format", format)
        .set("strategy.config.compression", "store")
        .set("strategy.config.allow_changed", json!(allowed));
    let path = sidecar.workdir().join("database");
    hole(&path, 96 * MIB);
    let running = sidecar.start(&["backup"]);
    while_reading(&running, &path, || change(&path));
    (sidecar, running.finish())
}

fn write_into(path: &Path) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(&[7; 4096]).unwrap();
}

#[test]
fn a_file_that_is_rewritten_while_it_is_read_fails_the_run() {
    for format in ["tar", "zip"] {
        let (sidecar, run) = rewritten(format, &[], write_into);
        run.exits(1)
            .stderr_contains("was written to while it was read")
            .stderr_contains("allow_changed");
        assert_eq!(sidecar.artifact(), None);
        // Also by one who sets the time of modification back.
        let (_, run) = rewritten(format, &[], |path| {
            let before = std::fs::metadata(path).unwrap().modified().unwrap();
            write_into(path);
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_modified(before).unwrap();
        });
        run.exits(1).stderr_contains("was written to");
        let (sidecar, run) = rewritten(format, &["data*"], write_into);
        run.succeeds();
        let manifest = sidecar.artifacts().join(".sidecar/published.manifest.json");
        let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
        assert_eq!(manifest["omissions"][0]["code"], "rewritten");
    }
}

#[test]
fn another_mode_name_or_a_replacement_changes_no_byte_that_was_read() {
    for format in ["tar", "zip"] {
        let changes: [fn(&Path); 3] = [
            |path| drop(sh(&format!("chmod 600 '{}'", path.display())).succeeds()),
            |path| std::fs::hard_link(path, path.with_file_name("../second")).unwrap(),
            |path| {
                let new = path.with_file_name("../new");
                std::fs::write(&new, "new").unwrap();
                std::fs::rename(new, path).unwrap();
            },
        ];
        for change in changes {
            rewritten(format, &[], change).1.succeeds();
        }
    }
}
