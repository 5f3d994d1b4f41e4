//! Programs with their arguments, beside lines for a shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Sidecar, component, within};

/// A sidecar whose module runs `argv`, and may run what `allow` says.
fn running(argv: Value, allow: Value) -> Sidecar {
    Sidecar::new()
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow", allow)
        .set("strategy.config.greeting", "Hello")
        .set("strategy.config.program", argv)
}

fn script(file: &Path, text: &str) -> PathBuf {
    fs::write(file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    file.to_owned()
}

#[test]
fn a_program_gets_its_arguments_as_they_are() {
    let argv = json!(["printf", "%s|", "$HOME", "a  b", "*", "; id", "'\"", "ñ"]);
    let sidecar = running(argv.clone(), json!({"argv": [argv]}));
    sidecar
        .check()
        .succeeds()
        .stdout_contains(r#"granted  argv     ["printf","%s|","$HOME""#);
    sidecar.backup().succeeds();
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    assert_eq!(artifact, "Hello\n$HOME|a  b|*|; id|'\"|ñ|");
}

#[test]
fn a_rule_says_which_words_vary() {
    let rule = json!([["printf", "%s %s", {"kind": "number"}, {"one_of": ["-a", "-b"]}, {"after": "x=", "kind": "name", "rest": true}]]);
    let allow = json!({"argv": rule});
    let runs = running(json!(["printf", "%s %s", "6379", "-b"]), allow.clone());
    runs.check()
        .succeeds()
        .stdout_contains("(by printf %s %s NUMBER -a|-b x=NAME…)");
    runs.backup().succeeds();
    assert_eq!(runs.artifact().unwrap(), b"Hello\n6379 -b");
    for refused in [
        json!(["printf", "%s %s", "-1", "-b"]),
        json!(["printf", "%s %s", "1", "-c"]),
        json!(["printf", "%s %s", "1"]),
        json!(["printf", "%s %s", "1", "-a", "y=z"]),
        json!(["printf", "%s %s", "1", "-a", "x=--z"]),
        json!(["/bin/printf", "%s %s", "1", "-a"]),
    ] {
        let error = running(refused.clone(), allow.clone())
            .run(&["backup", "--json"])
            .exits(3)
            .json();
        assert_eq!(error["error"]["code"], "not-allowed", "{refused}");
    }
}

#[test]
fn a_line_is_no_program_and_a_program_no_line() {
    let as_line = json!({"commands": ["argv:[\"printf\",\"x\"]", "printf x", "printf *", "**"]});
    running(json!(["printf", "x"]), as_line).backup().exits(3);
    let sidecar = running(json!(["printf", "x"]), json!({"argv": [["printf", "x"]]}))
        .set("strategy.config.command", "printf x");
    sidecar
        .backup()
        .exits(3)
        .stderr_contains("commands: printf x");
}

#[test]
fn a_program_obeys_what_commands_obey() {
    let folder = Sidecar::new();
    let program = script(
        &folder.folder().join("program"),
        "pwd; ls -A | wc -l; sleep 1000000 >/dev/null 2>&1 & echo \"$SIDE_CAR_STRATEGY\"; echo told >&2; exit ${CODE:-0}",
    );
    let argv = json!([program.to_str().unwrap()]);
    let sidecar = running(argv.clone(), json!({"argv": [argv]}));
    sidecar
        .backup()
        .succeeds()
        .stderr_contains("told")
        .stderr_contains("left processes in the background");
    assert!(sidecar.processes().is_empty());
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    let lines: Vec<&str> = artifact.lines().collect();
    // It starts in an empty folder that the module cannot write.
    assert!(lines[1].contains("/.sidecar/"), "{artifact}");
    assert_eq!(lines[2..], ["0", "hello"]);

    let failing = sidecar.env("CODE", "7");
    failing
        .backup()
        .exits(1)
        .stderr_contains("failed with exit code 7: told");
}

#[test]
fn a_program_is_the_file_that_it_was_when_the_run_began() {
    let folder = Sidecar::new();
    let own = folder.folder().join("program");
    script(&own, "echo first");
    let argv = json!([own.to_str().unwrap()]);
    // The line runs before the program, and meanwhile another file is put in its place: a confined line cannot.
    let line = "until [ -e \"$SIDE_CAR_WORKDIR/go\" ]; do sleep 0.01; done";
    let sidecar = running(argv.clone(), json!({"argv": [argv], "commands": [line]}))
        .set("strategy.config.command", line);
    let backup = sidecar.start(&["backup"]);
    within(Duration::from_secs(30), "the line runs", || {
        let processes = sidecar.processes();
        let waits = |(_, command): &(u32, String)| command.contains("until [");
        processes.iter().any(waits).then_some(())
    });
    let new = own.with_extension("new");
    fs::copy(&own, &new).unwrap();
    fs::rename(&new, &own).unwrap();
    fs::write(sidecar.workdir().join("go"), "").unwrap();
    backup
        .finish()
        .exits(1)
        .stderr_contains("is not the program any more that it was when the run began");
    assert!(sidecar.artifact().is_none());
}

#[test]
fn what_the_module_could_have_written_is_no_program() {
    for name in ["work/program", "tmp/program"] {
        let sidecar = Sidecar::new();
        let own = script(&sidecar.folder().join(name), "echo from the module");
        let link = sidecar.folder().join("link");
        std::os::unix::fs::symlink(&own, &link).unwrap();
        for program in [own, link] {
            let argv = json!([program.to_str().unwrap()]);
            running(argv.clone(), json!({"argv": [argv]}))
                .set("paths.workdir", sidecar.workdir().to_str().unwrap())
                .set("paths.temp_dump", sidecar.temp_dump().to_str().unwrap())
                .backup()
                .exits(1)
                .stderr_contains("lies where the module writes");
        }
    }
}

#[test]
fn a_program_that_is_missing_is_named() {
    for missing in ["no-such-program", "/no/such/program"] {
        running(json!([missing]), json!({"argv": [[missing]]}))
            .backup()
            .exits(1)
            .stderr_contains(&format!("the program `{missing}` was not found"));
    }
}

#[test]
fn a_lock_has_programs_too() {
    let allow = json!({"argv": [["printf", {"kind": "name"}]]});
    let sidecar = running(json!(["printf", "one"]), allow);
    sidecar
        .run(&["module", "lock"])
        .succeeds()
        .stdout_contains(r#"asks to run `["printf","one"]`"#);
    sidecar.backup().succeeds();
    sidecar
        .set("strategy.config.program", json!(["printf", "two"]))
        .backup()
        .exits(3)
        .stderr_contains(r#"now asks to run `["printf","two"]`"#);
}

#[test]
fn an_option_that_a_star_covered_before_says_what_to_write() {
    let sidecar = |allow: Value| {
        Sidecar::new()
            .strategy("hello")
            .set("modules.hello.source", component("hello").to_str().unwrap())
            .set("modules.hello.allow.commands", allow)
            .set("strategy.config.greeting", "Hello")
            .set("strategy.config.command", "printf -- x")
    };
    let refused = sidecar(json!(["printf *"]));
    refused
        .check()
        .exits(3)
        .stdout_contains("the `*` of `printf *` stands for no option")
        .stderr_contains("write `printf -- x` beside it, or `printf **` to allow any option");
    refused.backup().exits(3);
    for allow in [json!(["printf *", "printf -- x"]), json!(["printf **"])] {
        sidecar(allow).backup().succeeds();
    }
    // A line with a star in it is itself.
    let itself = sidecar(json!(["echo -- *"])).set("strategy.config.command", "echo -- *");
    itself.backup().succeeds();
}
