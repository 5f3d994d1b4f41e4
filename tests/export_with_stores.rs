//! What a caller hears of a run whose artifact also goes into stores.

use serde_json::{Value, json};

use crate::harness::{End, Fault, Faulty, Raw, S3, Sidecar, sha256, within};

/// What `seq 1 100000` prints.
const SIZE: usize = 588_895;

/// A sidecar with a folder as its first store, and more.
fn stored(more: &[Value]) -> Sidecar {
    let sidecar = Sidecar::new()
        .command("seq 1 100000")
        .capture()
        .set("app.export.first_byte_within", "0s");
    let path = sidecar.folder().join("store");
    std::fs::create_dir(&path).unwrap();
    let mut stores = vec![json!({"name": "local", "type": "fs", "path": path})];
    stores.extend_from_slice(more);
    sidecar.set("stores", stores)
}

/// One of the stores never takes it.
fn stuck(s3: &S3) -> (Sidecar, Faulty) {
    let proxy = s3.proxy();
    proxy.inject("PUT", "backup_", usize::MAX, Fault::Stall);
    (stored(&[s3.store_behind(&proxy)]), proxy)
}

fn listed(sidecar: &Sidecar, store: &str) -> usize {
    let list = sidecar.run(&["list", "--json", "--store", store]);
    let backups = list.succeeds().json()["backups"].clone();
    backups.as_array().unwrap().len()
}

#[test]
fn a_slow_store_keeps_no_client_waiting_in_silence() {
    let s3 = S3::start();
    let (sidecar, _proxy) = stuck(&s3);
    let server = sidecar.serve();
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
    assert_eq!(listed(&sidecar, "local"), 0);
}

#[test]
fn what_is_held_back_comes_at_the_end() {
    let sidecar = stored(&[]);
    let server = sidecar.serve();
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
    let (sidecar, _proxy) = stuck(&s3);
    let server = sidecar.serve();
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

#[test]
fn a_cancelled_run_leaves_nothing_in_the_store_that_was_faster() {
    let s3 = S3::start();
    let (sidecar, _proxy) = stuck(&s3);
    let server = sidecar.serve();
    let url = server.start_run();
    within(crate::harness::STOP_LIMIT, "the folder has it", || {
        (listed(&sidecar, "local") == 1).then_some(())
    });
    assert_eq!(server.ask("DELETE", &url, &[]).json()["state"], "cancelled");
    assert_eq!(listed(&sidecar, "local"), 0);
    assert_eq!((s3.keys(), s3.uploads()), (vec![], vec![]));
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn a_run_for_the_stores_leaves_nothing_here() {
    let sidecar = stored(&[]);
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
