//! A verification over HTTP as a run: started, followed, cancelled, and found in the journal with what it found.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Fault, S3, Server, Sidecar, within};

const ASYNC: [(&str, &str); 1] = [("Prefer", "respond-async")];

/// A backup in a folder; its id.
fn backed_up() -> (Sidecar, String) {
    let sidecar = Sidecar::printing("the bytes");
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    let sidecar = sidecar.set(
        "stores",
        json!([{"name": "local", "type": "fs", "path": path}]),
    );
    let id = made(&sidecar);
    (sidecar, id)
}

fn made(sidecar: &Sidecar) -> String {
    let made = sidecar.run(&["backup", "--json"]).succeeds().json();
    made["id"].as_str().unwrap().to_owned()
}

fn started(server: &Server, path: &str) -> String {
    let answer = server.ask("POST", path, &ASYNC);
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.header("location").to_owned()
}

fn damage(sidecar: &Sidecar) {
    let daily = sidecar.folder().join("store/daily");
    let mut files = std::fs::read_dir(daily)
        .unwrap()
        .map(|file| file.unwrap().path());
    let artifact = files.find(|file| file.extension().unwrap() == "dat");
    std::fs::write(artifact.unwrap(), "the bytez").unwrap();
}

#[test]
fn a_verification_is_a_run_that_says_what_it_read() {
    let (sidecar, id) = backed_up();
    let server = sidecar.serve();
    let job = server.over(&started(&server, &format!("/backup/backups/{id}/verify")));
    assert_eq!(
        (&job["kind"], &job["state"], &job["backup"]),
        (&json!("verify"), &json!("succeeded"), &json!(id)),
        "{job}"
    );
    let copy = &job["parts"][0];
    assert!(
        copy["name"].as_str().unwrap().starts_with("local daily/"),
        "{job}"
    );
    assert_eq!(copy["note"], "unaltered");
    let listed = server.get("/backup/backups").json();
    assert!(listed["backups"][0]["verified_at"].is_string(), "{listed}");
    let all = server.over(&started(&server, "/backup/verify"));
    assert_eq!(all["state"], "succeeded", "{all}");
    // Who waits is answered as ever, and leaves no run.
    let waited = server.post(&format!("/backup/backups/{id}/verify"));
    assert_eq!(waited.json()["verified"][0]["id"], json!(id));
    let runs = server.get("/backup/runs").json();
    let verifications = runs["runs"].as_array().unwrap().iter();
    let verifications = verifications.filter(|run| run["kind"] == "verify");
    assert_eq!(verifications.count(), 2, "{runs}");
}

#[test]
fn damage_fails_the_run_and_names_the_copy() {
    let (sidecar, id) = backed_up();
    damage(&sidecar);
    let server = sidecar.serve();
    let job = server.over(&started(&server, &format!("/backup/backups/{id}/verify")));
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("altered")),
        "{job}"
    );
    assert_eq!(job["parts"][0]["error"]["code"], "altered", "{job}");
    let status = server.get("/backup/status").json();
    assert_eq!(
        status["members"][0]["damaged"][0]["id"],
        json!(id),
        "{status}"
    );
}

#[test]
fn one_that_reads_is_cancelled_and_judges_nothing() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    let sidecar = Sidecar::printing("the bytes").set("stores", json!([s3.store_behind(&proxy)]));
    let id = made(&sidecar);
    let server = sidecar.serve();
    // Manifests and verdicts pass.
    proxy.inject("GET", ".json", 1000, Fault::Skew(0));
    let held = proxy.inject("GET", ".dat", 1000, Fault::HoldRequest);
    let url = started(&server, &format!("/backup/backups/{id}/verify"));
    within(Duration::from_secs(30), "the copy is read", || {
        (held.count() > 0).then_some(())
    });
    let running = server.get(&url).json();
    assert_eq!(
        (&running["state"], &running["kind"]),
        (&json!("running"), &json!("verify"))
    );
    // One run at a time: a backup is refused, and told which run is in the way.
    let refused = server.post("/backup/run");
    assert_eq!(
        (refused.status, &refused.json()["status_url"]),
        (409, &json!(url))
    );
    let cancelled = server.ask("DELETE", &url, &[]).json();
    assert_eq!(cancelled["state"], "cancelled", "{cancelled}");
    proxy.heal();
    let health = |listed: &Value| listed["backups"][0]["health"]["state"].clone();
    let listed = server.get("/backup/backups").json();
    assert_eq!(health(&listed), json!("never"), "{listed}");
    let again = server.over(&started(&server, &format!("/backup/backups/{id}/verify")));
    assert_eq!(again["state"], "succeeded", "{again}");
}
