//! What is ticked in a backup is downloaded alone: one part or file as it is, several as a ZIP.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{Client, backup, signed_in, with_store};
use crate::engines_postgres::sidecar as of_postgres;
use crate::harness::{Answer, Postgres, Server, Sidecar, sh, sha256};

/// An archive of three files, compressed and encrypted or not.
fn archive(config: serde_json::Value) -> (Sidecar, String) {
    let sidecar = with_store(Sidecar::new()).strategy("file_archive");
    fs::create_dir_all(sidecar.workdir().join("uploads/docs")).unwrap();
    for name in [
        "uploads/a b.txt",
        "uploads/docs/b.txt",
        "uploads/docs/c.txt",
    ] {
        fs::write(sidecar.workdir().join(name), name.repeat(1000)).unwrap();
    }
    let sidecar = sidecar
        .set("strategy.artifact", config)
        .set("strategy.config.paths", json!(["uploads"]));
    let id = backup(&sidecar, &[]);
    (sidecar, id)
}

fn asks(server: &Server, id: &str, query: &str) -> Answer {
    server.get(&format!("/backup/backups/{id}/artifact?{query}"))
}

/// The files of a ZIP, as a foreign program unpacks them into `folder`.
fn unpacked(answer: &Answer, folder: &Path) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/zip");
    fs::create_dir(folder).unwrap();
    let file = folder.with_extension("zip");
    fs::write(&file, &answer.body).unwrap();
    let (file, folder) = (file.display(), folder.display());
    let done = sh(&format!(
        "python3 -m zipfile -e '{file}' '{folder}' && cd '{folder}' && find . -type f | sort"
    ));
    let files = done.succeeds().stdout;
    files.lines().map(str::to_owned).collect()
}

#[test]
fn files_of_an_archive_come_alone_however_it_was_made() {
    for config in [
        json!({"filename": "files.tar"}),
        json!({"filename": "files.tar.zst", "compression": "zst"}),
    ] {
        let (sidecar, id) = archive(config);
        let server = sidecar.serve();
        let one = asks(&server, &id, "only=uploads%2Fa%20b.txt");
        assert_eq!(one.status, 200, "{one:?}");
        assert_eq!(one.body, "uploads/a b.txt".repeat(1000).into_bytes());
        assert!(one.header("content-disposition").contains("\"a b.txt\""));
        let folder = asks(
            &server,
            &id,
            "only=uploads%2Fdocs%2F**&only=uploads%2Fa%20b.txt",
        );
        assert!(folder.header("content-disposition").contains("files.zip"));
        let unpacked = unpacked(&folder, &sidecar.folder().join("unpacked"));
        assert_eq!(
            unpacked,
            [
                "./uploads/a b.txt",
                "./uploads/docs/b.txt",
                "./uploads/docs/c.txt"
            ]
        );
        let text = fs::read_to_string(sidecar.folder().join("unpacked/uploads/docs/b.txt"));
        assert_eq!(text.unwrap(), "uploads/docs/b.txt".repeat(1000));
        let none = asks(&server, &id, "only=uploads%2Fnone");
        assert_eq!(
            (none.status, none.json()["code"].clone()),
            (404, json!("no-such-part"))
        );
        assert_eq!(asks(&server, &id, "onyl=x").status, 400);
    }
}

#[test]
fn a_folder_and_a_file_in_it_may_both_be_asked_for() {
    let (sidecar, id) = archive(json!({"filename": "files.tar"}));
    let server = sidecar.serve();
    let both = "only=uploads%2Fdocs&only=uploads%2Fdocs%2Fb.txt&only=uploads%2Fdocs";
    let unpacked = unpacked(
        &asks(&server, &id, both),
        &sidecar.folder().join("unpacked"),
    );
    assert_eq!(unpacked, ["./uploads/docs/b.txt", "./uploads/docs/c.txt"]);
}

#[test]
fn what_was_altered_is_not_handed_out_as_whole() {
    let (sidecar, id) = archive(json!({"filename": "files.tar"}));
    let daily = sidecar.folder().join("store/citus/daily");
    let artifact = fs::read_dir(daily)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let artifact = artifact
        .into_iter()
        .find(|path| path.extension().unwrap() == "tar")
        .unwrap();
    let mut bytes = fs::read(&artifact).unwrap();
    let at = bytes
        .windows(18)
        .position(|bytes| bytes == b"uploads/docs/b.txt");
    // In the content of another file than the one that is asked for.
    let at = at.unwrap() + 512 + 100;
    bytes[at] ^= 1;
    fs::write(&artifact, bytes).unwrap();
    let server = sidecar.serve();
    let url = format!(
        "{}/backup/backups/{id}/artifact?only=uploads/a%20b.txt",
        server.url
    );
    let token = crate::harness::TOKEN;
    let done = sh(&format!(
        "curl -sg -o /dev/null -w '%{{exitcode}}' -H 'Authorization: Bearer {token}' '{url}'"
    ));
    // The connection breaks before the last bytes.
    assert_ne!(done.stdout.trim(), "0", "{done:?}");
}

#[test]
fn ticked_databases_come_in_one_download() {
    let postgres = Postgres::start();
    for app in ["app1", "app2", "app3"] {
        postgres.sql("postgres", &format!("CREATE DATABASE {app}"));
        postgres.sql(app, "CREATE TABLE t AS SELECT 1");
    }
    let sidecar = with_store(of_postgres(&postgres));
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let both = asks(&server, &id, "only=app3&only=app1");
    let unpacked = unpacked(&both, &sidecar.folder().join("unpacked"));
    assert_eq!(unpacked, ["./app1", "./app3"]);
    let contents = server.get(&format!("/backup/backups/{id}/contents")).json();
    for part in contents["parts"].as_array().unwrap() {
        let name = part["name"].as_str().unwrap();
        if ["app1", "app3"].contains(&name) {
            let bytes = fs::read(sidecar.folder().join("unpacked").join(name)).unwrap();
            assert_eq!(sha256(&bytes), part["sha256"], "{name}");
        }
    }
    let file = sidecar.folder().join("both.zip");
    let into = file.to_str().unwrap();
    sidecar
        .run(&["fetch", &id, "--only", "app1", "--only", "app3", "-o", into])
        .succeeds();
    assert_eq!(fs::read(&file).unwrap(), both.body);
}

#[test]
fn the_page_offers_what_is_ticked() {
    let (sidecar, id) = archive(json!({"filename": "files.tar"}));
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let none = client.gets(&format!("/ui/backups/{id}/artifact?only=none"));
    assert_eq!(none.status, 404);
    assert!(String::from_utf8_lossy(&none.body).contains("has no part"));
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!(
        "{}/ui/backups/{id}?inside=1&under=uploads",
        server.url
    ));
    browser.clicks("input[value='uploads%2Fdocs%2F%2A%2A']");
    let action = browser.evaluates(
        "const button = document.querySelector('button[formaction]'); \
         const fields = new URLSearchParams(new FormData(button.form)); \
         return fetch(button.formAction + '?' + fields).then(got => got.headers.get('content-type'))",
    );
    assert_eq!(action, "application/zip");
}
