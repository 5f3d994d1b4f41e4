//! Contract v1, with an independent client (Python, `requests`, streaming).

use serde_json::{Value, json};

use crate::harness::{Answer, Orchestrator, Sidecar, sha256};

#[test]
fn capabilities_are_what_is_configured_and_nothing_else() {
    let sidecar = Sidecar::printing("x").set("capabilities.types", json!(["database", "files"]));
    let answer = Orchestrator::of(&sidecar.serve()).capabilities();
    assert_eq!(answer["status"], 200);
    assert_eq!(
        answer["json"],
        json!({"version": "v1", "types": ["database", "files"]})
    );

    let sidecar = sidecar
        .set("capabilities.est_seconds", 120)
        .set("capabilities.est_size", 104_857_600);
    let answer = Orchestrator::of(&sidecar.serve()).capabilities();
    assert_eq!(answer["headers"]["content-type"], "application/json");
    assert_eq!(
        answer["json"],
        json!({
            "version": "v1",
            "types": ["database", "files"],
            "est_seconds": 120,
            "est_size": 104_857_600,
        })
    );
}

#[test]
fn without_the_token_nothing_is_answered_and_nothing_runs() {
    let sidecar = Sidecar::new()
        .command("touch \"$SIDE_CAR_WORKDIR/ran\"; echo x")
        .capture();
    let server = sidecar.serve();
    for (header, error) in [
        (None, "Missing Bearer token"),
        (Some("Basic c2lkZWNhcjpzaWRlY2Fy"), "Missing Bearer token"),
        (Some("Bearer another-token"), "Invalid authorization token"),
        (
            Some("Bearer a-token-that-only-tests-kno"),
            "Invalid authorization token",
        ),
        (
            Some("Bearer a-token-that-only-tests-know-"),
            "Invalid authorization token",
        ),
    ] {
        let orchestrator = Orchestrator::of(&server).authorization(header);
        for answer in [orchestrator.capabilities(), orchestrator.export(&[])] {
            assert_eq!(answer["status"], 401, "{header:?}: {answer}");
            assert_eq!(answer["json"]["error"], error, "{header:?}: {answer}");
        }
    }
    assert_eq!(sidecar.files(), [""; 0]);
    assert_eq!(Orchestrator::of(&server).export(&[])["status"], 200);
}

#[test]
fn an_empty_token_is_refused_at_the_start() {
    Sidecar::printing("x")
        .set("secrets.api_token", "")
        .run(&["serve"])
        .exits(3)
        .stderr_contains("api_token");
}

#[test]
fn an_export_is_the_artifact_with_all_its_headers() {
    let sidecar = Sidecar::printing("the whole dump")
        .set("strategy.artifact.filename", "backup.sql.gz")
        .set("strategy.artifact.format", "postgres-custom")
        .set("strategy.artifact.content_type", "application/gzip");
    let answer = Orchestrator::of(&sidecar.serve()).export(&[]);
    let digest = sha256(b"the whole dump");
    let expected = json!({
        "content-type": "application/gzip",
        "content-disposition": "attachment; filename=\"backup.sql.gz\"",
        "content-length": "14",
        "x-size": "14",
        "x-backup-format": "postgres-custom",
        "x-format": "postgres-custom",
        "x-checksum-sha256": digest,
    });
    assert_eq!(answer["status"], 200, "{answer}");
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&answer["headers"][name], value, "{name}: {answer}");
    }
    assert_eq!(answer["size"], 14);
    assert_eq!(answer["sha256"], digest);
    assert_eq!(answer["error"], Value::Null);
    assert_ne!(answer["headers"]["x-backup-id"].as_str().unwrap(), "");
    assert_eq!(answer["headers"]["x-drive-folder-id"], Value::Null);
    assert_eq!(sidecar.artifact().unwrap(), b"the whole dump");
}

#[test]
fn each_export_is_a_backup_of_its_own() {
    let server = Sidecar::new()
        .command("cat /proc/sys/kernel/random/uuid")
        .capture()
        .serve();
    let orchestrator = Orchestrator::of(&server);
    let [first, second] = [orchestrator.export(&[]), orchestrator.export(&[])];
    assert_ne!(
        first["headers"]["x-backup-id"],
        second["headers"]["x-backup-id"]
    );
    assert_ne!(first["sha256"], second["sha256"]);
}

#[test]
fn the_drive_folder_reaches_the_command_and_comes_back() {
    let sidecar = Sidecar::new()
        .command("printf %s \"$SIDE_CAR_DRIVE_FOLDER_ID\"")
        .capture();
    let folder = "1AbC_-x y&z=/%41";
    let answer = Orchestrator::of(&sidecar.serve()).export(&["--drive-folder-id", folder]);
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(answer["sha256"], sha256(folder.as_bytes()));
    assert_eq!(answer["headers"]["x-drive-folder-id"], folder);
}

#[test]
fn a_line_break_in_the_drive_folder_is_no_header_of_its_own() {
    let server = Sidecar::printing("x").serve();
    let answer = server.post("/backup/export?drive_folder_id=a%0D%0AX-Injected:%20yes");
    assert!(answer.headers.get("x-injected").is_none(), "{answer:?}");
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[test]
fn odd_file_names_are_encoded_as_rfc_6266_says() {
    let sidecar =
        Sidecar::printing("x").set("strategy.artifact.filename", "copia \"diaria\" ñ 50%.dump");
    let answer = sidecar.serve().export();
    assert_eq!(answer.status, 200, "{answer:?}");
    let header = answer.header("content-disposition");
    let (disposition, encoded) = header
        .split_once("filename*=UTF-8''")
        .expect("an encoded name");
    assert!(
        disposition.starts_with("attachment; filename=\""),
        "{header}"
    );
    let name = percent_encoding::percent_decode_str(encoded)
        .decode_utf8()
        .unwrap();
    assert_eq!(name, "copia \"diaria\" ñ 50%.dump");
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "%!#$&+-.^_`|~".contains(c);
    assert!(encoded.chars().all(unreserved), "{header}");
}

#[test]
fn a_second_export_is_asked_to_come_back() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("first");
    let sidecar = sidecar
        .command(&format!("{}; echo done", gate.wait()))
        .capture();
    let server = sidecar.serve();
    let orchestrator = Orchestrator::of(&server);

    let first = orchestrator.start_export(&[]);
    let opened = gate.reached();
    let second = orchestrator.export(&[]);
    assert_eq!(second["status"], 409, "{second}");
    let wait: u64 = second["headers"]["retry-after"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(wait > 0, "{second}");
    assert!(second["json"]["error"].is_string(), "{second}");
    assert!(second["json"]["status_url"].is_string(), "{second}");

    drop(opened);
    let first = first.finish().succeeds().json();
    assert_eq!(first["status"], 200, "{first}");
    assert_eq!(first["sha256"], sha256(b"done\n"));
}

#[test]
fn a_strategy_that_leaves_nothing_did_not_generate_anything() {
    let server = Sidecar::new().command("true").serve();
    let answer = Orchestrator::of(&server).export(&[]);
    assert_eq!(answer["status"], 500, "{answer}");
    assert_eq!(answer["headers"]["content-type"], "application/json");
    let error = answer["json"]["error"].as_str().unwrap();
    assert!(error.contains("did not generate"), "{answer}");
    assert!(
        is_kebab_case(answer["json"]["code"].as_str().unwrap()),
        "{answer}"
    );
}

#[test]
fn a_failed_run_says_why_and_the_next_one_works() {
    let sidecar = Sidecar::new()
        .command("echo 'connection refused by db:5432' >&2; test -e \"$SIDE_CAR_WORKDIR/fixed\" && echo ok")
        .capture();
    let server = sidecar.serve();
    let orchestrator = Orchestrator::of(&server);
    let failed = orchestrator.export(&[]);
    assert_eq!(failed["status"], 500, "{failed}");
    assert!(
        failed.to_string().contains("connection refused by db:5432"),
        "{failed}"
    );
    assert!(
        is_kebab_case(failed["json"]["code"].as_str().unwrap()),
        "{failed}"
    );
    assert_eq!(sidecar.artifact(), None);

    std::fs::write(sidecar.workdir().join("fixed"), "").unwrap();
    assert_eq!(orchestrator.export(&[])["sha256"], sha256(b"ok\n"));
}

#[test]
fn what_does_not_exist_is_not_found_in_json() {
    let server = Sidecar::printing("x").serve();
    let answer = server.get("/backup/nothing-here");
    assert_eq!(answer.status, 404);
    assert!(answer.json()["error"].is_string(), "{answer:?}");
    assert!(matches!(server.get("/backup/export").status, 404 | 405));
}

#[test]
fn health_needs_no_token_and_tells_nothing() {
    let server = Sidecar::printing("x").serve();
    for path in ["/healthz", "/readyz"] {
        let answer = Answer::get(&format!("{}{path}", server.url), None);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.body.len() < 40, "{path}: {answer:?}");
    }
}

#[test]
fn the_token_never_gets_into_the_log() {
    let mut server = Sidecar::new().command("env; false").serve();
    let answer = server.export();
    assert_eq!(answer.status, 500);
    let log = server.log();
    assert!(
        log.contains("SIDE_CAR_STRATEGY"),
        "the command's output is logged: {log}"
    );
    assert!(!log.contains(crate::harness::TOKEN), "{log}");
}

fn is_kebab_case(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}
