//! Texts and lists: cut where they enter, or refused.

use super::{journal, takes};
use crate::harness::{Finished, Sidecar};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Nothing of a flood is in what is printed, nor in the journal.
#[track_caller]
fn is_small(sidecar: &Sidecar, run: &Finished) {
    let said = run.stdout.len() + run.stderr.len();
    assert!(said < MIB, "{said} bytes were printed");
    let file = journal(sidecar);
    // What is written lately is beside the file.
    for name in ["history.sqlite", "history.sqlite-wal"] {
        let size = file
            .with_file_name(name)
            .metadata()
            .map_or(0, |facts| facts.len());
        assert!(size < MIB as u64, "{name} has {size} bytes");
    }
}

#[test]
fn fifty_megabytes_of_refusals_are_a_few_and_a_number() {
    for (number, bytes, what) in [
        (3000, 8000, " more"),
        (1, 25 * MIB, "… (cut at 8192 bytes)"),
    ] {
        let sidecar = takes("refusals", number, bytes);
        let run = sidecar.run(&["backup", "--json"]);
        assert_eq!(run.code, Some(3), "{run:?}");
        is_small(&sidecar, &run);
        assert!(run.stdout.contains(what), "{}", run.stdout);
    }
}

#[test]
fn an_error_of_the_host_does_not_repeat_all_that_was_asked_for() {
    let sidecar = takes("unplanned-line", 1, 20 * MIB);
    let run = sidecar.run(&["backup", "--json"]);
    assert_eq!(run.json()["error"]["code"], "not-granted");
    is_small(&sidecar, &run);
}

#[test]
fn a_plan_that_no_operator_could_read_is_refused_with_both_numbers() {
    for (number, bytes, why) in [
        (10_001, 1, "asks for 10001 things, the limit is 10000"),
        (
            1,
            128 * KIB + 1,
            "something of 131073 bytes, the limit is 131072",
        ),
    ] {
        let run = takes("planned-lines", number, bytes).run(&["backup", "--json"]);
        let error = &run.json()["error"];
        assert_eq!(error["code"], "module-invalid");
        assert!(error["message"].as_str().unwrap().contains(why), "{error}");
    }
}

#[test]
fn a_flood_of_lines_does_not_fill_the_log() {
    for (take, lines, bytes) in [
        ("lines", 3000, 8 * KIB),
        ("output", 3000, 8 * KIB),
        ("omissions", 20_000, KIB),
    ] {
        let sidecar = takes(take, lines, bytes);
        let run = sidecar.backup().succeeds();
        let logged = run.stderr.len();
        assert!((MIB..30 * MIB).contains(&logged), "{take}: {logged} bytes");
        assert!(
            run.stderr.contains("lines are left out of the log"),
            "{take}"
        );
    }
}

#[test]
fn long_notes_of_progress_are_short_where_they_are_kept() {
    let sidecar = takes("notes", 50, MIB).env("RUST_LOG", "debug");
    let run = sidecar.backup().succeeds();
    assert!(run.stderr.len() < MIB, "{} bytes", run.stderr.len());
}

#[test]
fn what_a_restore_says_is_bounded_too() {
    let sidecar = takes("outcomes", 5000, 8000);
    sidecar.backup().succeeds();
    let run = sidecar.run(&["restore", "latest", "--json"]);
    assert_eq!(
        run.code,
        Some(0),
        "{}",
        &run.stdout[..run.stdout.len().min(2000)]
    );
    is_small(&sidecar, &run);
    let sidecar = takes("steps", 1000, 8000);
    sidecar.backup().succeeds();
    let run = sidecar.run(&["restore", "latest", "--json"]);
    is_small(&sidecar, &run);
}
