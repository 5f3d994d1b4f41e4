//! A run that fails: it says why, leaves no artifact and no temp file, and harms no earlier backup.

use serde_json::{Value, json};

use crate::harness::{Sidecar, Tmpfs, skip};

/// Backs up with the strategy that fails; returns the error of `--json`, which the journal knows too.
/// Before and after, only an earlier artifact exists.
fn fails(sidecar: Sidecar) -> Value {
    assert_eq!(
        error_of(&sidecar)["code"],
        error_of(&sidecar)["code"],
        "fails the same way twice"
    );
    assert_eq!(
        sidecar.files(),
        [""; 0],
        "after a failed run there is nothing"
    );

    std::fs::write(sidecar.artifacts().join("backup.dat"), "an earlier backup").unwrap();
    let error = error_of(&sidecar);
    assert_eq!(sidecar.files(), ["artifacts/backup.dat"]);
    assert_eq!(sidecar.artifact().unwrap(), b"an earlier backup");
    let journal = sidecar.run(&["runs", "--json"]).succeeds().json();
    let last = &journal["runs"][0];
    let said = (&last["state"], &last["error"]["message"]);
    assert_eq!(said, (&json!("failed"), &error["message"]));
    error
}

fn error_of(sidecar: &Sidecar) -> Value {
    let error = sidecar.run(&["backup", "--json"]).exits(1).json()["error"].take();
    assert!(
        error["code"].is_string() && error["message"].is_string(),
        "{error}"
    );
    error
}

#[track_caller]
fn says(error: &Value, words: &[&str]) {
    let message = error["message"].as_str().unwrap();
    let hint = error["hint"].as_str().unwrap_or_default();
    for word in words {
        assert!(
            message.contains(word) || hint.contains(word),
            "lacks {word:?}: {error:#}"
        );
    }
}

fn printing(line: &str) -> Sidecar {
    Sidecar::new().command(line).capture()
}

#[test]
fn a_dump_that_fails_inside_a_pipe_fails_the_run() {
    let error = fails(printing(
        "{ echo 'FATAL: no such database' >&2; false; } | gzip",
    ));
    assert_eq!(error["code"], "command-failed");
    says(&error, &["gzip", "FATAL: no such database"]);
    fails(Sidecar::new().command("false | gzip > \"$SIDE_CAR_TEMP_DUMP\""));
}

#[test]
fn the_last_lines_of_stderr_are_in_the_error() {
    let error = fails(printing(
        "echo 'half a dump'; seq 10000 >&2; echo 'the last words' >&2; exit 3",
    ));
    assert_eq!(error["code"], "command-failed");
    says(&error, &["3", "9999", "10000", "the last words"]);
    assert!(
        error.to_string().len() < 8192,
        "the last lines, not all of them"
    );
}

#[test]
fn success_without_output_is_a_failure() {
    says(&fails(printing("true")), &["did not generate"]);
    says(
        &fails(Sidecar::new().command("true")),
        &["did not generate"],
    );
    says(
        &fails(Sidecar::new().command(": > \"$SIDE_CAR_TEMP_DUMP\"")),
        &["did not generate"],
    );
}

#[test]
fn a_command_that_a_signal_ends_fails_the_run() {
    let error = fails(printing("echo 'half a dump'; kill -KILL $$"));
    assert_eq!(error["code"], "command-killed");
    says(&error, &["kill -KILL", "SIGKILL"]);
}

#[test]
fn a_command_that_is_not_installed_is_named() {
    let error = fails(printing("pg_dumpp --all"));
    assert_eq!(error["code"], "command-not-found");
    says(&error, &["pg_dumpp"]);
}

#[test]
fn a_shell_that_is_not_installed_is_named() {
    let error = fails(printing("echo x").set("strategy.config.shell", "/bin/no-such-shell"));
    says(&error, &["/bin/no-such-shell"]);
}

#[test]
fn each_command_must_succeed() {
    let leave = "echo dump > \"$SIDE_CAR_TEMP_DUMP\"";
    fails(Sidecar::new().set("strategy.config.commands", json!([leave, "exit 7"])));
    let sidecar = Sidecar::new()
        .command("touch ran")
        .set("strategy.config.pre", "exit 7");
    says(&fails(sidecar), &["7"]);
}

#[test]
fn a_smaller_artifact_than_expected_is_a_failure() {
    let error = fails(printing("echo tiny").set("strategy.artifact.min_size", "1KiB"));
    says(&error, &["5", "1024"]);
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let sidecar = printing("sleep 300 & sleep 301").set("strategy.timeout", "1s");
    let error = fails(sidecar);
    assert_eq!(error["code"], "timed-out");
}

/// No account of its own: what `nobody` usually is.
const NOBODY: u32 = 65534;

#[test]
fn folders_that_cannot_be_written_are_named_with_the_user() {
    if !rustix::process::geteuid().is_root() {
        return skip(
            "failures::folders_that_cannot_be_written",
            "only root can become someone else",
        );
    }
    for (folder, line) in [
        ("artifacts", "echo x"),
        ("tmp", "echo x"),
        ("work", "echo x > dump; cat dump"),
    ] {
        let sidecar = printing(line).user(NOBODY);
        let path = sidecar.folder().join(folder);
        let leave_as_they_are = sidecar.folder().join("gates");
        crate::harness::sh(&format!("chmod 755 '{}'", path.display())).succeeds();
        let error = error_of(&sidecar);
        says(&error, &[path.to_str().unwrap(), &NOBODY.to_string()]);
        assert_eq!(sidecar.files(), [""; 0], "{folder}");
        assert!(leave_as_they_are.is_dir());
    }
}

#[test]
fn a_full_disk_publishes_nothing() {
    for folder in ["artifacts", "tmp"] {
        let sidecar = Sidecar::new();
        let sidecar = match folder {
            "artifacts" => sidecar.command("head -c 8M /dev/urandom").capture(),
            _ => sidecar.command("head -c 8M /dev/urandom > \"$SIDE_CAR_TEMP_DUMP\""),
        };
        let path = sidecar.folder().join(folder);
        let _small = match Tmpfs::mount(&path, "2M") {
            Ok(mounted) => mounted,
            Err(why) => return skip("failures::a_full_disk_publishes_nothing", &why),
        };
        let error = fails(sidecar);
        says(
            &error,
            &[if folder == "artifacts" {
                path.to_str().unwrap()
            } else {
                "No space left"
            }],
        );
    }
}
