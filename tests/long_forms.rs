//! The short forms of what `tests/hardening` tries at length: see "Long forms" in `tests/README.md`.

use std::process::Command;
use std::time::Duration;

use crate::harness::{Finished, repository, skip};

/// Runs a script of `tests/`, which says itself what does not hold.
fn holds(script: &str, arguments: &[&str]) {
    let mut command = Command::new(repository().join("tests").join(script));
    command
        .args(arguments)
        .args(["--binary", env!("CARGO_BIN_EXE_sidecar")])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(repository());
    let output = command.output().unwrap();
    Finished::new(&output, Duration::ZERO).succeeds();
}

fn is_root(test: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        skip(test, "only root can mount a disk");
    }
    is_root
}

#[test]
fn a_backup_that_is_killed_or_fails_at_a_call_costs_no_listed_one() {
    // A call that each run makes on one thread: what is struck is the same every time.
    let arguments = ["--most", "2", "--store", "fs", "--call", "renameat2"];
    holds("every_call", &arguments);
}

#[test]
fn a_power_failure_costs_no_listed_backup() {
    if is_root("long_forms::a_power_failure_costs_no_listed_backup") {
        holds("power_loss", &["--count", "4"]);
    }
}

#[test]
fn a_server_needs_no_more_of_the_machine_after_many_runs() {
    holds("soak", &["--minutes", "0.5"]);
}
