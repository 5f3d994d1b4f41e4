//! What comes into the server while a backup is loaded beside it, and what a restore that died has left there.

use rustix::process::Signal;

use super::patient::{Patient, contents};

/// Right before the swap, and between the last look and the swap.
const LATE: [&str; 2] = [
    r#"[[ "$*" != *judge* ]] || stop"#,
    r#"[[ "$*" != *judge* ]] || { real "$@"; stop; exit; }"#,
];

fn emptied(patient: &Patient) {
    patient.redis.cli("flushall");
    patient.redis.cli("function flush");
}

#[test]
fn a_key_that_comes_into_an_empty_server_meanwhile_is_not_taken_away() {
    for hook in LATE {
        let patient = Patient::new(&[]).hooked(hook);
        emptied(&patient);
        let running = patient.sidecar.start(&["restore", "latest"]);
        let open = patient.gate.reached();
        patient.redis.cli("-n 2 set theirs x");
        let before = contents(&patient.redis);
        let before = before.lines().take(8).collect::<Vec<_>>().join("\n");
        drop(open);
        running
            .finish()
            .exits(1)
            .stderr_contains("was empty when the restore began and has 1 keys in database 2");
        let after = contents(&patient.redis);
        assert!(after.starts_with(&before), "{hook}: {after}");
        assert_eq!(patient.redis.cli("function list").stdout.trim(), "");
        let keyspace = patient.redis.cli("info keyspace").stdout;
        assert_eq!(
            keyspace
                .lines()
                .filter(|line| line.starts_with("db"))
                .count(),
            1
        );
        patient.must_be_restored(&[], hook);
    }
}

#[test]
fn where_no_database_is_to_spare_it_is_not_overwritten_either() {
    let patient = Patient::with(&["--databases", "1"], "").hooked(LATE[1]);
    emptied(&patient);
    let running = patient.sidecar.start(&["restore", "latest"]);
    let open = patient.gate.reached();
    patient.redis.cli("set key7 theirs");
    drop(open);
    running
        .finish()
        .exits(1)
        .stderr_contains("keys have come into the target");
    assert_eq!(patient.redis.cli("get key7").stdout.trim(), "theirs");
}

#[test]
fn what_a_killed_restore_has_left_is_not_backed_up_without_a_word() {
    let patient = Patient::new(&[]).hooked(r#"[[ "$*" != *judge* ]] || stop"#);
    patient.ended(&[], Signal::KILL);
    patient.has_the_old("killed");
    patient
        .sidecar
        .backup()
        .exits(1)
        .stderr_contains("what a restore that was interrupted has left in database 14")
        .stderr_contains("repeat the restore");
    patient
        .sidecar
        .check()
        .exits(3)
        .stderr_contains("what a restore that was interrupted has left in database 14");
    let (redis, sidecar) = (&patient.redis, &patient.sidecar);
    // Another one's key of that name stands for nothing.
    redis.cli("set sidecar:loading theirs");
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    sidecar.backup().succeeds();
}

#[test]
fn a_key_that_is_called_like_our_mark_comes_back() {
    let patient = Patient::new(&[]);
    patient.redis.cli("set sidecar:loading theirs");
    patient
        .redis
        .cli("-n 3 set sidecar:loading theirs ex 100000");
    patient.redis.cli("set sidecar:drill theirs");
    patient.sidecar.backup().succeeds();
    let before = contents(&patient.redis);
    patient.redis.cli("flushall");
    patient.redis.cli("set other x");
    patient.restore(&[]).succeeds();
    assert_eq!(contents(&patient.redis), before);
}
