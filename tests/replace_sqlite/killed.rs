//! The sidecar or the tool dies on the way, or the disk fills: the file is the old or the new one.

use rustix::process::Signal;

use super::patient::{Patient, dump};
use crate::engines_complete::keeping;
use crate::harness::{Tmpfs, sh, skip};

/// Where a restore stops, in which program, and whether the file is the new one by then.
const STOPS: [(&str, &str, &str, bool); 6] = [
    ("before it looks", "readlink", "stop", false),
    (
        "before the copy is checked",
        "sqlite3",
        r#"[[ $SIDE_CAR_SQL != *integrity_check* ]] || stop"#,
        false,
    ),
    (
        "after the copy was checked",
        "sqlite3",
        r#"[[ $SIDE_CAR_SQL != *foreign_key_check* ]] || { real "$@"; stop; exit; }"#,
        false,
    ),
    (
        "before it is written",
        "sqlite3",
        r#"[[ $SIDE_CAR_SQL != *.restore* ]] || stop"#,
        false,
    ),
    (
        "once it is written",
        "sqlite3",
        r#"[[ $SIDE_CAR_SQL != *.restore* ]] || { real "$@"; stop; exit; }"#,
        true,
    ),
    (
        "before it is read back",
        "sqlite3",
        r#"[[ $SIDE_CAR_SQL != *'timeout 5000'*integrity_check* ]] || stop"#,
        true,
    ),
];

#[test]
fn a_sidecar_that_is_killed_or_cancelled_leaves_the_old_or_the_new() {
    for mode in ["wal", "delete"] {
        for (when, program, hook, is_new) in STOPS {
            for end in [Signal::KILL, Signal::TERM] {
                let patient = Patient::new(mode).hooked(program, hook);
                patient.ended(end);
                if is_new {
                    patient.has_the_new(when);
                } else {
                    patient.has_the_old(when);
                }
                patient.must_be_restored(when);
            }
        }
    }
}

#[test]
fn a_client_that_is_killed_while_it_writes_leaves_the_old_or_the_new() {
    for mode in ["wal", "delete"] {
        for moment in [0, 2, 4, 6, 8, 10, 13, 16] {
            let hook = format!(
                "[[ $SIDE_CAR_SQL != *.restore* ]] || {{ real \"$@\" & sleep 0.0{moment:02}; kill -9 $(pgrep -P $!) $! ; wait $!; exit 1; }}"
            );
            let patient = Patient::new(mode).hooked("sqlite3", &hook);
            patient.restore(&[]).exits(1);
            let found = dump(&patient.file);
            assert!(
                found == patient.old || found == patient.new,
                "{mode}, {moment}"
            );
            patient.must_be_restored(mode);
        }
    }
}

#[test]
fn a_new_file_is_whole_or_not_there_and_takes_nothing_of_another() {
    let stops = [
        (
            "before it is written",
            "cat",
            r#"[[ "$*" != *dump.tmp* ]] || stop"#,
            false,
        ),
        (
            "half written",
            "cat",
            r#"[[ "$*" != *dump.tmp* ]] || { real "$@" | head -c 9000; stop; }"#,
            false,
        ),
        ("before it is synced", "sync", "stop", false),
        ("before it has its name", "ln", "stop", false),
        (
            "once it has its name",
            "ln",
            r#"real "$@"; stop; exit"#,
            true,
        ),
    ];
    for (when, program, hook, is_there) in stops {
        let patient = Patient::new("delete").hooked(program, hook);
        std::fs::remove_file(&patient.file).unwrap();
        patient.ended(Signal::KILL);
        assert_eq!(patient.file.exists(), is_there, "{when}");
        if is_there {
            patient.has_the_new(when);
        }
        patient.must_be_restored(when);
    }
}

#[test]
fn too_little_space_is_told_before_and_survived_when_it_comes_later() {
    for mode in ["wal", "delete"] {
        let sidecar = keeping("sqlite", "");
        let folder = sidecar.folder().join("volume");
        let volume = match Tmpfs::mount(&folder, "3M") {
            Ok(volume) => volume,
            Err(why) => {
                return skip(
                    "too_little_space_is_told_before_and_survived_when_it_comes_later",
                    &why,
                );
            }
        };
        let patient = Patient::at(sidecar, folder.join("app.db"), mode);
        let fill = format!(
            "dd if=/dev/zero of='{}/filler' bs=64k 2>/dev/null",
            folder.display()
        );
        sh(&format!("{fill}; true"));
        patient
            .restore(&[])
            .exits(1)
            .stderr_contains("bytes beside it");
        std::fs::remove_file(folder.join("filler")).unwrap();
        patient.has_the_old("no space");
        let patient = patient.hooked(
            "sqlite3",
            &format!("[[ $SIDE_CAR_SQL != *.restore* ]] || {fill}"),
        );
        patient
            .restore(&[])
            .exits(1)
            .stderr_contains("cannot overwrite");
        std::fs::remove_file(folder.join("filler")).unwrap();
        patient.has_the_old("the space went");
        patient.must_be_restored(mode);
        drop(volume);
    }
}
