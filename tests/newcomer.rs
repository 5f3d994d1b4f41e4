//! A newcomer: the README's first command makes a backup on any machine.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Finished, Running, repository, sh, sha256};

/// The arguments of the first `cargo run … -- ARGUMENTS` in the README.
fn documented_arguments() -> Vec<String> {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let line = readme
        .lines()
        .find(|line| line.starts_with("cargo run"))
        .expect("the README's first command starts with `cargo run`");
    let (_, arguments) = line.split_once(" -- ").expect("`cargo run -- ARGUMENTS`");
    arguments.split_whitespace().map(str::to_owned).collect()
}

/// Runs what the README says, in the repository, with the binary that is already built. The demo
/// works below `TMPDIR`: each test has its own.
fn as_documented(temporary: &TempDir, more: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidecar"));
    command.args(documented_arguments()).args(more);
    command
        .current_dir(repository())
        .env("TMPDIR", temporary.path());
    Running::start(command).finish().succeeds()
}

#[test]
fn the_readmes_first_command_makes_a_backup_that_tar_lists() {
    let temporary = tempfile::tempdir().unwrap();
    let report = as_documented(&temporary, &["--json"]).json();
    let path = repository().join(report["artifact"]["path"].as_str().unwrap());
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(report["artifact"]["size"], bytes.len());
    assert_eq!(report["artifact"]["sha256"], sha256(&bytes));

    let listed = sh(&format!("tar tf '{}'", path.display())).succeeds();
    assert!(listed.stdout.lines().count() > 1, "{listed:#?}");
}

#[test]
fn it_prints_path_size_and_sha256_for_people() {
    let temporary = tempfile::tempdir().unwrap();
    let finished = as_documented(&temporary, &[]);
    let path = finished
        .stdout
        .split_whitespace()
        .map(|word| word.trim_matches(|c| matches!(c, '`' | '"' | '\'' | ',')))
        .find(|word| repository().join(word).is_file())
        .unwrap_or_else(|| panic!("no path of a file: {finished:#?}"));
    let bytes = std::fs::read(repository().join(path)).unwrap();
    let digest = sha256(&bytes);
    assert!(Path::new(path).file_name().is_some());
    finished
        .stdout_contains(&digest)
        .stdout_contains(&bytes.len().to_string());
}
