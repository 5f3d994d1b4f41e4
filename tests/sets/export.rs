//! The set over HTTP: one ZIP, which a client that knows only contract v1 gets.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{application, custom, destroy, events, sets, state, upload};
use crate::harness::{Orchestrator, Sidecar, age_key, sh, sha256};

/// The set that the orchestrator gets, in a file.
fn exported(sidecar: &Sidecar) -> (Value, PathBuf) {
    let file = sidecar.folder().join("set.zip");
    let into = ["--into", file.to_str().unwrap()];
    let answer = Orchestrator::of(&sidecar.serve()).export(&into);
    (answer, file)
}

/// By three foreign programs.
fn is_a_zip(file: &Path, names: &[&str]) {
    let file = file.display();
    sh(&format!("unzip -tq '{file}'")).succeeds();
    let python = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); \
                  assert z.testzip() is None; print('\\n'.join(z.namelist()))";
    let listed = [
        sh(&format!("python3 -c \"{python}\" '{file}'")),
        sh(&format!("bsdtar -tf '{file}'")),
        sh(&format!("bsdtar -tf - < '{file}'")),
    ];
    for listed in listed {
        assert_eq!(listed.succeeds().stdout.lines().collect::<Vec<_>>(), names);
    }
}

const NAMES: [&str; 5] = [
    "db/db.dump",
    "db/db.dump.manifest.json",
    "uploads/uploads.tar",
    "uploads/uploads.tar.manifest.json",
    "set.json",
];

#[test]
fn a_client_of_contract_v1_gets_the_whole_application_in_one_file() {
    for within in ["4m", "0s"] {
        let sidecar = application().set("app.export.first_byte_within", within);
        let (answer, file) = exported(&sidecar);
        assert_eq!(
            (&answer["status"], &answer["error"]),
            (&json!(200), &Value::Null)
        );
        let headers = &answer["headers"];
        assert_eq!(headers["x-backup-format"], "sidecar-set");
        assert_eq!(headers["content-type"], "application/zip");
        assert_eq!(
            headers["content-disposition"],
            "attachment; filename=\"set.zip\""
        );
        assert_eq!(headers["transfer-encoding"], "chunked");
        is_a_zip(&file, &NAMES);
        let dump = sh(&format!("unzip -p '{}' db/db.dump", file.display())).succeeds();
        assert_eq!(dump.stdout, "state 1");
        assert_eq!(
            (sets(&sidecar), events(&sidecar)),
            (1, vec!["on".to_owned(), "off".to_owned()])
        );

        destroy(&sidecar);
        sidecar.run(&["restore", file.to_str().unwrap()]).succeeds();
        assert_eq!(
            (state(&sidecar).as_str(), upload(&sidecar).as_deref()),
            ("state 1", Some("first"))
        );
    }
}

#[test]
fn trailers_have_the_size_and_the_checksum_of_the_file() {
    let sidecar = application();
    let server = sidecar.serve();
    let body = sidecar.folder().join("set.zip");
    let curl = format!(
        "curl -sS -X POST -H 'TE: trailers' -H 'Connection: TE' -H 'Authorization: Bearer {}' -D '{}/headers' -o '{}' {}/backup/export",
        crate::harness::TOKEN,
        sidecar.folder().display(),
        body.display(),
        server.url
    );
    sh(&curl).succeeds();
    let bytes = fs::read(&body).unwrap();
    let headers = fs::read_to_string(sidecar.folder().join("headers"))
        .unwrap()
        .to_lowercase();
    let has = |line: String| assert!(headers.contains(&line), "{line}:\n{headers}");
    has(format!("x-size: {}", bytes.len()));
    has(format!("x-checksum-sha256: {}", sha256(&bytes)));
}

#[test]
fn a_client_of_http_1_0_gets_the_length() {
    let sidecar = application();
    let server = sidecar.serve();
    let body = sidecar.folder().join("set.zip");
    let curl = format!(
        "curl -sS -0 -X POST -H 'Authorization: Bearer {}' -w '%header{{content-length}} %{{size_download}}' -o '{}' {}/backup/export",
        crate::harness::TOKEN,
        body.display(),
        server.url
    );
    let sizes = sh(&curl).succeeds().stdout;
    let (said, sent) = sizes.trim().split_once(' ').unwrap();
    assert_eq!(said, sent);
    is_a_zip(&body, &NAMES);
}

#[test]
fn a_last_member_that_fails_breaks_the_connection_or_is_an_error() {
    let sidecar = application().set("strategies.uploads", custom("echo half; sleep 1; exit 9"));
    let streamed = sidecar.set("app.export.first_byte_within", "0s");
    let (answer, _) = exported(&streamed);
    assert_eq!(answer["status"], 200);
    assert!(answer["error"].is_string(), "{answer}");

    let waited = streamed.set("app.export.first_byte_within", "4m");
    let (answer, _) = exported(&waited);
    assert_eq!(
        (&answer["status"], &answer["json"]["code"]),
        (&json!(500), &json!("set-incomplete"))
    );
}

#[test]
fn members_are_encrypted_as_they_are_in_the_stores() {
    let sidecar = application();
    let key = sidecar.folder().join("age.key");
    let recipient = age_key(&key);
    let age = json!({"recipients": [recipient], "identity_file": key});
    let sidecar = sidecar.set("strategies.db.artifact.encryption.age", age);
    let (answer, file) = exported(&sidecar);
    assert_eq!(answer["error"], Value::Null);
    is_a_zip(&file, &NAMES);
    let decrypted = sh(&format!(
        "unzip -p '{}' db/db.dump | age -d -i '{}'",
        file.display(),
        key.display()
    ));
    assert_eq!(decrypted.succeeds().stdout, "state 1");
    destroy(&sidecar);
    sidecar
        .run(&["restore", file.to_str().unwrap(), "--only", "db"])
        .succeeds();
    assert_eq!(
        (state(&sidecar).as_str(), upload(&sidecar)),
        ("state 1", None)
    );
}

#[test]
fn the_command_line_writes_the_same_file() {
    let sidecar = application();
    let file = sidecar.folder().join("set.zip");
    let output = file.to_str().unwrap();
    sidecar.run(&["backup", "--output", output]).succeeds();
    is_a_zip(&file, &NAMES);
    destroy(&sidecar);
    sidecar.run(&["restore", output]).succeeds();
    let back = (state(&sidecar), upload(&sidecar));
    assert_eq!(back, ("state 1".to_owned(), Some("first".to_owned())));
}

#[test]
fn a_file_that_was_cut_off_or_altered_restores_nothing() {
    let sidecar = application();
    let (_, file) = exported(&sidecar);
    destroy(&sidecar);
    let whole = fs::read(&file).unwrap();
    let at = whole
        .windows(7)
        .position(|bytes| bytes == b"state 1")
        .unwrap();
    let mut altered = whole.clone();
    altered[at] = b'S';
    for bytes in [&whole[..whole.len() - 100], &altered] {
        fs::write(&file, bytes).unwrap();
        sidecar.run(&["restore", file.to_str().unwrap()]).exits(4);
        assert_eq!(
            (state(&sidecar).as_str(), upload(&sidecar)),
            ("destroyed", None)
        );
    }
}

#[test]
fn one_strategy_is_its_artifact_and_capabilities_name_them() {
    let sidecar = application()
        .set(
            "strategies.db.capabilities",
            json!({"types": ["database"], "est_size": 7}),
        )
        .set(
            "strategies.uploads.capabilities",
            json!({"types": ["files"], "est_size": 70}),
        );
    let server = sidecar.serve();
    let answer = server.post("/backup/export?strategy=db");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"state 1"[..])
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"db.dump\""
    );
    assert_eq!(server.post("/backup/export?strategy=nothing").status, 404);
    let told = server.get("/backup/capabilities").json();
    assert_eq!(
        (&told["version"], &told["types"]),
        (&json!("v1"), &json!(["database", "files"]))
    );
    assert_eq!(
        (&told["est_size"], told.get("est_seconds")),
        (&json!(77), None)
    );
    assert_eq!(told["strategies"][1]["name"], "uploads");
    assert_eq!(told["strategies"][0]["filename"], "db.dump");
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(
        metrics.contains("sidecar_runs_total{strategy=\"db\",state=\"succeeded\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("sidecar_set_runs_total{state=\"succeeded\"} 0"),
        "{metrics}"
    );
}
