//! What a caller hears of a run whose artifact also goes into stores.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{End, Fault, Faulty, Raw, S3, Sidecar, sha256, within};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What `seq 1 100000` prints.
const SIZE: usize = 588_895;

fn exporting() -> Sidecar {
    let sidecar = Sidecar::new().command("seq 1 100000").capture();
    sidecar.set("app.export.first_byte_within", "0s")
}

/// One of `stores`: a folder.
fn local(sidecar: &Sidecar) -> Value {
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    json!({"name": "local", "type": "fs", "path": path})
}

/// One of `stores` that never takes anything.
fn stuck(s3: &S3) -> (Value, Faulty) {
    let proxy = s3.proxy();
    proxy.inject("PUT", "backup_", usize::MAX, Fault::Stall);
    (s3.store_behind(&proxy), proxy)
}

fn listed(sidecar: &Sidecar, store: &str) -> usize {
    let list = sidecar.run(&["list", "--json", "--store", store]);
    let backups = list.succeeds().json()["backups"].clone();
    backups.as_array().unwrap().len()
}

#[test]
fn a_slow_store_keeps_no_client_waiting_in_silence() {
    let s3 = S3::start();
    let (store, _proxy) = stuck(&s3);
    let server = exporting().set("stores", json!([store])).serve();
    let mut answer = Raw::ask(&server, "POST /backup/export HTTP/1.1", &[]);
    let mut got = 0;
    while got < SIZE - 4096 {
        got += answer.chunk().unwrap().len();
    }
    assert_eq!(got, SIZE - 4096, "the end comes when the store has it");
    // Half a minute later, and well before the client gives up:
    assert_eq!(answer.chunk().unwrap().len(), 1);

    let url = format!("/backup/jobs/{}", answer.headers["x-backup-id"]);
    assert_eq!(server.get(&url).json()["state"], "running");
    assert_eq!(server.ask("DELETE", &url, &[]).json()["state"], "cancelled");
    assert_eq!(answer.chunks().1, End::Broken);
}

#[test]
fn what_is_held_back_comes_at_the_end() {
    let sidecar = exporting();
    let store = local(&sidecar);
    let server = sidecar.set("stores", json!([store])).serve();
    let mut answer = Raw::ask(&server, "POST /backup/export HTTP/1.1", &["TE: trailers"]);
    let (body, end) = answer.chunks();
    let End::Good(trailers) = end else {
        panic!("{end:?}")
    };
    assert_eq!(
        (body.len(), sha256(&body)),
        (SIZE, trailers["x-checksum-sha256"].clone())
    );
}

#[test]
fn a_client_that_leaves_while_a_store_is_waited_for_ends_the_run_if_that_was_asked_for() {
    let s3 = S3::start();
    let (store, _proxy) = stuck(&s3);
    let server = exporting().set("stores", json!([store])).serve();
    let request = "POST /backup/export?cancel_on_disconnect=true HTTP/1.1";
    let mut answer = Raw::ask(&server, request, &[]);
    let url = format!("/backup/jobs/{}", answer.headers["x-backup-id"]);
    let mut got = 0;
    while got < SIZE - 4096 {
        got += answer.chunk().unwrap().len();
    }
    drop(answer);
    assert_eq!(server.over(&url)["state"], "cancelled");
}

/// Older backups may have gone for it: what one store has stays, and the others get it later.
#[test]
fn a_backup_that_one_store_has_cannot_be_cancelled_any_more() {
    let s3 = S3::start();
    let proxy = s3.proxy();
    // Everything is there, but the end is not confirmed.
    let hits = proxy.inject("POST", "uploadId", usize::MAX, Fault::Stall);
    let sidecar = exporting().command("seq 1 3000000");
    let stores = json!([local(&sidecar), s3.store_behind(&proxy)]);
    let sidecar = sidecar.set("stores", stores);
    let server = sidecar.serve();
    let url = server.start_run();
    within(TIME_LIMIT, "only the bucket is missing", || {
        (hits.count() > 0 && listed(&sidecar, "local") == 1).then_some(())
    });
    let job = server.ask("DELETE", &url, &[]).json();
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("store-failed"))
    );
    assert_eq!((listed(&sidecar, "local"), s3.keys().len()), (1, 0));
    assert_eq!((listed(&sidecar, "local"), s3.keys().len()), (1, 0));
    proxy.heal();
    sidecar.run(&["upload", "--pending"]).succeeds();
    assert_eq!((listed(&sidecar, "local"), s3.live_keys().len()), (1, 2));
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_run_for_the_stores_leaves_nothing_here() {
    let sidecar = exporting();
    let store = local(&sidecar);
    let sidecar = sidecar.set("stores", json!([store]));
    let server = sidecar.serve();
    let told = server.post("/backup/run").json();
    assert_eq!(told["download_url"], Value::Null, "{told}");
    let job = server.over(told["status_url"].as_str().unwrap());
    assert_eq!(
        (&job["state"], &job["download_url"]),
        (&json!("succeeded"), &Value::Null)
    );
    assert_eq!((listed(&sidecar, "local"), sidecar.files()), (1, vec![]));
}
