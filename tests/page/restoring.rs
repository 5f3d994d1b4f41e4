//! A backup comes back from the page: beside what is there, or over it, and never without being read first.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::{Client, backup, signed_in, with_store};
use crate::harness::{Sidecar, sh};

/// A sidecar that backs up a SQLite file with these rows, which have changed since; the file, and the backup.
fn with_database() -> (Sidecar, PathBuf, String) {
    let sidecar = with_store(Sidecar::new());
    let file = sidecar.workdir().join("app.db");
    let sidecar = sidecar
        .strategy("database_dump")
        .set("strategy.config", json!({"engine": "sqlite", "url": file}));
    sql(&file, "CREATE TABLE t (x); INSERT INTO t VALUES ('before')");
    let id = backup(&sidecar, &[]);
    sql(&file, "UPDATE t SET x = 'after'");
    (sidecar, file, id)
}

fn sql(file: &std::path::Path, statement: &str) -> String {
    let done = sh(&format!("sqlite3 '{}' \"{statement}\"", file.display()));
    assert!(done.stderr.is_empty(), "{done:?}");
    done.stdout.trim().to_owned()
}

#[test]
fn a_database_comes_back_under_a_new_name() {
    let (sidecar, file, id) = with_database();
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/backups/{id}", server.url));
    browser
        .clicks("input[name=only]")
        .clicks("form[action*=restore] button");
    browser.reads("h1", "What should come back?");
    browser.clicks("main form button");
    browser.reads("h1", "Where should it come back to?");
    // Beside what is there is the default, and has a name already.
    let name = browser.evaluates("return document.querySelector('[name=\"name:app.db\"]').value");
    assert_eq!(name, "app.db_copy");
    browser.clicks("main form button");
    browser.reads("h1", "Read what will happen");
    browser.reads("main", "app.db_copy");
    browser.clicks("form[method=post].stack button");
    browser.reads("#run .state", "Succeeded");
    browser.reads("#run .parts", "app.db");
    assert_eq!(sql(&file, "SELECT x FROM t"), "after");
    let copy = sidecar.workdir().join("app.db_copy");
    assert_eq!(sql(&copy, "SELECT x FROM t"), "before");
}

#[test]
fn to_replace_it_its_name_is_typed() {
    let (sidecar, file, id) = with_database();
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/restore/{id}/where?only=app.db", server.url));
    browser
        .clicks("input[value=replace]")
        .clicks("main form button");
    browser.reads("main", "REPLACED");
    browser.types("#typed", "app").clicks("button.danger");
    browser.reads("#problem", "is another one");
    assert_eq!(sql(&file, "SELECT x FROM t"), "after");
    browser.reads("button.danger", "Replace app.db");
    browser.types("#typed", "app.db").clicks("button.danger");
    browser.reads("#run .state", "Succeeded");
    assert_eq!(sql(&file, "SELECT x FROM t"), "before");
}

#[test]
fn a_preview_is_skipped_by_no_address_and_no_form() {
    let (sidecar, file, id) = with_database();
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let read = format!("/ui/restore/{id}/read");
    let replace = [("only", "app.db"), ("to", "replace"), ("typed", "app.db")];
    let shown = client.submits(&read, &replace);
    assert_eq!(shown.status, 409);
    let text = String::from_utf8(shown.body).unwrap();
    assert!(text.contains("read first what will happen"), "{text}");
    // The plan of another choice is not the one that was read.
    let other = client.hidden(&format!("{read}?only=app.db&to=original"), "plan");
    let mut fields = replace.to_vec();
    fields.push(("plan", &other));
    let shown = client.submits(&read, &fields);
    assert_eq!(shown.status, 409);
    assert!(String::from_utf8_lossy(&shown.body).contains("has changed since"));
    assert_eq!(sql(&file, "SELECT x FROM t"), "after");
    assert_eq!(client.gets(&read).status, 400);
    // Nothing ran.
    let runs = server.get("/backup/jobs").json();
    let restores = runs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|job| job["kind"] == "restore");
    assert_eq!(restores.count(), 0);
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let (sidecar, _, id) = with_database();
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    for name in ["/tmp/elsewhere.db", "..%2Felsewhere.db", ""] {
        let path = format!("/ui/restore/{id}/read?only=app.db&to=names&name%3Aapp.db={name}");
        assert_eq!(client.gets(&path).status, 400, "{name}");
    }
    let target = client.gets(&format!("/ui/restore/{id}/read?to=target&target=%2Ftmp"));
    assert_eq!(target.status, 400);
}

#[test]
fn some_files_come_back_into_another_place() {
    let sidecar = with_store(Sidecar::new()).strategy("file_archive");
    let place = sidecar.folder().join("place");
    fs::create_dir(&place).unwrap();
    fs::create_dir(sidecar.workdir().join("uploads")).unwrap();
    for name in ["a.txt", "b.txt"] {
        fs::write(sidecar.workdir().join("uploads").join(name), name).unwrap();
    }
    let sidecar = sidecar
        .set("strategy.config.paths", json!(["uploads"]))
        .set("restore.targets", json!([{"name": "place", "into": place}]));
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/restore/{id}", server.url));
    browser
        .types("#files", "uploads/a.txt")
        .clicks("main form button");
    browser.reads("h1", "Where should it come back to?");
    browser.clicks("main form button");
    browser.reads("main", "Into place");
    browser.clicks("form[method=post].stack button");
    browser.reads("#run .state", "Succeeded");
    assert_eq!(fs::read(place.join("uploads/a.txt")).unwrap(), b"a.txt");
    assert!(!place.join("uploads/b.txt").exists());
}
