//! A drill replaces what a drill has made, and nothing that came later.

use crate::elsewhere::drilling;
use crate::engines_complete::keeping;
use crate::harness::{Redis, Sidecar};

/// A source with a backup, and a server that a drill has filled.
fn drilled() -> (Sidecar, Redis, Redis) {
    let (source, scratch) = (Redis::start(), Redis::start());
    source.cli("set k v");
    source.cli("-n 3 set k v");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", source.port()));
    sidecar.backup().succeeds();
    let sidecar = drilling(sidecar, &format!("redis://127.0.0.1:{}/", scratch.port()));
    sidecar.run(&["drill"]).succeeds();
    (sidecar, source, scratch)
}

#[test]
fn a_server_that_was_filled_anew_or_added_to_is_not_replaced() {
    let (sidecar, _source, scratch) = drilled();
    sidecar.run(&["drill"]).succeeds();
    for (changes, what) in [
        (
            &["-n 0 flushdb", "-n 0 set mine x"][..],
            "1 keys in database 0",
        ),
        (&["-n 3 set more x", "-n 0 flushdb"], "keys in database 3"),
        (
            &["-n 7 set mine x", "-n 3 del more"],
            "1 keys in database 7",
        ),
    ] {
        for change in changes {
            scratch.cli(change);
        }
        let before = scratch.digest();
        sidecar
            .run(&["drill"])
            .exits(1)
            .stderr_contains("has data that no drill has made")
            .stderr_contains(what);
        assert_eq!(scratch.digest(), before, "{what}");
    }
}

#[test]
fn what_comes_in_while_a_drill_loads_is_not_replaced() {
    let (sidecar, _source, scratch) = drilled();
    let gate = sidecar.gate("late");
    let sidecar = sidecar.hooked(
        "redis-cli",
        r#"[[ "$*" != *'judge drill'*':'* ]] || { real "$@"; stop; exit; }"#,
        &gate,
    );
    let running = sidecar.start(&["drill"]);
    let open = gate.reached();
    scratch.cli("-n 0 flushdb");
    scratch.cli("-n 0 set mine x");
    drop(open);
    running
        .finish()
        .exits(1)
        .stderr_contains("has data that no drill has made");
    assert_eq!(scratch.cli("get mine").stdout.trim(), "x");
}

#[test]
fn functions_that_no_drill_has_loaded_are_not_replaced() {
    let library = |name: &str| {
        format!(
            "function load \"$(printf '#!lua name={name}\\nredis.register_function(%s, function() return 1 end)' \"'{name}'\")\""
        )
    };
    let (sidecar, source, scratch) = drilled();
    scratch.cli(&library("mine"));
    let refused = || {
        sidecar
            .run(&["drill"])
            .exits(1)
            .stderr_contains("has data that no drill has made")
            .stderr_contains("libraries of functions");
        assert!(scratch.cli("function list").stdout.contains("mine"));
    };
    refused();
    scratch.cli("flushall");
    refused();
    scratch.cli("function flush");
    source.cli(&library("theirs"));
    sidecar.backup().succeeds();
    for _ in 0..2 {
        sidecar.run(&["drill"]).succeeds();
        assert!(scratch.cli("function list").stdout.contains("theirs"));
    }
    scratch.cli(&library("mine"));
    refused();
}

#[test]
fn a_drill_goes_in_place_where_no_database_is_to_spare() {
    let (source, scratch) = (Redis::start(), Redis::start_with(&["--databases", "1"]));
    source.cli("set k v");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", source.port()));
    sidecar.backup().succeeds();
    let sidecar = drilling(sidecar, &format!("redis://127.0.0.1:{}/", scratch.port()));
    for _ in 0..3 {
        sidecar.run(&["drill"]).succeeds();
        assert_eq!(scratch.cli("get k").stdout.trim(), "v");
    }
    scratch.cli("set mine x");
    sidecar
        .run(&["drill"])
        .exits(1)
        .stderr_contains("has data that no drill has made");
    assert_eq!(scratch.cli("get mine").stdout.trim(), "x");
}
