//! `sidecar module test`: good modules conform, and each mistake is named in its own sentence.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Finished, Sidecar, component, python_component, skip};

fn conformance(module: &str, arguments: &[&str]) -> Finished {
    Sidecar::new().run_without_config(&[&["module", "test", module], arguments].concat())
}

/// How each check went: "plan passed", "huge-stdout skipped".
fn verdicts(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let words = |finding: &Value| {
        format!(
            "{} {}",
            finding["check"].as_str().unwrap(),
            finding["verdict"].as_str().unwrap()
        )
    };
    findings.iter().map(words).collect()
}

fn conforms(module: &str) -> Vec<String> {
    let report = conformance(module, &["--json"]).succeeds().json();
    assert_eq!(report["passed"], true);
    verdicts(&report)
}

#[test]
fn the_strategies_of_this_house_conform() {
    for (name, with_commands) in [
        ("custom", true),
        ("database_dump", true),
        ("file_archive", false),
    ] {
        let verdicts = conforms(name);
        for check in [
            "plan",
            "refusals",
            "backup",
            "slow-sink",
            "full-disk",
            "cancel",
        ] {
            assert!(
                verdicts.contains(&format!("{check} passed")),
                "{name}: {verdicts:?}"
            );
        }
        let commands = if with_commands { "passed" } else { "skipped" };
        assert!(
            verdicts.contains(&format!("huge-stdout {commands}")),
            "{name}: {verdicts:?}"
        );
    }
}

#[test]
fn the_examples_conform_in_rust() {
    let verdicts = conforms(component("hello").to_str().unwrap());
    assert!(
        verdicts.contains(&"failing-command passed".to_owned()),
        "{verdicts:?}"
    );
}

#[test]
fn what_can_be_restored_is_restored() {
    let verdicts = conforms(component("parcels").to_str().unwrap());
    assert!(
        verdicts.contains(&"restore passed".to_owned()),
        "{verdicts:?}"
    );
    let verdicts = conforms(component("hello").to_str().unwrap());
    assert!(
        verdicts.contains(&"restore skipped".to_owned()),
        "{verdicts:?}"
    );
}

#[test]
fn the_examples_conform_in_python() {
    match python_component("hello_python") {
        Ok(file) => drop(conforms(file.to_str().unwrap())),
        Err(why) => skip("module_test::the_examples_conform_in_python", &why),
    }
}

#[test]
fn people_read_one_line_for_each_check() {
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
    sidecar
        .run_without_config(&["module", "test", file, "--with", with])
        .exits(1)
        .stdout_contains("FAILED  backup")
        .stdout_contains("no-such-command")
        .stdout_contains("does NOT conform");
}

#[test]
fn nothing_of_a_test_is_left() {
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

/// The module with this mistake: its name is written over the one in the component.
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

/// The check that the mistake fails, and what is said about it.
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
    ("rude-refusal", "refusals", "not in kebab-case"),
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
    ("command-rude", "failing-command", "not in kebab-case"),
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
    for (mistake, check, words) in MISTAKES.into_iter().chain(full_disk) {
        let file = with_mistake(sidecar.folder(), mistake);
        let report = sidecar
            .run_without_config(&["module", "test", file.to_str().unwrap(), "--json"])
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
        assert!(about.contains(words), "{mistake}: {about}");
    }
}

#[test]
fn without_a_mistake_it_conforms() {
    let sidecar = Sidecar::new();
    let file = with_mistake(sidecar.folder(), "none");
    conforms(file.to_str().unwrap());
    // No mistake, but the operator has to allow it.
    let file = with_mistake(sidecar.folder(), "idle-command");
    let verdicts = conforms(file.to_str().unwrap());
    assert!(verdicts.contains(&"plan note".to_owned()), "{verdicts:?}");
}

#[test]
fn what_is_no_module_fails_the_first_check() {
    let sidecar = Sidecar::new();
    let file = sidecar.folder().join("text.wasm");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    let report = conformance(file.to_str().unwrap(), &["--json"])
        .exits(1)
        .json();
    assert_eq!(verdicts(&report), ["component failed"]);
}

#[test]
fn a_hostile_schema_neither_hangs_nor_reads_files() {
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
