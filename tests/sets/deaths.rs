//! `quiesce.after` runs in every case once `before` has started: the application never stays in maintenance.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{application, custom, events, sets};
use crate::harness::{Gate, Sidecar, within};

const SOON: Duration = Duration::from_secs(30);

/// An application whose second member stops at a gate.
fn stopping() -> (Sidecar, Gate) {
    let sidecar = application();
    let gate = sidecar.gate("second member");
    let second = custom(&format!("{}; echo dump", gate.wait()));
    (sidecar.set("strategies.uploads", second), gate)
}

fn is_out_of_maintenance(sidecar: &Sidecar) {
    assert_eq!(events(sidecar), ["on", "off"]);
    assert!(!sidecar.artifacts().join(".sidecar/owed.json").exists());
    assert_eq!(sets(sidecar), 0);
}

#[test]
fn after_a_member_that_fails_the_others_stay_backups_and_there_is_no_set() {
    let sidecar = application().set("strategies.db", custom("exit 7"));
    let error = sidecar.run(&["backup", "--json"]).exits(1).json();
    assert_eq!(error["error"]["code"], "set-incomplete");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("the set is not complete: db: "),
        "{message}"
    );
    is_out_of_maintenance(&sidecar);
    let left = super::listed(&sidecar);
    assert!(
        matches!(left.as_slice(), [(name, _)] if name == "uploads"),
        "{left:?}"
    );
}

#[test]
fn after_a_failing_before() {
    let sidecar = application().set("set.quiesce.before", "echo on >> events; exit 3");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("set.quiesce.before failed");
    is_out_of_maintenance(&sidecar);
    assert_eq!(super::listed(&sidecar), []);
}

#[test]
fn after_a_before_that_hangs() {
    let sidecar = application()
        .set("set.quiesce.before", "echo on >> events; sleep 60")
        .set("set.quiesce.timeout", "1s");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("took longer than 1s")
        .stderr_contains("set.quiesce.timeout");
    is_out_of_maintenance(&sidecar);
}

#[test]
fn after_a_time_out_of_the_second_member() {
    let (sidecar, gate) = stopping();
    let sidecar = sidecar.set("strategies.uploads.timeout", "1s");
    let run = sidecar.start(&["backup"]);
    let _open = gate.reached();
    run.finish().exits(1).stderr_contains("took longer than");
    is_out_of_maintenance(&sidecar);
}

#[test]
fn after_signals_in_the_second_member() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (sidecar, gate) = stopping();
        let run = sidecar.start(&["backup"]);
        let _open = gate.reached();
        assert_eq!(events(&sidecar), ["on"]);
        run.end_with(signal).exits(code);
        is_out_of_maintenance(&sidecar);
    }
}

#[test]
fn after_a_cancelled_set_and_after_a_cancelled_member() {
    for of_member in [false, true] {
        let (sidecar, gate) = stopping();
        let server = sidecar.serve();
        let answer = server.ask("POST", "/backup/export", &[("Prefer", "respond-async")]);
        let accepted = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let set = text(&accepted["status_url"]);
        let url = match of_member {
            true => text(&accepted["members"][1]["status_url"]),
            false => set.clone(),
        };
        let _open = gate.reached();
        assert_eq!(server.ask("DELETE", &url, &[]).status, 200);
        let job = server.over(&set);
        let (state, code) = match of_member {
            true => ("failed", "set-incomplete"),
            false => ("cancelled", "cancelled"),
        };
        assert_eq!(
            (&job["state"], &job["error"]["code"]),
            (&json!(state), &json!(code))
        );
        is_out_of_maintenance(&sidecar);
    }
}

#[test]
fn after_kill_nine_in_the_second_member() {
    let (sidecar, gate) = stopping();
    let run = sidecar.start(&["backup"]);
    let _open = gate.reached();
    run.end_with(Signal::KILL);
    // No other sidecar starts: the watchdog does it.
    within(SOON, "the application is out of maintenance", || {
        let note = sidecar.artifacts().join(".sidecar/owed.json");
        (events(&sidecar) == ["on", "off"] && !note.exists()).then_some(())
    });
    is_out_of_maintenance(&sidecar);
}

#[test]
fn a_before_that_the_watchdog_could_not_undo_is_undone_by_the_next_start() {
    let (sidecar, gate) = stopping();
    let sidecar = sidecar.set("set.quiesce.after", "[ -e ready ] && echo off >> events");
    let run = sidecar.start(&["backup"]);
    let open = gate.reached();
    run.end_with(Signal::KILL);
    within(SOON, "nothing runs", || {
        sidecar.processes().is_empty().then_some(())
    });
    assert_eq!(events(&sidecar), ["on"]);
    drop(open);
    std::fs::write(sidecar.workdir().join("ready"), "").unwrap();
    sidecar.run(&["upload", "--pending"]).succeeds();
    is_out_of_maintenance(&sidecar);
}

#[test]
fn a_failing_after_is_a_warning_of_the_set() {
    let sidecar = application().set("set.quiesce.after", "exit 4");
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    assert_eq!(made["warnings"][0]["code"], "resume-failed");
    assert_eq!(sets(&sidecar), 1);
}
