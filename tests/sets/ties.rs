//! A set is no better than its members, and what any set names stays, wherever that set lies.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{application, custom, sets, state, store};
use crate::harness::Sidecar;

fn last(sidecar: Sidecar, number: u32) -> Sidecar {
    sidecar.set("retention", json!({"daily": {"last": number}}))
}

/// The artifacts of `strategy` in a store, newest first, each with its id.
fn artifacts(sidecar: &Sidecar, name: &str, strategy: &str) -> Vec<(PathBuf, String)> {
    let list = sidecar.run(&["list", "--json"]).json();
    let all = list["backups"].as_array().unwrap().iter();
    let own = all.filter(|one| one["strategy"] == strategy && one["store"] == name);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let place = |one: &Value| {
        let folder = sidecar.folder().join(match name {
            "local" => "store",
            name => name,
        });
        let path = folder.join("app").join(strategy).join(text(&one["key"]));
        (path, text(&one["manifest"]["id"]))
    };
    own.map(place).collect()
}

#[test]
fn two_applications_in_one_prefix_keep_their_sets() {
    let one = last(application(), 1)
        .strategies(json!({"db": custom("cat state")}))
        .set("set", json!({}));
    let shared = store(&one);
    let other = last(application(), 1)
        .strategies(json!({"mail": custom("cat state")}))
        .set("set", json!({}))
        .set(
            "stores",
            json!([{"name": "local", "type": "fs", "path": shared, "prefix": "app"}]),
        );
    one.backup().succeeds();
    for _ in 0..2 {
        other.backup().succeeds();
    }
    one.run(&["verify", "--all"]).succeeds();
    let plan = one.run(&["restore", "latest", "--set", "--dry-run", "--json"]);
    let plan = plan.succeeds().json();
    assert_eq!(plan["members"][0]["strategy"], "db");
    assert_eq!(sets(&one), 3, "none was deleted");
}

#[test]
fn a_set_with_a_damaged_member_displaces_no_good_one() {
    let sidecar = last(application(), 2);
    sidecar.backup().succeeds();
    let good = artifacts(&sidecar, "local", "sets").remove(0).1;
    for _ in 0..2 {
        sidecar.backup().succeeds();
        let (newest, _) = artifacts(&sidecar, "local", "db").remove(0);
        fs::write(newest, "overwritten").unwrap();
        sidecar.run(&["verify", "latest"]).exits(4);
    }
    let pruned = sidecar.run(&["prune", "--yes", "--json"]).succeeds().json();
    let all = pruned["backups"].as_array().unwrap().iter();
    let told: Vec<_> = all.filter(|one| one["strategy"] == "sets").collect();
    let reason = told[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("db of it is damaged or missing"),
        "{reason}"
    );
    fs::write(sidecar.workdir().join("state"), "destroyed").unwrap();
    sidecar
        .run(&["restore", &good, "--set", "--only", "db"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 1");
}

/// With a second store, which has all that the first one has.
fn twice() -> Sidecar {
    let sidecar = last(application(), 1);
    let stores = ["local", "second"].map(|name| {
        let folder = match name {
            "local" => "store",
            name => name,
        };
        let path = sidecar.folder().join(folder);
        fs::create_dir_all(&path).unwrap();
        json!({"name": name, "type": "fs", "path": path, "prefix": "app"})
    });
    let sidecar = sidecar.set("stores", json!(stores));
    sidecar.backup().succeeds();
    sidecar
}

fn manifest(artifact: &(PathBuf, String)) -> PathBuf {
    let path = format!("{}.manifest.json", artifact.0.display());
    assert!(PathBuf::from(&path).is_file(), "{path}");
    path.into()
}

#[test]
fn what_a_set_names_stays_in_stores_that_do_not_have_that_set() {
    let sidecar = twice();
    let set = artifacts(&sidecar, "second", "sets").remove(0);
    let member = artifacts(&sidecar, "second", "db").remove(0);
    fs::remove_file(manifest(&set)).unwrap();
    fs::remove_file(&set.0).unwrap();
    for _ in 0..2 {
        sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    }
    assert!(artifacts(&sidecar, "second", "db").contains(&member));
}

#[test]
fn a_set_that_cannot_be_read_here_is_known_elsewhere() {
    let sidecar = twice();
    let [here, there] = ["second", "local"].map(|name| artifacts(&sidecar, name, "sets").remove(0));
    let member = artifacts(&sidecar, "second", "db").remove(0);
    let (here, there) = (manifest(&here), manifest(&there));
    fs::write(here, "garbage").unwrap();
    for _ in 0..2 {
        sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    }
    let db = artifacts(&sidecar, "second", "db");
    assert!(db.contains(&member) && db.len() == 2, "{db:?}");

    // Nor is anything deleted where no store can read it.
    fs::write(there, "garbage").unwrap();
    sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    assert_eq!(artifacts(&sidecar, "second", "db").len(), 3);
    sidecar
        .run(&["prune", "--strategy", "db"])
        .exits(4)
        .stderr_contains("it is not known what sets name");
}
