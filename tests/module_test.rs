//! `sidecar module test`: good modules conform, and each mistake fails a check with a sentence of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Finished, Sidecar, component, python_component, skip};

fn conformance(module: &str, arguments: &[&str]) -> Finished {
    Sidecar::new().run_without_config(&[&["module", "test", module], arguments].concat())
}

/// The status of each check: "plan passed", "huge-stdout skipped".
fn statuses(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let status = |finding: &Value| {
        format!(
            "{} {}",
            finding["check"].as_str().unwrap(),
            finding["verdict"].as_str().unwrap()
        )
    };
    findings.iter().map(status).collect()
}

fn conforms(module: &str) -> Vec<String> {
    let report = conformance(module, &["--json"]).succeeds().json();
    assert_eq!(report["passed"], true);
    statuses(&report)
}

#[test]
fn built_in_strategies_conform() {
    for (name, with_commands) in [
        ("custom", true),
        ("database_dump", true),
        ("file_archive", false),
    ] {
        let statuses = conforms(name);
        for check in [
            "plan",
            "refusals",
            "backup",
            "slow-sink",
            "full-disk",
            "cancel",
        ] {
            assert!(
                statuses.contains(&format!("{check} passed")),
                "{name}: {statuses:?}"
            );
        }
        let commands = if with_commands { "passed" } else { "skipped" };
        assert!(
            statuses.contains(&format!("huge-stdout {commands}")),
            "{name}: {statuses:?}"
        );
    }
}

#[test]
fn the_example_in_rust_conforms() {
    let statuses = conforms(component("hello").to_str().unwrap());
    assert!(
        statuses.contains(&"failing-command passed".to_owned()),
        "{statuses:?}"
    );
}

#[test]
fn a_module_that_can_restore_is_tried_by_a_round_trip() {
    for module in [component("blobs").to_str().unwrap(), "file_archive"] {
        let statuses = conforms(module);
        for check in ["restore", "find-refusals"] {
            assert!(
                statuses.contains(&format!("{check} passed")),
                "{module}: {statuses:?}"
            );
        }
    }
    let statuses = conforms(component("hello").to_str().unwrap());
    assert!(
        statuses.contains(&"restore skipped".to_owned()),
        "{statuses:?}"
    );
}

#[test]
fn the_example_in_python_conforms() {
    match python_component("hello_python") {
        Ok(file) => drop(conforms(file.to_str().unwrap())),
        Err(why) => skip("module_test::the_example_in_python_conforms", &why),
    }
}

#[test]
fn what_is_in_the_way_of_a_restore_and_was_not_said_is_a_note() {
    let module = match python_component("notes_python") {
        Ok(file) => file,
        Err(why) => {
            return skip(
                "module_test::what_is_in_the_way_of_a_restore_and_was_not_said_is_a_note",
                &why,
            );
        }
    };
    conformance(module.to_str().unwrap(), &["--allow", "planned"])
        .succeeds()
        .stdout_contains("note    find-refusals")
        .stdout_contains("finds nothing in the way, and the restore then refuses")
        .stdout_contains("is there already");
}

#[test]
fn the_text_output_has_one_line_for_each_check() {
    let sidecar = Sidecar::new();
    let with = sidecar.folder().join("hello.yaml");
    fs::write(&with, "greeting: hi\ncommand: echo $USER; true\n").unwrap();
    let with = with.to_str().unwrap();
    let file = component("hello");
    let file = file.to_str().unwrap();
    sidecar
        .run_without_config(&["module", "test", file, "--with", with])
        .succeeds()
        .stdout_contains("ok      component        it is a component for sidecar:strategy 0.1.0")
        .stdout_contains("ok      cancel           a cancelled run ends at once")
        .stdout_contains("\nconforms\n");
    fs::write(with, "greeting: hi\ncommand: no-such-command\n").unwrap();
    let allowed = ["--allow", "planned"];
    sidecar
        .run_without_config(&[&["module", "test", file, "--with", with], &allowed[..]].concat())
        .exits(1)
        .stdout_contains("FAILED  backup")
        .stdout_contains("no-such-command")
        .stdout_contains("does NOT conform");
}

#[test]
fn a_test_leaves_no_files() {
    let sidecar = Sidecar::new();
    let temporary = sidecar.folder().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let file = component("hello");
    let sidecar = sidecar.env("TMPDIR", temporary.to_str().unwrap());
    sidecar
        .run_without_config(&["module", "test", file.to_str().unwrap()])
        .succeeds();
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

/// The module with this mistake, whose name is written into the component.
fn with_mistake(folder: &Path, mistake: &str) -> PathBuf {
    let mut bytes = fs::read(component("bad")).unwrap();
    let place = b"mistake:none....................";
    let places: Vec<usize> = (0..bytes.len() - place.len())
        .filter(|at| bytes[*at..].starts_with(place))
        .collect();
    let [at] = places.as_slice() else {
        panic!("the mistake's place is there {} times", places.len());
    };
    let text = format!("{:.<32}", format!("mistake:{mistake}"));
    bytes[*at..at + place.len()].copy_from_slice(text.as_bytes());
    let file = folder.join(format!("{mistake}.wasm"));
    fs::write(&file, bytes).unwrap();
    file
}

/// A mistake, the check that it fails, and a part of the message.
const MISTAKES: [(&str, &str, &str); 29] = [
    (
        "describe-traps",
        "description",
        "describe was not thought through",
    ),
    (
        "describe-wavers",
        "description",
        "does not always say the same",
    ),
    ("no-summary", "description", "gives no summary"),
    ("schema-no-json", "description", "is not JSON"),
    ("schema-invalid", "schema", "cannot be used"),
    ("schema-elsewhere", "schema", "must stand alone"),
    ("schema-endless", "schema", "refers to itself without end"),
    ("schema-silent", "schema", "no description of word"),
    ("no-examples", "examples", "no `examples` to try it with"),
    (
        "wrong-example",
        "examples",
        "example 1 does not fit its own schema",
    ),
    ("schema-any-key", "refusals", "accepts an unknown key"),
    (
        "schema-any-type",
        "refusals",
        "accepts a list of lists as `word`",
    ),
    (
        "plan-traps",
        "refusals",
        "with an empty text as `word`, plan-run does not answer",
    ),
    ("bad-message-refusal", "refusals", "not in kebab-case"),
    ("blank-command", "refusals", "asks for a blank command line"),
    ("plan-endless", "examples", "takes longer than 10s"),
    ("plan-wavers", "plan", "does not always ask for the same"),
    ("relative-path", "plan", "not an absolute path"),
    ("no-address", "plan", "not host:port"),
    ("backup-traps", "backup", "stops in the middle"),
    (
        "unplanned-command",
        "backup",
        "uses what it did not plan: the command is not in the approved plan: id",
    ),
    (
        "unplanned-variable",
        "backup",
        "LD_PRELOAD is not in the approved plan",
    ),
    ("unplanned-file", "backup", "uses what it did not plan"),
    ("writes-nothing", "backup", "has written nothing"),
    ("hungry", "backup", "needs more memory"),
    (
        "command-ignored",
        "failing-command",
        "it says that all is well",
    ),
    (
        "command-unwrapped",
        "failing-command",
        "does not return a failure but stops",
    ),
    (
        "command-bad-message",
        "failing-command",
        "not in kebab-case",
    ),
    (
        "flood-unwrapped",
        "huge-stdout",
        "does not return a failure but stops",
    ),
];

#[test]
fn each_mistake_is_named() {
    let sidecar = Sidecar::new();
    let full_disk = [
        (
            "full-disk-ignored",
            "full-disk",
            "when the disk was full, it says that all is well",
        ),
        (
            "full-disk-unwrapped",
            "full-disk",
            "does not return a failure but stops",
        ),
    ];
    for (mistake, check, message) in MISTAKES.into_iter().chain(full_disk) {
        let file = with_mistake(sidecar.folder(), mistake);
        let report = sidecar
            .run_without_config(&[
                "module",
                "test",
                file.to_str().unwrap(),
                "--allow",
                "planned",
                "--json",
            ])
            .exits(1)
            .json();
        let failed: Vec<&Value> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["verdict"] == "failed")
            .collect();
        let first = failed
            .first()
            .unwrap_or_else(|| panic!("{mistake}: {report:#}"));
        assert_eq!(first["check"], check, "{mistake}: {report:#}");
        let about = first["about"].as_str().unwrap();
        assert!(about.contains(message), "{mistake}: {about}");
    }
}

#[test]
fn the_module_without_a_mistake_conforms() {
    let sidecar = Sidecar::new();
    let file = with_mistake(sidecar.folder(), "none");
    conforms(file.to_str().unwrap());
    // No mistake, but the operator has to allow it.
    let file = with_mistake(sidecar.folder(), "idle-command");
    let statuses = conforms(file.to_str().unwrap());
    assert!(statuses.contains(&"plan note".to_owned()), "{statuses:?}");
}

#[test]
fn a_file_that_is_no_module_fails_the_first_check() {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("text.wasm");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    let report = conformance(file.to_str().unwrap(), &["--json"])
        .exits(1)
        .json();
    assert_eq!(statuses(&report), ["component failed"]);
}

#[test]
fn a_malicious_schema_neither_hangs_nor_reads_files() {
    let sidecar = Sidecar::new();
    let try_it = |mistake: &str, word: &str| {
        let file = with_mistake(sidecar.folder(), mistake);
        Sidecar::new()
            .strategy("bad")
            .set("modules.bad.source", file.to_str().unwrap())
            .set("strategy.config.word", word)
            .check()
            .exits(3)
            .ends_within(Duration::from_secs(20))
    };
    let word = format!("{}b", "a".repeat(10_000));
    try_it("schema-backtracks", &word).stderr_contains("does not have the form");
    try_it("schema-endless", "hello").stderr_contains("refers to itself without end");
    try_it("schema-elsewhere", "hello")
        .stderr_contains("must stand alone")
        .never_says("root:");
}
