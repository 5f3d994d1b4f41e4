//! What is left of a set, or of a single strategy that became one, is never shown as a set.

use std::fs;

use serde_json::json;

use super::{application, custom, destroy, listed, sets, state, store, with_store};
use crate::harness::Sidecar;

#[test]
fn a_set_that_lost_a_member_is_called_so() {
    let sidecar = application();
    sidecar.backup().succeeds();
    let whole = listed(&sidecar).remove(0).1;
    let sidecar = {
        fs::write(sidecar.workdir().join("state"), "state 2").unwrap();
        sidecar
    };
    sidecar.backup().succeeds();
    let broken = listed(&sidecar).remove(0).1;
    let db = sidecar.run(&["list", "--strategy", "db", "--json"]).json();
    let key = db["backups"][0]["key"].as_str().unwrap();
    let artifact = store(&sidecar).join("app/db").join(key);
    fs::remove_file(format!("{}.manifest.json", artifact.display())).unwrap();
    fs::remove_file(artifact).unwrap();

    for verb in [
        &["list"][..],
        &["verify", "--all"],
        &["verify", "latest"],
        &["restore", "latest", "--set"],
        &["restore", &broken, "--set", "--dry-run"],
    ] {
        sidecar
            .run(verb)
            .exits(4)
            .stderr_contains("is not whole: its member db")
            .stderr_contains(&whole);
    }
    destroy(&sidecar);
    sidecar.run(&["restore", &whole, "--set"]).succeeds();
    assert_eq!(state(&sidecar), "state 1");
}

/// Its store was away when the single strategy ran.
#[test]
fn a_single_strategys_pending_upload_becomes_no_set() {
    let sidecar = with_store(Sidecar::printing("single"));
    fs::remove_dir(store(&sidecar)).unwrap();
    sidecar.backup().exits(1);
    fs::create_dir(store(&sidecar)).unwrap();
    let pending = sidecar.artifacts().join(".sidecar/pending");
    let before = fs::read_dir(&pending).unwrap().count();

    let single = sidecar;
    let several = with_set(&single);
    several
        .run(&["upload", "--pending"])
        .exits(1)
        .stderr_contains("a single strategy made it");
    assert_eq!(fs::read_dir(&pending).unwrap().count(), before);
    assert_eq!(sets(&several), 0);
    let server = several.serve();
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    let counted = metrics
        .lines()
        .find(|line| line.starts_with("sidecar_set_runs_total{state=\"failed\"}"));
    assert!(counted.is_none_or(|line| line.ends_with(" 0")), "{metrics}");
    drop(server);

    single.run(&["upload", "--pending"]).succeeds();
    let list = single.run(&["list", "--json"]).succeeds().json();
    assert_eq!(list["backups"].as_array().unwrap().len(), 1);
}

/// The same folders, with `strategies`.
fn with_set(single: &Sidecar) -> Sidecar {
    let folder = single.folder().to_str().unwrap();
    Sidecar::new()
        .strategies(json!({"db": custom("echo")}))
        .set(
            "paths",
            json!({
                "workdir": format!("{folder}/work"),
                "artifacts": format!("{folder}/artifacts"),
                "temp_dump": format!("{folder}/tmp/dump.tmp"),
            }),
        )
        .set(
            "stores",
            json!([
                {"name": "local", "type": "fs", "path": format!("{folder}/store"), "prefix": "app"}
            ]),
        )
}

#[test]
fn without_stores_the_last_set_stays_whole_until_there_is_a_new_one() {
    let sidecar = application().set("stores", json!([]));
    sidecar.backup().succeeds();
    let uploads = sidecar.workdir().join("uploads");
    let away = sidecar.workdir().join("away");
    let write = |text: &str| fs::write(sidecar.workdir().join("state"), text).unwrap();
    let comes_back = || {
        for verb in [&["verify", "latest"][..], &["verify", "--all"]] {
            sidecar.run(verb).succeeds();
        }
        write("destroyed");
        sidecar
            .run(&["restore", "latest", "--set", "--replace"])
            .succeeds();
        assert_eq!(state(&sidecar), "state 1");
    };
    // Twice: what the first failure has made is no part of a set.
    for text in ["state 2", "state 3"] {
        write(text);
        fs::rename(&uploads, &away).unwrap();
        sidecar
            .backup()
            .exits(1)
            .stderr_contains("what the last set names is kept until there is a new one");
        fs::rename(&away, &uploads).unwrap();
        comes_back();
    }
    write("state 4");
    sidecar.run(&["backup", "--strategy", "db"]).succeeds();
    comes_back();
    sidecar
        .run(&["restore", "latest", "--strategy", "db"])
        .succeeds();
    assert_eq!(state(&sidecar), "state 4");
    let is_retained = || sidecar.files().join(" ").contains("in-set");
    assert!(is_retained());

    sidecar.backup().succeeds();
    assert!(!is_retained(), "the new set names what is published");
    destroy(&sidecar);
    sidecar.run(&["restore", "latest", "--set"]).succeeds();
    assert_eq!(state(&sidecar), "state 4");
}
