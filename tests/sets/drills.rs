//! A drill of a set tries the backups that belong together, each in its own scratch target.

use std::fs;

use serde_json::json;

use super::{application, listed};
use crate::harness::Sidecar;

/// With a drill for each strategy: what came back has to be of the set.
fn drilled() -> Sidecar {
    let sidecar = application();
    let scratch = sidecar.folder().join("scratch");
    let tried = json!({
        "type": "custom",
        "artifact": {"filename": "db.dump"},
        "config": {"command": "cat state", "capture_stdout": true, "restore": "cat > \"$SIDE_CAR_RESTORE_INTO/state\""},
        "drill": {"into": scratch, "check": ["grep -x 'state 1' state"]},
    });
    sidecar.set("strategies.db", tried).set(
        "strategies.uploads.drill",
        json!({"into": scratch, "check": ["test -s uploads/*.txt"]}),
    )
}

#[test]
fn every_member_of_the_latest_set_is_tried_and_all_is_reported_together() {
    let sidecar = drilled();
    sidecar.backup().succeeds();
    let set = listed(&sidecar).remove(0).1;
    // The set stays the same, and its strategy goes on.
    fs::write(sidecar.workdir().join("state"), "state 2").unwrap();
    sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    let report = sidecar.run(&["drill", "--json"]).succeeds().json();
    assert_eq!(report["set"], set);
    let members: Vec<_> = report["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| {
            let parts = member["parts"].as_array().unwrap().len();
            (member["strategy"].as_str().unwrap().to_owned(), parts)
        })
        .collect();
    assert_eq!(members, [("db".to_owned(), 2), ("uploads".to_owned(), 2)]);
    let runs = sidecar.run(&["runs", "--json"]).json();
    let kinds = [0, 1].map(|at| runs["runs"][at]["kind"].clone());
    assert_eq!(kinds, ["drill", "drill"]);

    // Alone, it is its latest backup that is tried.
    sidecar.run(&["drill", "--strategy", "db"]).exits(1);
}

#[test]
fn a_member_that_fails_keeps_no_other_from_being_tried() {
    let sidecar = drilled().set("strategies.db.drill.check", json!(["false"]));
    sidecar.backup().succeeds();
    let tried = sidecar.run(&["drill"]).exits(1);
    let last = tried.stdout.lines().last().unwrap();
    assert!(last.contains("test -s uploads"), "{tried:#?}");
    assert!(tried.stdout.contains("FAILED    false"), "{tried:#?}");
    let report = sidecar.run(&["drill", "--json"]).exits(1).json();
    assert_eq!(report["members"][0]["error"]["code"], "command-failed");
    assert_eq!(report["members"][1]["error"], json!(null));
}
