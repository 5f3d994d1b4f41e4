//! What lies in a backup, and one part of it alone: `contents`, `fetch --only`, and the same over HTTP.

use serde_json::{Value, json};

use crate::engines_complete::keeping;
use crate::harness::{Server, Sidecar, sh, sha256};

/// An archive of a few files, in a store.
fn archived(config: Value) -> Sidecar {
    let sidecar = Sidecar::new().strategy("file_archive");
    let docs = sidecar.workdir().join("docs/deep");
    std::fs::create_dir_all(&docs).unwrap();
    for (name, content) in [
        ("docs/a.txt", "abc"),
        ("docs/deep/b.txt", "longer"),
        ("notes", "x"),
    ] {
        std::fs::write(sidecar.workdir().join(name), content).unwrap();
    }
    let mut whole = config;
    whole["paths"] = json!(["docs", "notes"]);
    with_store(sidecar.set("strategy.config", whole))
}

fn with_store(sidecar: Sidecar) -> Sidecar {
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path}]),
    )
}

fn contents(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("/backup/backups/latest/contents{query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn names(contents: &Value) -> Vec<&str> {
    let entries = contents["entries"].as_array().unwrap().iter();
    entries.map(|one| one["name"].as_str().unwrap()).collect()
}

#[test]
fn an_archive_lists_its_files_however_it_was_made() {
    for config in [
        json!({}),
        json!({"format": "tar", "compression": "gz"}),
        json!({"format": "zip"}),
    ] {
        let sidecar = archived(config.clone());
        sidecar.run(&["backup"]).succeeds();
        let server = sidecar.serve();
        let all = contents(&server, "");
        assert_eq!(all["complete"], true, "{config}: {all}");
        let found = names(&all);
        for name in ["docs/a.txt", "docs/deep/b.txt", "notes"] {
            assert!(found.contains(&name), "{config}: {name} is not in {all}");
        }
        let size = |name: &str| {
            let entries = all["entries"].as_array().unwrap().iter();
            entries.clone().find(|one| one["name"] == name).unwrap()["size"].clone()
        };
        assert_eq!(
            (size("docs/a.txt"), size("docs/deep/b.txt")),
            (json!(3), json!(6))
        );
    }
}

#[test]
fn folders_are_walked_and_names_are_searched() {
    let sidecar = archived(json!({})).set("strategy.artifact.compression", "zst");
    sidecar.run(&["backup"]).succeeds();
    let server = sidecar.serve();
    let top = contents(&server, "?under=");
    assert_eq!(names(&top), ["docs", "notes"]);
    assert_eq!(
        (&top["entries"][0]["kind"], &top["entries"][0]["size"]),
        (&json!("directory"), &json!(9))
    );
    assert_eq!(
        names(&contents(&server, "?under=docs")),
        ["docs/deep", "docs/a.txt"]
    );
    assert_eq!(
        names(&contents(&server, "?match=B.TXT")),
        ["docs/deep/b.txt"]
    );
    let few = contents(&server, "?limit=1");
    assert_eq!(names(&few).len(), 1);
    assert!(few["total"].as_u64().unwrap() >= 3, "{few}");
    let shown = sidecar
        .run(&["contents", "latest", "--match", "notes"])
        .succeeds();
    shown.stdout_contains("notes");
}

#[test]
fn what_is_no_archive_says_so() {
    let sidecar = with_store(Sidecar::printing("0123456789"));
    sidecar.run(&["backup"]).succeeds();
    let found = contents(&sidecar.serve(), "");
    assert_eq!(
        (&found["entries"], &found["complete"]),
        (&json!([]), &json!(false))
    );
}

#[test]
fn one_database_of_a_dump_is_fetched_alone() {
    let sidecar = keeping("sqlite", "");
    let file = sidecar.folder().join("app.db");
    let rows = "CREATE TABLE t(x); INSERT INTO t VALUES (1)";
    sh(&format!("sqlite3 '{}' '{rows}'", file.display())).succeeds();
    let sidecar = sidecar.set("strategy.config.url", file.to_str().unwrap());
    sidecar.backup().succeeds();
    let server = sidecar.serve();
    let found = contents(&server, "");
    let part = &found["parts"][0];
    let name = part["name"].as_str().unwrap();
    let fetched = server.get(&format!("/backup/backups/latest/artifact?only={name}"));
    assert_eq!(fetched.status, 200, "{fetched:?}");
    assert_eq!(sha256(&fetched.body), part["sha256"]);
    let file = sidecar.folder().join("part");
    let into = file.to_str().unwrap();
    sidecar
        .run(&["fetch", "latest", "--only", name, "-o", into])
        .succeeds();
    assert_eq!(std::fs::read(&file).unwrap(), fetched.body);
    let none = server.get("/backup/backups/latest/artifact?only=nothing");
    assert_eq!(
        (none.status, none.json()["code"].clone()),
        (404, json!("no-such-part"))
    );
}
