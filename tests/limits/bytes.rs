//! Bytes: at once, on the disk, and in parts.

use std::time::Duration;

use serde_json::json;

use super::{greedy, takes};
use crate::harness::{Sidecar, component};

const MIB: usize = 1 << 20;

#[test]
fn forty_thousand_parts_take_seconds() {
    let sidecar = takes("parts", 40_000, 5);
    let run = sidecar.backup().succeeds();
    // Each was compared with all before it: 136 s for 90,000.
    assert!(run.took < Duration::from_secs(40), "{:?}", run.took);
}

#[test]
fn a_module_that_hands_over_everything_at_once_is_told_to_write_in_pieces() {
    let run = takes("at-once", 1, 130 * MIB).run(&["backup", "--json"]);
    let error = &run.json()["error"];
    assert_eq!(error["code"], "too-large-at-once", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("in pieces"));
}

#[test]
fn what_a_run_writes_has_an_end_where_the_operator_set_one() {
    for (take, place) in [
        ("artifact", "artifacts/.sidecar/"),
        ("work-directory", "work and at "),
        ("removed-files", "work and at "),
    ] {
        let config = json!({"take": take, "number": 64, "bytes": MIB});
        let sidecar = greedy(config).set("modules.greedy.limits.disk", "16MiB");
        let run = sidecar.run(&["backup", "--json"]);
        let error = &run.json()["error"];
        assert_eq!(error["code"], "disk-limit", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(place), "{message}");
        assert!(message.contains("modules.greedy.limits.disk"), "{message}");
        assert!(message.contains("16777216"), "{message}");
        assert_eq!(sidecar.artifact(), None);
    }
}

#[test]
fn what_commands_write_beside_the_dump_and_at_home_counts_too() {
    for place in ["${SIDE_CAR_TEMP_DUMP%/*}", "$HOME", "$TMPDIR"] {
        is_too_much(&format!(
            "head -c 33554432 /dev/zero > \"{place}/beside\"; sleep 600"
        ));
    }
}

#[test]
fn files_without_a_name_and_files_without_a_byte_count_too() {
    for line in [
        // Removed while it is open.
        "exec 3>file; rm file; head -c 33554432 /dev/zero >&3; sleep 600",
        // Never named, and held by a process whose parent has ended.
        "/usr/bin/python3 -c 'import os, time; os.fork() and os._exit(0); f = os.open(\".\", os.O_TMPFILE | os.O_RDWR); os.write(f, bytes(33554432)); time.sleep(600)'; sleep 600",
        // Mapped, removed and closed.
        "/usr/bin/python3 -c 'import mmap, os, time; f = open(\"file\", \"w+b\"); f.truncate(33554432); m = mmap.mmap(f.fileno(), 0); os.remove(\"file\"); f.close(); m[:] = bytes(33554432); time.sleep(600)'",
        // One inode each.
        "i=0; while [ $i -lt 2000 ]; do : >$i; i=$((i + 1)); done; sleep 600",
        "mkdir folder; cd folder; i=0; while [ $i -lt 2000 ]; do ln -s x $i; i=$((i + 1)); done; sleep 600",
    ] {
        is_too_much(line);
    }
}

/// Of a module whose command writes 32 MiB, or as many files as need them, where 16 MiB are the limit.
#[track_caller]
fn is_too_much(line: &str) {
    let sidecar = Sidecar::new()
        .strategy("hello")
        .set("modules.hello.source", component("hello").to_str().unwrap())
        .set("modules.hello.allow.commands", json!([line]))
        .set("modules.hello.limits.disk", "16MiB")
        .set(
            "strategy.config",
            json!({"greeting": "Hello", "command": line}),
        );
    let run = sidecar.run(&["backup", "--json"]);
    let error = &run.json()["error"];
    assert_eq!(error["code"], "disk-limit", "{line}: {error}");
    assert_eq!(sidecar.artifact(), None);
}
