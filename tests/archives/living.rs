//! Trees that change, block, or are larger than a header's field.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::archive_of;
use crate::harness::{Running, Sidecar, send, sh, within};

const MIB: u64 = 1 << 20;

/// Makes a file of nothing but a hole.
fn hole(path: &Path, size: u64) -> File {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    file
}

/// Waits until `running` reads `path`, and holds it there while `change` is made.
fn while_reading(running: &Running, path: &Path, change: impl FnOnce()) {
    let descriptors = format!("/proc/{}/fd", running.pid());
    within(Duration::from_secs(30), "the file is opened", || {
        let open = std::fs::read_dir(&descriptors).ok()?.flatten();
        let mut targets = open.flat_map(|entry| std::fs::read_link(entry.path()));
        targets.any(|target| target == path).then_some(())
    });
    send(running.pid(), Signal::STOP);
    change();
    send(running.pid(), Signal::CONT);
}

/// A run over a file that grows and one that shrinks while they are read, and one behind them.
fn changed(format: &str, compression: &str, size: u64) -> Sidecar {
    let sidecar = archive_of(json!(["*"]))
        .set("strategy.config.format", format)
        .set("strategy.config.compression", compression);
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
    running.finish().succeeds().stderr_contains("2 shrinks");
    sidecar
}

#[test]
fn a_tar_survives_files_that_change_while_they_are_read() {
    let size = 128 * MIB;
    let sidecar = changed("tar", "zst", size);
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
    let sidecar = changed("zip", "store", 64 * MIB);
    let archive = sidecar.artifacts().join("backup.dat");
    sh(&format!("unzip -tq '{}'", archive.display())).succeeds();
    let last = format!("unzip -p '{}' '3 stays'", archive.display());
    assert_eq!(sh(&last).succeeds().stdout, "whole");
}

#[test]
fn a_file_too_large_for_a_tar_header_keeps_its_size() {
    let size = 8 * 1024 * MIB + 1;
    let sidecar = archive_of(json!(["*"])).set("strategy.config.compression", "zst");
    hole(&sidecar.workdir().join("1 large"), size);
    std::fs::write(sidecar.workdir().join("2 after it"), "x").unwrap();
    sidecar.backup().succeeds();
    // Unpacked once, for both.
    let lines = format!(
        "zstd -dc '{}' | tee >(bsdtar -tvf - >bsd) | tar -tvf - && cat bsd",
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
