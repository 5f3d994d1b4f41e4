//! The stores, asked over HTTP: what `list`, `fetch`, `verify`, `prune` and `runs` do on the command line.

use serde_json::{Value, json};

use crate::harness::{Answer, Raw, Sidecar, sha256};

/// A sidecar with one store in a folder of its own.
fn stored() -> Sidecar {
    let sidecar = Sidecar::new().command("seq 1 900000").capture();
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    let stores = json!([{"name": "local", "type": "fs", "path": path}]);
    sidecar
        .set("strategy.artifact.filename", "my backup.dump")
        .set("stores", stores)
}

/// The same place of two lists of one length.
fn pairs<'v>(here: &'v Value, there: &'v Value) -> impl Iterator<Item = (&'v Value, &'v Value)> {
    let (here, there) = (here.as_array().unwrap(), there.as_array().unwrap());
    assert_eq!(here.len(), there.len());
    here.iter().zip(there)
}

fn backup(sidecar: &Sidecar) -> Value {
    sidecar.run(&["backup", "--json"]).succeeds().json()
}

#[test]
fn what_the_stores_hold_is_listed_and_comes_back() {
    let sidecar = stored();
    let server = sidecar.serve();
    let empty = server.get("/backup/backups").json();
    assert_eq!(
        (&empty["backups"], &empty["damaged"], &empty["total"]),
        (&json!([]), &json!([]), &json!(0))
    );
    assert_eq!(server.get("/backup/backups/latest/artifact").status, 404);
    let (first, second) = (backup(&sidecar), backup(&sidecar));

    let listed = server.get("/backup/backups").json();
    assert_eq!(listed["backups"][0]["manifest"]["id"], second["id"]);
    assert_eq!(listed["backups"][1]["manifest"]["id"], first["id"]);
    let by_command = sidecar.run(&["list", "--json"]).succeeds().json();
    for (here, there) in pairs(&listed["backups"], &by_command["backups"]) {
        assert_eq!(here["manifest"], there["manifest"]);
        assert_eq!(
            (&here["store"], &here["key"]),
            (&there["store"], &there["key"])
        );
    }
    let of_store = server.get("/backup/backups?store=local").json();
    assert_eq!(of_store["backups"], listed["backups"]);
    let unknown = server.get("/backup/backups?store=elsewhere");
    assert_eq!(
        (unknown.status, unknown.json()["code"].clone()),
        (404, json!("no-such-store"))
    );

    let id = first["id"].as_str().unwrap();
    let one = server.get(&format!("/backup/backups/{id}")).json();
    assert_eq!(one["backups"], json!([listed["backups"][1]]));
    let artifact = server.get(&format!("/backup/backups/{id}/artifact"));
    assert_eq!(artifact.status, 200);
    assert_eq!(sha256(&artifact.body), first["artifact"]["sha256"]);
    assert_eq!(
        artifact.header("x-checksum-sha256"),
        first["artifact"]["sha256"]
    );
    assert_eq!(artifact.header("x-backup-id"), id);
    assert_eq!(
        artifact.header("content-length"),
        artifact.body.len().to_string()
    );
    assert_eq!(
        artifact.header("content-disposition"),
        "attachment; filename=\"my backup.dump\""
    );
}

#[test]
fn an_altered_backup_never_arrives_whole() {
    let sidecar = stored();
    let made = backup(&sidecar);
    let server = sidecar.serve();
    let listed = server.get("/backup/backups").json();
    let file = sidecar
        .folder()
        .join("store")
        .join(listed["backups"][0]["key"].as_str().unwrap());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[7] ^= 1;
    std::fs::write(&file, &bytes).unwrap();

    let path = "/backup/backups/latest/artifact";
    let mut raw = Raw::ask(&server, &format!("GET {path} HTTP/1.1"), &[]);
    assert_eq!(
        (raw.status, raw.headers["x-size"].clone()),
        (200, bytes.len().to_string())
    );
    assert_eq!(made["artifact"]["size"], bytes.len());
    // Fewer bytes than were promised: no client takes that for the whole.
    assert!(raw.rest().len() < bytes.len());
    for path in ["/backup/backups/latest/verify", "/backup/verify"] {
        let refused = server.post(path);
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (500, json!("altered"))
        );
    }
    // A copy that is too short is not even offered.
    std::fs::write(&file, &bytes[1..]).unwrap();
    let listed = server.get("/backup/backups").json();
    assert_eq!(listed["backups"], json!([]));
    assert_eq!(listed["damaged"][0]["error"]["code"], "wrong-size");
}

#[test]
fn the_retention_is_tried_and_then_applied() {
    let sidecar = stored().set("retention", json!({"daily": {"last": 3}}));
    (0..3).for_each(|_| drop(backup(&sidecar)));
    let sidecar = sidecar.set("retention", json!({"daily": {"last": 1}}));
    let server = sidecar.serve();
    let verified = server.post("/backup/verify").json();
    assert_eq!(verified["verified"].as_array().unwrap().len(), 3);

    let verdicts = |answer: &Answer| {
        let decided = answer.json();
        let decided = decided["backups"].as_array().unwrap().clone();
        decided
            .iter()
            .map(|backup| backup["keep"] == true)
            .collect::<Vec<_>>()
    };
    let trial = server.post("/backup/prune?dry_run=true");
    assert_eq!(verdicts(&trial), [true, false, false]);
    let count = || {
        server.get("/backup/backups").json()["backups"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(), 3);
    assert_eq!(
        verdicts(&server.post("/backup/prune")),
        [true, false, false]
    );
    assert_eq!(count(), 1);

    let runs = server.get("/backup/runs?limit=2").json();
    let by_command = sidecar.run(&["runs", "--limit", "2", "--json"]).succeeds();
    assert_eq!(runs, by_command.json());
    assert_eq!(runs["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn all_of_it_needs_the_token_and_a_store() {
    let sidecar = Sidecar::new().command("echo good").capture();
    let server = sidecar.serve();
    for (method, path) in [
        ("GET", "/backup/backups"),
        ("GET", "/backup/backups/latest"),
        ("GET", "/backup/backups/latest/artifact"),
        ("POST", "/backup/prune"),
        ("GET", "/backup/runs"),
        ("POST", "/backup/verify"),
        ("POST", "/backup/backups/latest/verify"),
    ] {
        let refused = Answer::ask(method, &format!("{}{path}", server.url), &[]);
        assert_eq!(refused.status, 401, "{method} {path}");
    }
    for path in [
        "/backup/backups",
        "/backup/backups/latest",
        "/backup/backups/latest/artifact",
    ] {
        let refused = server.get(path);
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (404, json!("no-stores"))
        );
    }
}
