//! A set comes back whole, or in part; nothing is touched before everything was fetched and compared.

use std::fs;

use super::{application, destroy, listed, sets, state, store, upload};

#[test]
fn all_members_come_back() {
    let sidecar = application();
    sidecar.backup().succeeds();
    destroy(&sidecar);
    let plan = sidecar
        .run(&["restore", "latest", "--set", "--dry-run", "--json"])
        .succeeds()
        .json();
    let strategies = [0, 1].map(|at| plan["members"][at]["strategy"].clone());
    assert_eq!(strategies, ["db", "uploads"]);
    assert_eq!(state(&sidecar), "destroyed");
    sidecar.run(&["restore", "latest", "--set"]).succeeds();
    assert_eq!(state(&sidecar), "state 1");
    assert_eq!(upload(&sidecar).unwrap(), "first");
}

#[test]
fn the_first_segment_chooses_the_strategy() {
    let sidecar = application();
    fs::write(sidecar.workdir().join("uploads/second"), "2").unwrap();
    sidecar.backup().succeeds();
    let again = |only: &[&str]| {
        destroy(&sidecar);
        let only = only.iter().flat_map(|only| ["--only", only]);
        let arguments = ["restore", "latest"].into_iter().chain(only);
        sidecar.run(&arguments.collect::<Vec<_>>()).succeeds();
        let second = sidecar.workdir().join("uploads/second").exists();
        (state(&sidecar), upload(&sidecar).is_some(), second)
    };
    let destroyed = || "destroyed".to_owned();
    assert_eq!(again(&["db"]), ("state 1".to_owned(), false, false));
    // Nothing is left to destroy.
    fs::create_dir(sidecar.workdir().join("uploads")).unwrap();
    assert_eq!(again(&["uploads/**"]), (destroyed(), true, true));
    assert_eq!(
        again(&["uploads/uploads/second"]),
        (destroyed(), false, true)
    );
    sidecar
        .run(&["restore", "latest", "--only", "nothing/x"])
        .exits(2)
        .stderr_contains("no member for `nothing/x`");
    // What is asked for under a new name must not come back under its own.
    for all in ["db=other", "uploads/**=other"] {
        sidecar
            .run(&["restore", "latest", "--replace", "--only", all])
            .exits(2)
            .stderr_contains("gives one name to all of a strategy");
    }
    sidecar
        .run(&["restore", "latest", "--into", "/tmp/elsewhere"])
        .exits(2)
        .stderr_contains("several members");
}

#[test]
fn a_damaged_member_keeps_all_from_being_touched() {
    let sidecar = application();
    sidecar.backup().succeeds();
    let folder = store(&sidecar).join("app/uploads/daily");
    let artifact = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let artifact = artifact
        .into_iter()
        .find(|path| path.extension().unwrap() == "tar")
        .unwrap();
    let mut bytes = fs::read(&artifact).unwrap();
    bytes[700] ^= 1;
    fs::write(&artifact, bytes).unwrap();
    destroy(&sidecar);
    sidecar
        .run(&["restore", "latest", "--set"])
        .exits(4)
        .stderr_contains("uploads: ");
    assert_eq!(state(&sidecar), "destroyed");
    sidecar.run(&["verify"]).exits(4);
}

#[test]
fn one_strategy_comes_back_by_its_name_or_by_its_id() {
    let sidecar = application();
    sidecar.backup().succeeds();
    fs::write(sidecar.workdir().join("state"), "state 2").unwrap();
    sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    assert_eq!((listed(&sidecar).len(), sets(&sidecar)), (4, 1));
    fs::write(sidecar.workdir().join("state"), "state 3").unwrap();
    sidecar
        .run(&["restore", "latest", "--strategy", "db"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 2");
    sidecar
        .run(&["restore", "latest", "--set", "--only", "db"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 1");
    let newest = listed(&sidecar)
        .into_iter()
        .find(|(name, _)| name == "db")
        .unwrap();
    sidecar.run(&["restore", &newest.1]).succeeds();
    assert_eq!(state(&sidecar), "state 2");
    sidecar
        .run(&["restore", "latest", "--strategy", "dbs"])
        .exits(2)
        .stderr_contains("the names under `strategies` are db, uploads");
}

#[test]
fn without_stores_the_last_set_comes_back() {
    let sidecar = application().set("stores", serde_json::json!([]));
    sidecar.backup().succeeds();
    destroy(&sidecar);
    sidecar.run(&["verify"]).succeeds();
    sidecar.run(&["restore", "latest", "--set"]).succeeds();
    assert_eq!(
        (state(&sidecar).as_str(), upload(&sidecar).as_deref()),
        ("state 1", Some("first"))
    );
}

#[test]
fn what_a_failed_member_leaves_out_is_said() {
    let failing = serde_json::json!({
        "type": "custom",
        "artifact": {"filename": "late.dump"},
        "config": {"command": "echo late", "capture_stdout": true, "restore": "cat > /dev/null; exit 7"},
    });
    let sidecar = application()
        .set("strategies.late", failing)
        .set("strategies.last", super::custom("echo last"))
        .set(
            "set.members",
            serde_json::json!(["db", "late", "last", "uploads"]),
        );
    sidecar.backup().succeeds();
    destroy(&sidecar);
    let done = sidecar.run(&["restore", "latest", "--set"]);
    done.exits(1)
        .stderr_contains("last was left as it is")
        .stderr_contains("--only uploads")
        .stdout_contains("restored  db/");
    assert_eq!(
        (state(&sidecar).as_str(), upload(&sidecar)),
        ("state 1", None)
    );
}
