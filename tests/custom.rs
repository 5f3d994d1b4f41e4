//! `custom` in its three ways, over HTTP: a file at `SIDE_CAR_TEMP_DUMP`, a FIFO there, stdout.

use std::os::unix::fs::FileTypeExt as _;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Orchestrator, Sidecar, mkfifo, sha256, within};

/// What each command prints: who called it, from where, and every helper variable.
const TELL: &str = "pwd; env | grep ^SIDE_CAR_ | LC_ALL=C sort";

/// What `TELL` has to print for an export with the folder "folder-1".
fn told(sidecar: &Sidecar) -> String {
    let (workdir, artifacts) = (sidecar.workdir(), sidecar.artifacts());
    let [workdir, artifacts] = [workdir.display(), artifacts.display()];
    format!(
        "{workdir}\n\
         SIDE_CAR_ARTIFACTS_DIR={artifacts}\n\
         SIDE_CAR_DRIVE_FOLDER_ID=folder-1\n\
         SIDE_CAR_STRATEGY=custom\n\
         SIDE_CAR_TEMP_DUMP={}\n\
         SIDE_CAR_WORKDIR={workdir}\n",
        sidecar.temp_dump().display(),
    )
}

/// The body is what was told; the headers belong to it; on disk there is `left`, and what was sent, in case that
/// the client asks again.
fn exports_what_was_told(sidecar: &Sidecar, left: &[&str]) -> Value {
    let answer = Orchestrator::of(&sidecar.serve()).export(&["--drive-folder-id", "folder-1"]);
    let told = told(sidecar);
    assert_eq!(answer["status"], 200, "{answer}");
    let artifact = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    assert_eq!(artifact, told);
    assert_eq!(answer["sha256"], sha256(told.as_bytes()), "{answer}");
    assert_eq!(answer["headers"]["x-checksum-sha256"], answer["sha256"]);
    assert_eq!(answer["headers"]["x-size"], told.len().to_string());
    assert_eq!(answer["headers"]["content-length"], told.len().to_string());
    assert_eq!(answer["headers"]["x-drive-folder-id"], "folder-1");
    let id = answer["headers"]["x-backup-id"].as_str().unwrap();
    let mut files = sidecar.files();
    assert_eq!(files.remove(0), format!("artifacts/.sidecar/{id}.artifact"));
    assert_eq!(files, left);
    answer
}

#[test]
fn a_file_left_at_temp_dump_is_the_artifact() {
    let sidecar = Sidecar::new().command(&format!("{{ {TELL}; }} > \"$SIDE_CAR_TEMP_DUMP\""));
    exports_what_was_told(&sidecar, &["artifacts/backup.dat"]);
}

#[test]
fn a_fifo_at_temp_dump_is_read_while_the_command_writes() {
    let sidecar = Sidecar::new().command(&format!("{{ {TELL}; }} > \"$SIDE_CAR_TEMP_DUMP\""));
    mkfifo(&sidecar.temp_dump());
    exports_what_was_told(&sidecar, &["artifacts/backup.dat", "tmp/dump.tmp"]);
    let kind = std::fs::symlink_metadata(sidecar.temp_dump())
        .unwrap()
        .file_type();
    assert!(kind.is_fifo(), "the FIFO stays: {kind:?}");
}

#[test]
fn stdout_is_the_artifact_when_it_is_captured() {
    let sidecar = Sidecar::new().command(TELL).capture();
    exports_what_was_told(&sidecar, &["artifacts/backup.dat"]);
}

#[test]
fn more_than_a_pipe_holds_goes_through_each_way() {
    const SIZE: u64 = 20_000_003;
    let bytes = format!("yes 'one line of a dump' | head -c {SIZE}");
    let digest = crate::harness::sh(&format!("{bytes} 2>/dev/null | sha256sum"));
    let digest = digest.stdout.split(' ').next().unwrap().to_owned();
    // Without pipefail: `yes` is meant to die of its closed pipe.
    let bytes = format!("(set +o pipefail; {bytes} 2>/dev/null)");

    let into_file = format!("{bytes} > \"$SIDE_CAR_TEMP_DUMP\"");
    let file = Sidecar::new().command(&into_file);
    let fifo = Sidecar::new().command(&into_file);
    mkfifo(&fifo.temp_dump());
    let stdout = Sidecar::new().command(&bytes).capture();
    for (way, sidecar) in [("file", file), ("fifo", fifo), ("stdout", stdout)] {
        let answer = Orchestrator::of(&sidecar.serve()).export(&[]);
        assert_eq!(answer["size"], SIZE, "{way}: {answer}");
        assert_eq!(answer["sha256"], digest, "{way}: {answer}");
    }
}

#[test]
fn without_a_drive_folder_there_is_no_such_variable() {
    let sidecar = Sidecar::new()
        .command("echo \"${SIDE_CAR_DRIVE_FOLDER_ID-unset}\"")
        .capture();
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"unset\n");
    sidecar
        .run(&["backup", "--drive-folder-id", "by-hand"])
        .succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"by-hand\n");
}

#[test]
fn the_containers_environment_then_the_helpers_then_the_configurations() {
    let sidecar = Sidecar::new()
        .command("echo $FROM_CONTAINER $FROM_CONFIG $SIDE_CAR_STRATEGY $OVERRIDDEN")
        .capture()
        .env("FROM_CONTAINER", "container")
        .env("SIDE_CAR_STRATEGY", "a helper wins over the container")
        .env("OVERRIDDEN", "by the container")
        .env("VALUE", "substituted")
        .set(
            "strategy.config.env",
            json!({"FROM_CONFIG": "${VALUE}", "OVERRIDDEN": "by-config"}),
        );
    sidecar.backup().succeeds();
    assert_eq!(
        sidecar.artifact().unwrap(),
        b"container substituted custom by-config\n"
    );
}

#[test]
fn commands_read_nothing_and_lead_a_process_group_of_their_own() {
    let line = "wc -c; cat /proc/self/stat | cut -d' ' -f5; cut -d' ' -f5 /proc/$PPID/stat";
    let sidecar = Sidecar::new().command(line).capture();
    sidecar.backup().succeeds();
    let text = String::from_utf8(sidecar.artifact().unwrap()).unwrap();
    let [input, own, parents] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    assert_eq!(input.trim(), "0");
    assert_ne!(own, parents);
}

#[test]
fn pre_and_post_run_around_the_commands_in_order() {
    let sidecar = Sidecar::new()
        .set(
            "strategy.config.pre",
            json!(["echo pre-1 >> log", "echo pre-2 >> log"]),
        )
        .set(
            "strategy.config.commands",
            json!([
                "echo one >> log",
                "echo two >> log; cp log \"$SIDE_CAR_TEMP_DUMP\""
            ]),
        )
        .set("strategy.config.post", "echo post >> log");
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"pre-1\npre-2\none\ntwo\n");
    let log = std::fs::read(sidecar.workdir().join("log")).unwrap();
    assert_eq!(log, b"pre-1\npre-2\none\ntwo\npost\n");
}

#[test]
fn a_directory_at_temp_dump_is_an_error_and_stays() {
    let sidecar = Sidecar::new().command("echo x > \"$SIDE_CAR_TEMP_DUMP\"");
    std::fs::create_dir(sidecar.temp_dump()).unwrap();
    std::fs::write(sidecar.temp_dump().join("precious"), "data").unwrap();
    let answer = Orchestrator::of(&sidecar.serve()).export(&[]);
    assert_eq!(answer["status"], 500, "{answer}");
    assert_eq!(answer["json"]["code"], "temp-dump-is-directory", "{answer}");
    let path = sidecar.temp_dump().display().to_string();
    assert!(
        answer["json"]["error"].as_str().unwrap().contains(&path),
        "{answer}"
    );
    assert_eq!(sidecar.files(), ["tmp/dump.tmp/precious"]);
}

#[test]
fn what_a_crash_left_at_temp_dump_is_never_taken_for_a_backup() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("crash");
    let sidecar = sidecar.command(&format!(
        "echo half > \"$SIDE_CAR_TEMP_DUMP\"; {}",
        gate.wait()
    ));
    let running = sidecar.start(&["backup"]);
    let _open = gate.reached();
    assert_eq!(std::fs::read(sidecar.temp_dump()).unwrap(), b"half\n");
    running.end_with(Signal::KILL);
    within(
        std::time::Duration::from_secs(2),
        "its commands end too",
        || sidecar.processes().is_empty().then_some(()),
    );

    let sidecar = sidecar.command("true");
    sidecar
        .backup()
        .exits(1)
        .stderr_contains("did not generate");
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_leftover_is_removed_before_the_commands_see_it() {
    let sidecar = Sidecar::new().command("echo new >> \"$SIDE_CAR_TEMP_DUMP\"");
    std::fs::write(sidecar.temp_dump(), "old\n").unwrap();
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"new\n");
}

#[test]
fn a_star_in_an_operators_line_is_the_shells() {
    let sidecar = Sidecar::new()
        .command("printf '%s ' *.log; echo '*'")
        .capture();
    for name in ["b.log", "a.log", "c.txt"] {
        std::fs::write(sidecar.workdir().join(name), "").unwrap();
    }
    sidecar.backup().succeeds();
    assert_eq!(sidecar.artifact().unwrap(), b"a.log b.log *\n");
}
