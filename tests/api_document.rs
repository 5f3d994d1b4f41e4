//! The API answers as its own document says, whatever it is asked: tried by Schemathesis, which knows the document alone.

use std::process::Command;

use serde_json::json;

use crate::harness::{Finished, Server, Sidecar, TOKEN, repository, skip};

/// What is wrong with an answer whatever the question was.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance";
/// Questions for each operation, unless `SIDECAR_EXAMPLES` says how many.
const EXAMPLES: &str = "15";

/// Asks the server all that its document allows, and some that it does not; none where the program is missing.
fn asked(server: &Server) -> Option<Finished> {
    let program = repository().join("target/schemathesis/bin/schemathesis");
    if !program.exists() {
        skip(
            "every answer of the API",
            "tests/setup has not installed Schemathesis",
        );
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let examples = std::env::var("SIDECAR_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let start = std::time::Instant::now();
    let output = Command::new(program)
        .current_dir(folder.path())
        .arg("--no-color")
        .args(["run", &format!("{}/openapi.json", server.url)])
        .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
        .args(["--checks", CHECKS, "--max-examples", &examples])
        // They end with the run, or never.
        .args(["--exclude-path-regex", "events$"])
        .args(["--request-timeout", "30", "--continue-on-failure"])
        .output()
        .unwrap();
    Some(Finished::new(&output, start.elapsed()))
}

#[test]
fn every_answer_is_one_that_the_document_has() {
    let sidecar = Sidecar::printing("0123456789");
    let [store, scratch] = ["store", "scratch"].map(|name| sidecar.folder().join(name));
    for folder in [&store, &scratch] {
        std::fs::create_dir(folder).unwrap();
    }
    let stores = json!([{"name": "local", "type": "fs", "path": store}]);
    let mut server = sidecar
        .set(
            "strategy.config.restore",
            // It takes every option of a restore: what a strategy cannot do fails a run, with 500.
            ": \"$SIDE_CAR_RESTORE_ONLY\"; cat > \"$SIDE_CAR_RESTORE_INTO/back\"",
        )
        .set("stores", stores)
        .set("drill", json!({"into": scratch, "check": ["true"]}))
        .serve();
    server.export();
    if let Some(asked) = asked(&server) {
        asked.succeeds();
    }
    assert_eq!(server.get("/healthz").status, 200);
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}
