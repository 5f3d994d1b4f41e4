//! Where nothing can be loaded beside what the server has.

use rustix::process::Signal;

use super::patient::{LIMIT, Patient, contents};
use crate::engines_complete::keeping;
use crate::harness::{Redis, free_port, within};

#[test]
fn where_no_database_is_to_spare_it_needs_a_word_more_and_keeps_a_snapshot() {
    let patient = Patient::with(&["--databases", "1"], "");
    patient
        .restore(&[])
        .exits(1)
        .stderr_contains("too few databases")
        .stderr_contains("--accept in-place");
    patient.has_the_old("refused");
    let restored = patient
        .restore(&["--accept", "in-place", "--json"])
        .succeeds();
    patient.has_the_new("accepted");
    let note = restored.json()["parts"][0]["note"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, file) = note.split_once("what the server had is in ").unwrap();
    let before = Redis::start_from(std::path::Path::new(file));
    assert_eq!(contents(&before).lines().next(), patient.old.lines().next());
}

#[test]
fn in_place_is_one_transaction_where_the_server_can_hold_it() {
    let stops = [
        (
            "before the snapshot",
            r#"[[ "$*" != *'--rdb /'* ]] || stop"#,
            false,
        ),
        (
            "amid the transaction",
            r#"[[ "$*" != *--pipe* ]] || { { head -c 60000; stop; } | real "$@"; exit; }"#,
            false,
        ),
        (
            "after the transaction",
            r#"[[ "$*" != *--pipe* ]] || { real "$@"; stop; exit; }"#,
            true,
        ),
    ];
    let accepted = ["--accept", "in-place"];
    for (when, hook, is_new) in stops {
        let patient = Patient::with(&["--databases", "1"], "").hooked(hook);
        patient.ended(&accepted, Signal::KILL);
        if is_new {
            patient.has_the_new(when);
        } else {
            patient.has_the_old(when);
        }
        patient.must_be_restored(&accepted, when);
    }
}

#[test]
fn a_node_of_a_cluster_is_overwritten_key_by_key_if_that_is_accepted() {
    let source = Redis::start();
    source.cli("debug populate 3000 key 50");
    source.cli("set $'a\\nb' x");
    let sidecar = keeping("redis", &format!("redis://127.0.0.1:{}/", source.port()));
    sidecar.backup().succeeds();
    let node = Redis::start_with(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &free_port().to_string(),
    ]);
    node.cli("cluster addslotsrange 0 16383");
    within(LIMIT, "the cluster", || {
        node.cli("cluster info")
            .stdout
            .contains("cluster_state:ok")
            .then_some(())
    });
    let into = format!("redis://127.0.0.1:{}/", node.port());
    let restore = |more: &[&str]| {
        let words = [&["restore", "latest", "--into", &into][..], more].concat();
        sidecar.run(&words)
    };
    restore(&[]).succeeds();
    assert_eq!(node.digest(), source.digest(), "an empty one needs no word");
    node.cli("set 'a new one' 1");
    node.cli("set key:7 changed");
    node.cli("set $'c\\nd' y");
    let before = node.digest();
    restore(&["--replace"])
        .exits(1)
        .stderr_contains("a node of a cluster")
        .stderr_contains("--accept in-place");
    assert_eq!(node.digest(), before);
    restore(&["--replace", "--accept", "in-place"]).succeeds();
    assert_eq!(node.digest(), source.digest());
}
