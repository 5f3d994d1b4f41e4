//! The sidecar or the server dies on the way: the server has the old or the new.

use rustix::process::Signal;

use super::patient::Patient;

/// Where a restore stops, and whether the server has the new data by then.
const STOPS: [(&str, &str, bool); 11] = [
    ("before it looks", r#"[[ "$*" != *info* ]] || stop"#, false),
    (
        "before it asks for databases",
        r#"[[ "$*" != *'select 1' ]] || stop"#,
        false,
    ),
    (
        "before the functions are tried",
        r#"[[ "$*" != *'--no-raw function dump' || "$*" == *'-s s'* ]] || stop"#,
        false,
    ),
    ("before the mark", r#"[[ "$*" != *dbsize ]] || stop"#, false),
    (
        "after the mark",
        r#"[[ "$*" != *msetnx* ]] || { real "$@"; stop; exit; }"#,
        false,
    ),
    (
        "before the first key",
        r#"[[ "$*" != *--pipe* ]] || stop"#,
        false,
    ),
    (
        "among the keys",
        r#"[[ "$*" != *--pipe* ]] || { { head -c 30000; stop; } | real "$@"; exit; }"#,
        false,
    ),
    (
        "after all keys",
        r#"[ ! -e databases ] || [[ "$*" != *'info stats' ]] || stop"#,
        false,
    ),
    (
        "amid the transaction",
        r#"[[ "$*" != *--pipe* ]] || { read -r a; [[ $a != MULTI* ]] && { printf '%s\n' "$a"; cat; } | real "$@" && exit
           { printf '%s\n' "$a"; head -n 7; stop; } | real "$@"; exit; }"#,
        false,
    ),
    (
        "after the transaction",
        r#"[[ "$*" != *' get sidecar_new_'* ]] || stop"#,
        true,
    ),
    (
        "before the last mark goes",
        r#"[[ "$*" != *'flushdb async' ]] || stop"#,
        true,
    ),
];

#[test]
fn a_sidecar_that_is_killed_leaves_the_old_or_the_new() {
    for (when, hook, is_new) in STOPS {
        let patient = Patient::new(&[]).hooked(hook);
        patient.ended(&[], Signal::KILL);
        if is_new {
            patient.has_the_new(when);
        } else {
            patient.has_the_old(when);
        }
        patient.must_be_restored(&[], when);
    }
}

#[test]
fn a_server_that_is_killed_has_the_old_or_the_new_when_it_starts_again() {
    for (when, hook, is_new) in STOPS {
        let mut patient = Patient::new(&["--appendonly", "yes"]).hooked(hook);
        let running = patient.sidecar.start(&["restore", "latest", "--replace"]);
        let open = patient.gate.reached();
        patient.redis.kill();
        drop(open);
        assert_eq!(running.finish().code, Some(1), "{when}");
        patient.redis.start_again();
        if is_new {
            patient.has_the_new(when);
        } else {
            patient.has_the_old(when);
        }
        patient.must_be_restored(&[], when);
    }
}

#[test]
fn a_cancelled_restore_leaves_no_database_half_loaded() {
    for (when, hook, is_new) in STOPS.into_iter().skip(4) {
        let patient = Patient::new(&[]).hooked(hook);
        patient.ended(&[], Signal::TERM);
        if is_new {
            patient.has_the_new(when);
        } else {
            patient.has_the_old(when);
        }
        let keyspace = patient.redis.cli("info keyspace").stdout;
        assert!(!keyspace.contains("db15"), "{when}: {keyspace}");
        patient.must_be_restored(&[], when);
    }
}
