//! A journal of version 8 or 9, beside a folder of backups.

use std::fs;

use super::{left_by, night, runs};
use crate::harness::{Clock, Sidecar};

const JOURNALS: [&str; 2] = ["journal_8", "journal_9"];

fn left(journal: &str) -> Sidecar {
    left_by("version_9", journal, |_| ())
}

#[test]
fn the_runs_are_shown() {
    for journal in JOURNALS {
        let shown: Vec<_> = runs(&left(journal))
            .iter()
            .map(|run| run["state"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(shown, ["failed", "succeeded", "succeeded"], "{journal}");
    }
}

#[test]
fn it_is_told_who_asked_for_what() {
    for journal in JOURNALS {
        left(journal)
            .run(&["audit"])
            .succeeds()
            .stdout_contains("prune");
    }
}

#[test]
fn what_runs_said_is_shown_where_it_was_written_down() {
    for (journal, said) in [("journal_8", None), ("journal_9", Some("says the dump"))] {
        let sidecar = left(journal);
        let runs = runs(&sidecar);
        let first = runs.last().unwrap()["id"].as_str().unwrap().to_owned();
        let server = sidecar.serve();
        let log = server.get(&format!("/backup/jobs/{first}/log")).json();
        assert_eq!(log["lines"][0]["text"].as_str(), said, "{journal}: {log}");
    }
}

#[test]
fn the_backups_are_listed_verified_and_restored_and_the_next_run_goes_on() {
    for journal in JOURNALS {
        let clock = Clock::at("2024-01-03T03:00:00Z");
        let sidecar = clock.rules(left(journal));
        let listed = || {
            let listed = sidecar.run(&["list", "--json"]).succeeds().json();
            listed["backups"].as_array().unwrap().len()
        };
        // Two days, and the copy of the month.
        assert_eq!(listed(), 3, "{journal}");
        sidecar.run(&["verify", "--all"]).succeeds();
        sidecar.run(&["restore", "latest"]).succeeds();
        let back = fs::read_to_string(sidecar.workdir().join("back")).unwrap();
        assert_eq!(back, night("2024-01-02"), "{journal}");
        fs::write(sidecar.workdir().join("tonight"), night("2024-01-03")).unwrap();
        sidecar.backup().succeeds();
        assert_eq!(listed(), 4, "{journal}");
        assert_eq!(runs(&sidecar).len(), 5, "{journal}: with the restore");
    }
}
