//! `sidecar check` reads the operator's lines without running them.

use serde_json::json;

use crate::harness::{Sidecar, Tmpfs, sh, skip};

fn printing(line: &str) -> Sidecar {
    Sidecar::new().command(line).capture()
}

#[test]
fn a_line_that_no_shell_can_read_is_named_with_its_key() {
    for (key, lines, named) in [
        ("command", json!("echo 'x"), "strategy.config.command:"),
        ("pre", json!(["true", "if true"]), "strategy.config.pre[1]:"),
        ("post", json!("echo )"), "strategy.config.post:"),
    ] {
        printing("echo dump")
            .set(&format!("strategy.config.{key}"), lines)
            .check()
            .exits(3)
            .stderr_contains(named)
            .stderr_contains("cannot read the command");
    }
    let sidecar = printing("echo dump").set("strategy.config.restore", "cat | (");
    sidecar
        .check()
        .succeeds()
        .stderr_contains("strategy.config.restore: the shell cannot read");
    sidecar
        .set("strategy.config.restore", "cat")
        .set(
            "drill",
            json!({"into": "/srv/scratch", "check": ["true", "case"]}),
        )
        .check()
        .stderr_contains("drill.check[1]");
}

#[test]
fn a_failure_that_no_shell_notices_is_told() {
    for line in ["export D=$(date)\necho $D", "cat <(date)"] {
        printing(line)
            .check()
            .succeeds()
            .stderr_contains("strategy.config.command")
            .stderr_contains("no shell notices");
    }
}

#[test]
fn the_directory_that_lines_run_in_has_to_be_there() {
    for workdir in ["/no/such/directory", "missing"] {
        printing("echo dump")
            .set("strategy.config.workdir", workdir)
            .check()
            .exits(3)
            .stderr_contains("strategy.config.workdir");
    }
    let sidecar = printing("echo dump").set("strategy.config.workdir", "made");
    std::fs::create_dir(sidecar.workdir().join("made")).unwrap();
    sidecar.check().succeeds();
}

#[test]
fn a_volume_that_has_no_room_for_the_next_artifact_is_told() {
    let sidecar = printing("head -c 300000 /dev/zero");
    let artifacts = sidecar.folder().join("volume");
    let volume = match Tmpfs::mount(&artifacts, "4M") {
        Ok(volume) => volume,
        Err(why) => {
            return skip(
                "a_volume_that_has_no_room_for_the_next_artifact_is_told",
                &why,
            );
        }
    };
    let sidecar = sidecar.set("paths.artifacts", artifacts.to_str().unwrap());
    sidecar.backup().succeeds();
    sidecar.check().succeeds();
    let other = artifacts.join("other");
    let filled = sh(&format!("head -c 8M /dev/zero >'{}'", other.display()));
    assert_ne!(filled.code, Some(0), "the volume is full");
    let other = std::fs::File::options().write(true).open(other).unwrap();
    let size = other.metadata().unwrap().len();
    other.set_len(size - 200_000).unwrap();
    sidecar
        .check()
        .succeeds()
        .stderr_contains("as the last backup had");
    drop(volume);
}

#[test]
fn a_line_that_also_works_on_what_was_backed_up_is_no_drill() {
    for (line, why) in [
        (
            "rm -rf \"$DATA\"/*; tar -C \"${SIDE_CAR_RESTORE_INTO:-$DATA}\" -xf -",
            "works on `$DATA`",
        ),
        (
            ": \"$SIDE_CAR_RESTORE_INTO\"; tar -C \"$DATA\" -xf -",
            "does not give SIDE_CAR_RESTORE_INTO to a command",
        ),
        (
            "SIDE_CAR_RESTORE_INTO=$DATA; tar -C \"$SIDE_CAR_RESTORE_INTO\" -xf -",
            "gives SIDE_CAR_RESTORE_INTO another value",
        ),
        (
            "tar -C \"$SIDE_CAR_RESTORE_INTO\" -xf -; rm -rf \"$DATA\"/*",
            "which writes and is not given SIDE_CAR_RESTORE_INTO",
        ),
        (
            "cd \"$DATA\"; rm -f f; tar -C \"$SIDE_CAR_RESTORE_INTO\" -xf -",
            "runs `rm -f f`",
        ),
    ] {
        let sidecar = Sidecar::new();
        let [data, scratch] = ["data", "scratch"].map(|name| sidecar.folder().join(name));
        for folder in [&data, &scratch] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(data.join("f"), "precious").unwrap();
        let sidecar = sidecar
            .command(&format!("tar -C '{}' -cf - .", data.display()))
            .capture()
            .set("strategy.config.env.DATA", data.to_str().unwrap())
            .set("strategy.config.restore", line)
            .set("drill", json!({"into": scratch, "check": ["test -e f"]}));
        sidecar.check().exits(3).stderr_contains(why);
        sidecar.backup().succeeds();
        let drilled = sidecar.run(&["drill"]);
        assert_ne!(drilled.code, Some(0), "{line}");
        drilled.stderr_contains(why);
        let found = std::fs::read_to_string(data.join("f")).unwrap();
        assert_eq!(found, "precious");
    }
}
